import type { Evaluation, RelationsSpec } from '../experiment.ts'
import { independent, interval, nadeauBengio } from '../stats/intervals.ts'
import type { Measured } from '../stats/intervals.ts'
import { testOverTrain } from '../stats/measure.ts'
import { partialPooling } from '../stats/pooling.ts'
import { keyOf, subsetsOf } from './subsets.ts'
import type { Subset } from './subsets.ts'
import { sizeOf } from './record.ts'
import type { Record } from './record.ts'

/**
 * The transfer matrix from what the trials kept. The effect of s on t is a difference of skill: what share of the error
 * of the plain answer (training mean, class shares) task t loses when s is learned with it,
 *   R = sum over folds of (E_without - E_with) / sum over folds of E_plain
 * so that tasks of any unit and kind can stand in one matrix. Its spread over folds is that of a ratio: fold f says
 *   v_f = R + (D_f - R P_f) / mean(P),  D_f = E_without - E_with in fold f
 * and the interval is that of the evaluation: Nadeau and Bengio over folds (of which there is one mean over training
 * seeds), over groups where each is left out; over seeds where there is one fold, which says nothing of other rows.
 */
export type Design = RelationsSpec['designs'][number]
export type Part = { repeat: number; fold: number; seed: number; record: Record }
export type TransferRule = { rule: 'nadeau-bengio' | 'paired-groups' | 'seeds' | 'none'; n: number }
/** [from task, to task]; null on the diagonal and where it could not be measured. */
export type Transfer = { design: Design; cells: (Measured | null)[]; pooled: (number | null)[]; rule: TransferRule }

/** Folds (or seeds) with every error that is known: [subset, its task, 2]. */
export type Units = { rule: TransferRule; ratio: number; errors: Float64Array[]; subsets: Subset[]; tasks: number }

export function unitsOf(
  parts: readonly Part[],
  tasks: number,
  designs: RelationsSpec['designs'],
  evaluation: Evaluation,
): Units {
  const subsets = subsetsOf(tasks, designs)
  const starts = startsOf(subsets)
  const folds = new Set(parts.map(({ repeat, fold }) => `${repeat}.${fold}`))
  const bySeed = folds.size === 1
  const gathered = new Map<string, { sum: Float64Array; count: Uint16Array }>()
  for (const { repeat, fold, seed, record } of parts) {
    const key = bySeed ? String(seed) : `${repeat}.${fold}`
    const own = gathered.get(key) ?? { sum: new Float64Array(starts.at(-1)!), count: new Uint16Array(starts.at(-1)!) }
    gathered.set(key, own)
    record.sums.forEach((value, i) => {
      own.sum[starts[record.from] + i] += value
      own.count[starts[record.from] + i]++
    })
  }
  const errors = [...gathered.values()].map(({ sum, count }) => sum.map((value, i) => value / count[i]))
  const n = errors.length
  const groups = evaluation.protocol === 'leave-one-group-out'
  const rule = n < 2 ? 'none' : bySeed ? 'seeds' : groups ? 'paired-groups' : 'nadeau-bengio'
  return { rule: { rule, n }, ratio: testOverTrain(evaluation), errors, subsets, tasks }
}

/** Where the sums of each subset begin; one more than subsets. */
const startsOf = (subsets: Subset[]): number[] => {
  let at = 0
  return [0, ...subsets.map((subset) => (at += sizeOf([subset])))]
}

/** Per cell [from, to] and unit: what the task wins with the other, as a share of its plain error; null unknown. */
export type Wins = { wins: Float64Array; plain: Float64Array } | null

/** `leave`: a unit that is left aside. */
export function winsOf({ errors, subsets, tasks }: Units, design: Design): Wins[] {
  const places = new Map(subsets.map((subset, k) => [keyOf(subset), k]))
  const starts = startsOf(subsets)
  const all = Array.from({ length: tasks }, (_, t) => t)
  const at = (subset: Subset, task: number) => {
    const k = places.get(keyOf(subset))
    return k === undefined ? -1 : starts[k] + 2 * subsets[k].indexOf(task)
  }
  const whole = all.map((t) => at(all, t))
  const alone = all.map((t) => at([t], t))
  return all.flatMap((s) => {
    const others = all.filter((t) => t !== s)
    const left = others.map((t) => at(others, t))
    return all.map((t): Wins => {
      if (s === t) return null
      const pairs = design === 'pairs'
      const without = pairs ? alone[t] : left[t > s ? t - 1 : t]
      const together = pairs ? at(s < t ? [s, t] : [t, s], t) : whole[t]
      if (without < 0 || together < 0) return null
      const wins = Float64Array.from(errors, (e) => e[without] - e[together])
      const plain = Float64Array.from(errors, (e) => e[together + 1])
      return { wins, plain }
    })
  })
}

/** Of one cell, over the units that know it; `leave` aside. */
export function measured({ rule, ratio }: Units, cell: Wins, leave = -1): Measured | null {
  if (!cell) return null
  const known = Array.from(cell.wins, (win, f) => ({ win, plain: cell.plain[f], f })).filter(
    ({ win, plain, f }) => f !== leave && Number.isFinite(win) && Number.isFinite(plain),
  )
  const total = known.reduce((sum, { plain }) => sum + plain, 0)
  if (!known.length || !(total > 0)) return null
  const mean = known.reduce((sum, { win }) => sum + win, 0) / total
  const values = known.map(({ win, plain }) => mean + ((win - mean * plain) * known.length) / total)
  const spread = rule.rule === 'nadeau-bengio' ? nadeauBengio(values, ratio) : independent(values)
  return { ...(spread ?? { se: Infinity, df: 0, n: values.length }), mean }
}

/** Measured cells drawn towards what is common to all: fewer of them stand out by chance. */
export function pooledCells(cells: readonly (Measured | null)[]): (number | null)[] {
  const usable = cells.flatMap((cell, at) => (cell && cell.df > 0 && Number.isFinite(cell.se) ? [{ cell, at }] : []))
  const pooled = cells.map((cell) => cell?.mean ?? null)
  partialPooling(
    usable.map(({ cell }) => cell),
    null,
  ).forEach(({ mean }, i) => (pooled[usable[i].at] = mean))
  return pooled
}

export function transferOf(units: Units, design: Design): Transfer {
  const cells = winsOf(units, design).map((cell) => measured(units, cell))
  return { design, cells, pooled: pooledCells(cells), rule: units.rule }
}

export const ends = (cell: Measured | null): [number, number] | null => cell && interval(cell)
