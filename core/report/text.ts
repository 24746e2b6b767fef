import type { Comparison, Estimate } from '../stats/comparison.ts'
import { decimalsFor, decimalsOf, median, written } from '../stats/decimals.ts'
import { metricOf } from '../stats/metrics.ts'
import { verdict, verdictText } from '../stats/verdict.ts'
import { keyOf, say, type Language } from '../words/say.ts'
import { textColumns, textWidth, visible, type TextColumn } from './columns.ts'

/** A line of the terminal. */
const MOST_WIDTH = 118
const right = (title: string): TextColumn => ({ title, flush: 'right' })
const left = (title: string): TextColumn => ({ title, flush: 'left' })

/** A comparison for the command line: the verdict, figures with intervals, calls, what to keep in mind. */
export function comparisonText(c: Comparison, language: Language = 'en'): string {
  const t = (key: Parameters<typeof say>[1], params = {}) => say(language, key, params)
  const metric = metricOf(c.metric)?.name ?? c.metric
  const parts = [verdictText(verdict(c, language), language).map(visible).join('\n')]
  const about = t('report.text.about', {
    metric,
    interval: t(`interval.${c.interval.rule}`, { n: c.interval.n }),
    better: t(`report.better.${c.better}`),
  })
  parts.push([about, '', ...figures(c, language)].join('\n'))
  const calls = callRows(c, language)
  if (calls.length) parts.push(calls.join('\n'))
  const notes = c.warnings.map((w) => `! ${visible(w.params ? t(keyOf(`warning.${w.code}`), w.params) : w.text)}`)
  if (notes.length) parts.push(notes.join('\n'))
  return `${parts.join('\n\n')}\n`
}

/** "0.524 ± 0.032": half of the interval, which all rules make symmetrical. */
function withInterval(e: Estimate | undefined, decimals: number): string {
  if (!e || e.mean === null) return '—'
  const half = e.ci95 ? ` ± ${written((e.ci95[1] - e.ci95[0]) / 2, decimals)}` : ''
  return written(e.mean, decimals) + half
}

/** How many task columns fit beside the others. */
function fitting(c: Comparison, decimals: number): number {
  let room = MOST_WIDTH - 44 - Math.max(...c.methods.map((m) => textWidth(m.label)))
  let n = 0
  for (const task of c.tasks) {
    room -= 2 + Math.max(textWidth(task.id), ...c.methods.map((m) => withInterval(m.perTask[task.id], decimals).length))
    if (room < 0) break
    n++
  }
  return n
}

const half = (ci: [number, number] | null) => (ci ? [(ci[1] - ci[0]) / 2] : [])

function figures(c: Comparison, language: Language): string[] {
  const decimals = decimalsOf(c)
  const tasks = c.tasks.length > 1 ? c.tasks.slice(0, fitting(c, decimals)) : []
  const t = (key: Parameters<typeof say>[1], params = {}) => say(language, key, params)
  const columns = [
    left(t('report.method')),
    left(t('report.role')),
    right(t('report.overall')),
    ...tasks.map((task) => right(task.id)),
    right(t('report.runs')),
    right(t('report.time')),
  ]
  const rows = c.methods.map((m) => [
    m.label,
    t(`role.${m.role}`),
    withInterval(m.overall, decimals),
    ...tasks.map((task) => withInterval(m.perTask[task.id], decimals)),
    String(m.runs.done),
    m.seconds === null ? '—' : t('report.seconds', { n: m.seconds.toFixed(1) }),
  ])
  return textColumns(columns, rows)
}

function callRows(c: Comparison, language: Language): string[] {
  const t = (key: Parameters<typeof say>[1], params = {}) => say(language, key, params)
  const label = (key: string) => c.methods.find((m) => m.key === key)?.label ?? key
  const columns = [
    left(t('report.method')),
    left(t('report.against')),
    left(t('report.task')),
    right(t('report.effect')),
    right(t('report.interval')),
    left(t('report.call')),
  ]
  const { about } = verdict(c)
  const role = new Map(c.methods.map((m) => [m.key, m.role]))
  const asked = c.differences.filter((d) => role.get(d.method) !== 'baseline')
  // One unit, one number of decimals; targets in different units have their own.
  const common = metricOf(c.metric)?.unit === 'target' ? null : median(asked.flatMap((d) => half(d.ci95)))
  const rows = (asked.length ? asked : c.differences)
    // Task by task for the method that the verdict is about; the others over all tasks.
    .filter((d) => d.task === null || (about?.method === d.method && about.against === d.against))
    .map((d) => {
      const decimals = decimalsFor(common ?? half(d.ci95)[0] ?? 0)
      const [low, high] = (d.ci95 ?? []).map((value) => written(value, decimals, true))
      return [
        label(d.method),
        label(d.against),
        d.task ?? t('report.all-tasks'),
        written(d.effect, decimals, true),
        d.ci95 ? t('interval.range', { low, high }) : '—',
        t(`call.${d.call}`),
      ]
    })
  return rows.length ? textColumns(columns, rows) : []
}
