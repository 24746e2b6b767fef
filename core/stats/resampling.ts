import type { Rng } from '../rng.ts'
import type { Cells, Metric } from './metrics.ts'

/**
 * Bootstrap of out-of-fold rows by block (Efron 1979; blocks are subjects or sites whose rows belong together). A
 * replicate draws whole blocks with replacement and re-weights the sums of metric terms that each (task, fold, seed)
 * kept per block; a task's figure is the mean of its folds' figures, each weighted by how much of the fold was drawn.
 * For a mean of losses that is exactly the ordinary bootstrap; with one block per fold it is the bootstrap of folds.
 * The same draws serve every method and task, so differences are paired and tasks of one row move together.
 */

/** One task in one fold (and seed, and episode): weighted sums of the metric's terms per block. */
export type Entry = {
  task: string
  fold: string
  /** [own block] index into the draws. */
  blocks: Int32Array
  /** [own block, term] */
  sums: Float64Array
  /** [own block] sum of weights, number of cells. */
  weights: Float64Array
  counts: Float64Array
  size: number
  cells: number
}

/** `unit` [cell] index of the cell's block. */
export function entryOf(task: string, fold: string, cells: Cells, unit: Int32Array, metric: Metric): Entry {
  const size = metric.size(cells)
  const terms = new Float64Array(cells.truth.length * size)
  metric.terms(cells, terms)
  const at = new Map<number, number>()
  for (const block of unit) if (!at.has(block)) at.set(block, at.size)
  const sums = new Float64Array(at.size * size)
  const weights = new Float64Array(at.size)
  const counts = new Float64Array(at.size)
  unit.forEach((block, cell) => {
    const own = at.get(block) as number
    const w = cells.weight ? cells.weight[cell] : 1
    weights[own] += w
    counts[own]++
    for (let j = 0; j < size; j++) sums[own * size + j] += w * terms[cell * size + j]
  })
  return { task, fold, blocks: Int32Array.from(at.keys()), sums, weights, counts, size, cells: unit.length }
}

/** [block, replicate] how often each block was drawn. */
export type Draws = { times: Uint16Array; replicates: number; blocks: number }

export function drawBlocks(blocks: number, replicates: number, rng: Rng): Draws {
  const times = new Uint16Array(replicates * blocks)
  for (let r = 0; r < replicates; r++) for (let i = 0; i < blocks; i++) times[rng.int(blocks) * replicates + r]++
  return { times, replicates, blocks }
}

/** Figures of one method: [replicate] per task, NaN where a replicate leaves the metric undefined. */
export type Replicates = Map<string, Float64Array>

export function bootstrap(entries: readonly Entry[], metric: Metric, draws: Draws): Replicates {
  const out: Replicates = new Map()
  const share = new Map<string, Float64Array>()
  for (const entry of entries) {
    const figures = out.get(entry.task) ?? new Float64Array(draws.replicates)
    const shares = share.get(entry.task) ?? new Float64Array(draws.replicates)
    out.set(entry.task, figures)
    share.set(entry.task, shares)
    addEntry(entry, metric, draws, figures, shares)
  }
  for (const [task, figures] of out) {
    const shares = share.get(task) as Float64Array
    figures.forEach((value, r) => (figures[r] = shares[r] > 0 ? value / shares[r] : NaN))
  }
  return out
}

function addEntry(entry: Entry, metric: Metric, draws: Draws, figures: Float64Array, shares: Float64Array): void {
  const { blocks, sums, weights, counts, size } = entry
  const { times, replicates } = draws
  // [term, replicate]: block after block, so that what a replicate sums lies side by side.
  const totals = new Float64Array(size * replicates)
  const weight = new Float64Array(replicates)
  const drawn = new Float64Array(replicates)
  for (let b = 0; b < blocks.length; b++) {
    const own = times.subarray(blocks[b] * replicates, (blocks[b] + 1) * replicates)
    for (let r = 0; r < replicates; r++) {
      weight[r] += own[r] * weights[b]
      drawn[r] += own[r] * counts[b]
    }
    for (let j = 0; j < size; j++) {
      const term = sums[b * size + j]
      const from = j * replicates
      // A missing prediction leaves only those replicates undefined that drew it.
      if (Number.isFinite(term)) for (let r = 0; r < replicates; r++) totals[from + r] += own[r] * term
      else for (let r = 0; r < replicates; r++) if (own[r]) totals[from + r] += own[r] * term
    }
  }
  const total = new Float64Array(size)
  for (let r = 0; r < replicates; r++) {
    for (let j = 0; j < size; j++) total[j] = totals[j * replicates + r]
    const value = weight[r] > 0 ? metric.figure(total, weight[r]) : NaN
    if (!Number.isFinite(value)) continue
    figures[r] += (drawn[r] / entry.cells) * value
    shares[r] += drawn[r] / entry.cells
  }
}

/** Standard deviation over the replicates that are defined; NaN where fewer than half are. */
export function spread(values: Float64Array): number {
  const defined = values.filter(Number.isFinite)
  if (defined.length < Math.max(2, values.length / 2)) return NaN
  const centre = defined.reduce((sum, value) => sum + value, 0) / defined.length
  return Math.sqrt(defined.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (defined.length - 1))
}
