import { cellsByTask, meanOf } from '../predictions.ts'
import { rng } from '../rng.ts'
import { byFold, foldId, paired, type Evidence, type Predictions } from './evidence.ts'
import type { Tested } from './intervals.ts'
import type { Metric } from './metrics.ts'
import { bootstrap, drawBlocks, entryOf, spread, type Draws, type Entry, type Replicates } from './resampling.ts'

/** An entry with the unit of each of its cells, which bags may hide. */
type Kept = Entry & { real: Int32Array }

const MAX_UNITS = 4000
const MAX_WORK = 1e8

/** The bootstrap of rows or blocks over all kept predictions; the draws are shared by every method and task. */
export function rowBootstrap(c: {
  evidence: readonly Evidence[]
  metric: Metric
  predictions: Predictions
  blocks: Int32Array | null
}): { units: number; of(a: Evidence, b: Evidence | null, task: string | null): Tested | null } {
  const { metric, blocks } = c
  const units = new Map<number, number>()
  const bags: number[] = []
  const random = rng('bootstrap')
  const unitOf = (row: number) => {
    const name = blocks && blocks[row] >= 0 ? -1 - blocks[row] : row
    const unit = units.get(name) ?? units.size
    units.set(name, unit)
    return unit
  }
  // Beyond MAX_UNITS units, random bags of units are drawn instead: the variance of a mean is the same.
  const bagOf = (unit: number) => (bags[unit] ??= unit < MAX_UNITS ? unit : random.int(MAX_UNITS))
  const entries = new Map<Evidence, Kept[]>()
  let complete = true
  for (const e of c.evidence) {
    const own: Kept[] = []
    for (const run of e.tested) {
      const said = c.predictions(run)
      if (!said) {
        complete = false
        continue
      }
      for (const episode of new Set(said.episode)) {
        const keep = (row: number) => said.episode[row] === episode
        const cells = cellsByTask(said, keep)
        const rowsOf: number[][] = said.tasks.map(() => [])
        for (const { task, observed } of said.targets)
          for (let row = 0; row < said.rows.length; row++)
            if (task[row] >= 0 && observed[row] && keep(row)) rowsOf[task[row]].push(said.rows[row])
        said.tasks.forEach((task, k) => {
          if (!metric.kinds.includes(task.kind) || !rowsOf[k].length) return
          const real = Int32Array.from(rowsOf[k], unitOf)
          own.push({ ...entryOf(task.id, foldId(run), cells[k], real.map(bagOf), metric), real })
        })
      }
    }
    entries.set(e, own)
  }
  const count = complete ? Math.min(units.size, MAX_UNITS) : 0
  const work = [...entries.values()].flat().reduce((sum, entry) => sum + entry.sums.length + entry.blocks.length, 1)
  const replicates = Math.round(Math.max(200, Math.min(1000, MAX_WORK / work)))
  let draws: Draws | null = null
  const known = new Map<string, Replicates>()
  const replicatesOf = (e: Evidence, folds: ReadonlySet<string>) => {
    const key = `${e.key} ${[...folds].sort().join(' ')}`
    const found = known.get(key)
    if (found) return found
    draws ??= drawBlocks(count, replicates, rng('bootstrap/draws'))
    const made = bootstrap(
      (entries.get(e) as Kept[]).filter((entry) => folds.has(entry.fold)),
      metric,
      draws,
    )
    known.set(key, made)
    return made
  }
  return {
    units: complete ? units.size : 0,
    of(a, b, task) {
      const perFold = paired(a, b, (e, shared) => byFold(e, task, shared))
      if (count < 2 || !perFold.size) return null
      const folds = new Set(perFold.keys())
      const own = replicatesOf(a, folds)
      const other = b && replicatesOf(b, folds)
      const tasks = task === null ? [...own.keys()].filter((id) => !other || other.has(id)) : [task]
      const asked = new Set(tasks)
      const used = (entries.get(a) as Kept[]).filter((entry) => folds.has(entry.fold) && asked.has(entry.task))
      const n = unitsIn(used, units.size)
      if (n < 2) return null
      const drawn = new Float64Array(replicates).map(
        (_, r) => (meanOver(own, tasks, r) ?? NaN) - (other ? (meanOver(other, tasks, r) ?? NaN) : 0),
      )
      const ofUnits = spread(drawn) ** 2 * (n / (n - 1))
      return Number.isFinite(ofUnits) ? { perFold: [...perFold.values()], ofUnits, n } : null
    },
  }
}

function meanOver(replicates: Replicates, tasks: readonly string[], r: number): number | null {
  return meanOf(
    tasks.map((task) => {
      const value = replicates.get(task)?.[r] ?? NaN
      return Number.isFinite(value) ? value : null
    }),
  )
}

function unitsIn(entries: readonly Kept[], units: number): number {
  const seen = new Uint8Array(units)
  for (const { real } of entries) for (const unit of real) seen[unit] = 1
  return seen.reduce((sum, one) => sum + one, 0)
}
