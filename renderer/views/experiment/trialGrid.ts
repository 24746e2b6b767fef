import type { RunSummary } from '../../../core/contract.ts'

/** Progress by method x seed x fold: one row a method, one column a (seed, repeat, fold), "all rows" last. */
export type TrialColumn = { key: string; seed: number; repeat: number; fold: number | 'all' }
export type TrialGrid = { methods: string[]; columns: TrialColumn[]; cells: (RunSummary | null)[][] }

export function trialGrid(runs: Iterable<RunSummary>): TrialGrid {
  const methods: string[] = []
  const columns = new Map<string, TrialColumn>()
  const byCell = new Map<string, RunSummary>()
  for (const run of runs) {
    const { seed, repeat, fold } = run
    const key = fold === 'all' ? 'all' : `${seed}/${repeat}/${fold}`
    if (!methods.includes(run.methodKey)) methods.push(run.methodKey)
    if (!columns.has(key)) columns.set(key, { key, seed, repeat, fold })
    byCell.set(`${run.methodKey} ${key}`, run)
  }
  const order = [...columns.values()].sort(byPlace)
  return {
    methods,
    columns: order,
    cells: methods.map((method) => order.map((column) => byCell.get(`${method} ${column.key}`) ?? null)),
  }
}

function byPlace(a: TrialColumn, b: TrialColumn): number {
  if (a.fold === 'all' || b.fold === 'all') return Number(a.fold === 'all') - Number(b.fold === 'all')
  return a.seed - b.seed || a.repeat - b.repeat || a.fold - b.fold
}

/** Share of a run that is done, in [0, 1]. */
export function shareOf(run: RunSummary): number {
  if (run.status === 'done') return 1
  return run.of > 0 ? Math.min(1, run.done / run.of) : 0
}
