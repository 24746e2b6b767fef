import type { Comparison } from '../../core/stats/comparison.ts'
import { figure, textTable } from './table.ts'

const MAX_TASKS = 6
const CALL = {
  helps: 'helps',
  hurts: 'hurts',
  'no-useful-difference': 'no useful difference',
  'not-settled': 'not settled',
} as const

/** A comparison for people: figures per method and task, then the verdict per task in words. */
export function comparisonText(comparison: Comparison): string {
  const { metric, better, tasks, methods, differences, differs, interval, warnings } = comparison
  const shown = tasks.slice(0, MAX_TASKS)
  const interval95 = (ci: [number, number] | null) => (ci ? `${figure(ci[0])} to ${figure(ci[1])}` : '-')
  const lines = [
    `${metric} (${better} is better)`,
    '',
    textTable(
      ['method', 'mean', '95 % interval', ...shown.map((task) => task.id), 'seconds'],
      methods.map((method) => [
        method.label,
        figure(method.overall.mean),
        interval95(method.overall.ci95),
        ...shown.map((task) => figure(method.perTask[task.id]?.mean)),
        figure(method.seconds),
      ]),
    ),
  ]
  if (tasks.length > shown.length) lines.push(`${tasks.length - shown.length} more tasks: use --json for all.`)
  if (interval.rule !== 'none')
    lines.push(
      '',
      `Intervals: ${interval.rule} over ${interval.n} ${interval.unit}${interval.approximate ? ', approximate' : ''}.`,
    )
  if (differs) lines.push('', `Not ranked: ${differs.field} differs (${differs.values.join(' / ')}).`)
  if (differences.length) {
    const label = new Map(methods.map((method) => [method.key, method.label]))
    const name = (key: string) => label.get(key) ?? key
    lines.push(
      '',
      textTable(
        ['verdict', 'against', 'task', 'effect', '95 % interval', 'call'],
        differences
          .filter(({ task }) => task === null || shown.some(({ id }) => id === task))
          .map((d) => [
            name(d.method),
            name(d.against),
            d.task ?? 'all tasks',
            figure(d.effect),
            interval95(d.ci95),
            CALL[d.call],
          ]),
      ),
    )
  }
  for (const warning of warnings) lines.push('', `Note: ${warning.text}`)
  return lines.join('\n')
}
