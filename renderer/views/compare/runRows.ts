import type { RunSummary } from '../../../core/contract.ts'

/** The runs table as plain rows: filtered by words, sorted by a column. */
export const COLUMNS = ['method', 'fold', 'seed', 'status', 'value', 'seconds', 'parameters'] as const
export type ColumnId = (typeof COLUMNS)[number]
export type RunRow = { run: RunSummary; label: string } & Record<ColumnId, string | number | null>

export function runRows(runs: readonly RunSummary[], metric: string, labelOf: (run: RunSummary) => string): RunRow[] {
  return runs.map((run) => ({
    run,
    label: labelOf(run),
    method: labelOf(run),
    fold: run.fold === 'all' ? 'all' : run.fold + 1,
    seed: run.seed,
    status: run.status,
    value: run.metrics[metric]?.value ?? null,
    seconds: run.seconds,
    parameters: run.parameters,
  }))
}

/** Every word must appear somewhere in the row: "ridge done". */
export function filterRows(rows: readonly RunRow[], words: string): RunRow[] {
  const wanted = words.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((row) => {
    const text = [row.method, row.run.methodKey, `fold ${row.fold}`, `seed ${row.seed}`, row.status]
      .join(' ')
      .toLocaleLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}

/** Missing values come last in both directions. */
export function sortRows(rows: readonly RunRow[], by: ColumnId, down: boolean): RunRow[] {
  const sign = down ? -1 : 1
  return [...rows].sort((a, b) => {
    const [x, y] = [a[by], b[by]]
    if (x === null || y === null) return Number(x === null) - Number(y === null)
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y)
    return sign * String(x).localeCompare(String(y), undefined, { numeric: true })
  })
}
