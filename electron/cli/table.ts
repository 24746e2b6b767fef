import { textColumns } from '../../core/report/columns.ts'

/** A table for people: columns of figures to the right, others to the left. */
export function textTable(head: string[], rows: string[][]): string {
  const isFigure = (column: number) => rows.every((row) => /^(> )?-?[\d.e+-]+$/.test(row[column]))
  const columns = head.map((title, i) => ({ title, flush: isFigure(i) ? ('right' as const) : ('left' as const) }))
  return textColumns(columns, rows).join('\n')
}

/** "2 min 05 s", "12 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  return minutes < 60
    ? `${minutes} min ${String(whole % 60).padStart(2, '0')} s`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}
