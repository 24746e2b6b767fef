import { fitEncoder, truthOf } from './encoding.ts'
import type { TaskSet } from './taskSet.ts'

/**
 * How much of a target its nearest neighbours leave open, roughly: the root of the mean square of what the mean of the
 * five nearest rows (of a few hundred) gets wrong, over the standard deviation; the mean of a few targets. It tells a
 * nearly noiseless table, on which networks learn long, from a noisy one. Null where no target is a number.
 */
const ROWS = 300
const TARGETS = 4
const NEAREST = 5

export function unexplained(set: TaskSet): number | null {
  const targets = set.targets
    .map((column, target) => ({ column: set.table.columns[column], target }))
    .filter(({ column }) => column.kind === 'number')
    .slice(0, TARGETS)
  if (!targets.length || !set.features.length) return null
  const every = Math.max(1, set.table.rows / ROWS)
  const rows = Int32Array.from({ length: Math.min(set.table.rows, ROWS) }, (_, i) => Math.floor(i * every))
  const tasks = Int32Array.from(set.tasks, (_, k) => k)
  const encoder = fitEncoder({ set, rows, tasks })
  const x = encoder.encode(set, rows)
  const width = encoder.names.length
  const found = targets.flatMap(({ target }) => {
    const own = [...rows.keys()].filter((i) => set.observed[target * set.table.rows + rows[i]])
    const share = own.length > 2 * NEAREST ? leftOpen(x, width, own, (i) => truthOf(set, rows[i], target)) : null
    return share === null ? [] : [share]
  })
  return found.length ? found.reduce((sum, share) => sum + share, 0) / found.length : null
}

function leftOpen(x: Float64Array, width: number, own: number[], truth: (i: number) => number): number | null {
  const mean = own.reduce((sum, i) => sum + truth(i), 0) / own.length
  const spread = own.reduce((sum, i) => sum + (truth(i) - mean) ** 2, 0)
  if (!(spread > 0)) return null
  let lost = 0
  for (const i of own) {
    const others = own
      .filter((j) => j !== i)
      .map((j) => {
        let apart = 0
        for (let k = 0; k < width; k++) apart += (x[i * width + k] - x[j * width + k]) ** 2
        return { apart, y: truth(j) }
      })
      .sort((a, b) => a.apart - b.apart)
      .slice(0, NEAREST)
    lost += (truth(i) - others.reduce((sum, { y }) => sum + y, 0) / others.length) ** 2
  }
  return Math.sqrt(lost / spread)
}
