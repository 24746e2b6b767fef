import type { Comparison, Estimate } from '../stats/comparison.ts'
import { decimalsOf, written } from '../stats/decimals.ts'
import { metricOf } from '../stats/metrics.ts'

/** A comparison as a file for other programs: full precision in CSV and JSON, rounded for print in LaTeX. */
export type ComparisonFormat = 'csv' | 'json' | 'latex'

export function exportComparison(
  c: Comparison,
  format: ComparisonFormat,
): { extension: string; mime: string; text: string } {
  if (format === 'json') return { extension: 'json', mime: 'application/json', text: `${JSON.stringify(c, null, 2)}\n` }
  if (format === 'csv') return { extension: 'csv', mime: 'text/csv', text: csv(c) }
  return { extension: 'tex', mime: 'application/x-tex', text: latex(c) }
}

/** One line per figure and per difference (RFC 4180, UTF-8). A text that a spreadsheet would run gets a leading '. */
function csv(c: Comparison): string {
  const head = ['what', 'method', 'against', 'task', 'metric', 'value', 'low', 'high', 'n', 'smallest', 'call']
  const figure = (method: string, task: string, e: Estimate) => [
    'figure',
    method,
    '',
    task,
    c.metric,
    e.mean,
    e.ci95?.[0],
    e.ci95?.[1],
    e.n,
    '',
    '',
  ]
  const rows = [
    ...c.methods.flatMap((m) => [
      figure(m.label, '', m.overall),
      ...c.tasks.map((task) => figure(m.label, task.id, m.perTask[task.id])),
    ]),
    ...c.differences.map((d) => {
      const label = (key: string) => c.methods.find((m) => m.key === key)?.label ?? key
      const range = [d.ci95?.[0], d.ci95?.[1]]
      return [
        'difference',
        label(d.method),
        label(d.against),
        d.task,
        c.metric,
        d.effect,
        ...range,
        '',
        d.smallest,
        d.call,
      ]
    }),
  ]
  return [head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n') + '\r\n'
}

function csvCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const SIGNS: Record<string, string> = {
  '\\': '\\textbackslash{}', '&': '\\&', '%': '\\%', $: '\\$', '#': '\\#', _: '\\_', '{': '\\{', '}': '\\}',
  '~': '\\textasciitilde{}', '^': '\\textasciicircum{}', '−': '$-$', '±': '$\\pm$', '≈': '$\\approx$', '—': '--',
} // prettier-ignore

export function latexText(text: string): string {
  return text.replace(/[\\&%$#_{}~^−±≈—]/g, (sign) => SIGNS[sign]).replace(/[\p{Cc}]/gu, ' ')
}

/** A booktabs table, methods by tasks, mean and half-width; the best mean of a column is bold. */
function latex(c: Comparison): string {
  const decimals = decimalsOf(c)
  const metric = metricOf(c.metric)?.name ?? c.metric
  const columns: ((m: Comparison['methods'][number]) => Estimate)[] = [
    (m) => m.overall,
    ...(c.tasks.length > 1 ? c.tasks.map((task) => (m: Comparison['methods'][number]) => m.perTask[task.id]) : []),
  ]
  const sign = c.better === 'lower' ? 1 : -1
  const best = columns.map((of) =>
    Math.min(...c.methods.map((m) => (of(m).mean === null ? Infinity : sign * (of(m).mean as number)))),
  )
  const cell = (e: Estimate, column: number) => {
    if (e.mean === null) return '--'
    const half = e.ci95 ? ` \\pm ${written((e.ci95[1] - e.ci95[0]) / 2, decimals)}` : ''
    const mean = e.mean.toFixed(decimals)
    return `$${!c.differs && sign * e.mean === best[column] ? `\\mathbf{${mean}}` : mean}${half}$`
  }
  const line = (cells: string[]) => `  ${cells.join(' & ')} \\\\`
  const titles = ['All tasks', ...(c.tasks.length > 1 ? c.tasks.map((task) => latexText(task.id)) : [])]
  return [
    `% ${metric} (${c.better} is better); 95 % intervals: ${c.interval.rule} over ${c.interval.n} ${c.interval.unit}`,
    `\\begin{tabular}{l${'r'.repeat(titles.length)}}`,
    '  \\toprule',
    line([`${latexText(metric)} of`, ...titles]),
    '  \\midrule',
    ...c.methods.map((m) => line([latexText(m.label), ...columns.map((of, i) => cell(of(m), i))])),
    '  \\bottomrule',
    '\\end{tabular}',
    '',
  ].join('\n')
}
