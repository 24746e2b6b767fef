import { innerFolds } from '../data/innerSplits.ts'
import type { Frame, OutputCells } from '../frame.ts'
import type { Rng } from '../rng.ts'

/**
 * Targets that become inputs (Spyromitros-Xioufis, Tsoumakas, Groves and Vlahavas 2016). Steps are learned one after
 * the other; each learns one target from the inputs and from what earlier steps say of theirs:
 *   chain   one step per target, each sees all before it (regressor chains, RC; several orders averaged: ERC)
 *   stack   one step per target on the inputs alone, then one more each that sees all of these (stacking, SST)
 * What an earlier step says of the rows that it learned from is better than what it will say of others. So a later step
 * learns, in the corrected forms (ERCcv, SSTcv), from what is said of rows held back. Where a target was not measured,
 * its own step says it: that row was not learned from. Values are standardised like inputs.
 */
export type Step = {
  /** The target that it learns. */
  output: number
  /** It sees the first so many steps. */
  sees: number
}

export const chainSteps = (order: readonly number[]): Step[] => order.map((output, place) => ({ output, sees: place }))
export const stackSteps = (targets: number): Step[] =>
  [0, targets].flatMap((sees) => Array.from({ length: targets }, (_, output) => ({ output, sees })))

/** What later steps learn from: said of rows held back, said of the rows learned from, or measured. */
export type Estimates = 'cross-validated' | 'fitted' | 'measured'

/** A learner of one number target. */
export type Base<M> = {
  /** @param seen [row, width] */
  fit(seen: Float64Array, width: number, cells: OutputCells, random: Rng): M
  say(model: M, row: Float64Array): number
}

/**
 * Learns the steps; yields after each fit. Returns their models, in order.
 * @param inner folds of `cross-validated`
 */
export function* fitSteps<M>(
  base: Base<M>,
  frame: Frame,
  steps: readonly Step[],
  { estimates, inner }: { estimates: Estimates; inner: number },
  random: Rng,
): Generator<void, M[]> {
  const { x, encoder, outputs, cells, view } = frame
  const width = encoder.names.length
  const rows = view.rows.length
  const most = width + Math.max(...steps.map(({ sees }) => sees))
  // [row, inputs and then what the steps say]
  const all = new Float64Array(rows * most)
  for (let i = 0; i < rows; i++) all.set(x.subarray(i * width, (i + 1) * width), i * most)
  const fold = estimates === 'cross-validated' ? foldOfRow(frame, inner, random.split('folds')) : null
  const models: M[] = []
  for (const [s, { output, sees }] of steps.entries()) {
    const now = width + sees
    const seen = new Float64Array(rows * now)
    for (let i = 0; i < rows; i++) seen.set(all.subarray(i * most, i * most + now), i * now)
    const own = cells[output]
    const stream = random.split(`step/${s}`)
    const model = base.fit(seen, now, own, stream)
    models.push(model)
    yield
    if (!steps.some((later) => later.sees > s)) continue
    const said = Float64Array.from({ length: rows }, (_, i) => base.say(model, seen.subarray(i * now, (i + 1) * now)))
    if (estimates === 'measured') own.at.forEach((row, i) => (said[row] = own.y[i]))
    for (let f = 0; fold && f < inner; f++) {
      const held = Array.from(own.at).filter((row) => fold[row] === f)
      const rest = pick(own, (row) => fold[row] !== f)
      if (held.length && rest.y.length) {
        const part = base.fit(seen, now, rest, stream.split(f))
        for (const row of held) said[row] = base.say(part, seen.subarray(row * now, (row + 1) * now))
      }
      yield
    }
    const { mean, sd } = outputs[output]
    for (let i = 0; i < rows; i++) all[i * most + width + s] = sd ? (said[i] - mean) / sd : 0
  }
  return models
}

/** Fits that `fitSteps` does: the number of its yields. */
export function fitsOf(steps: readonly Step[], estimates: Estimates, inner: number): number {
  const asked = Math.max(...steps.map(({ sees }) => sees))
  return steps.length + (estimates === 'cross-validated' ? asked * inner : 0)
}

/** What the steps say of one row, of each output its last step. `row` [inputs]; `out` [output] */
export function saySteps<M>(
  { say }: Pick<Base<M>, 'say'>,
  models: readonly M[],
  steps: readonly Step[],
  scale: readonly { mean: number; sd: number }[],
  row: Float64Array,
  out: Float64Array,
): void {
  const width = row.length
  const all = new Float64Array(width + steps.length)
  all.set(row)
  steps.forEach(({ output, sees }, s) => {
    const { mean, sd } = scale[output]
    const value = say(models[s], all.subarray(0, width + sees))
    out[output] = value
    all[width + s] = sd ? (value - mean) / sd : 0
  })
}

/**
 * Orders of chains that differ from each other: one is the order of the targets itself; more are drawn, or all there
 * are where they are not more than asked for.
 */
export function chainOrders(targets: number, chains: number, random: Rng): number[][] {
  const own = Array.from({ length: targets }, (_, k) => k)
  if (chains === 1) return [own]
  if (ordersOf(targets, chains + 1) <= chains) return permutations(own)
  const orders = new Map<string, number[]>()
  while (orders.size < chains) {
    const drawn = [...random.permutation(targets)]
    orders.set(drawn.join(), drawn)
  }
  return [...orders.values()]
}

/** How many orders of so many targets there are, up to `most`. */
export function ordersOf(targets: number, most: number): number {
  let possible = 1
  for (let k = 2; k <= targets && possible < most; k++) possible *= k
  return Math.min(possible, most)
}

function permutations(items: number[]): number[][] {
  if (items.length < 2) return [items]
  return items.flatMap((first) => permutations(items.filter((k) => k !== first)).map((rest) => [first, ...rest]))
}

/** [row of the frame] its inner fold; blocks of rows stay together. */
function foldOfRow({ view }: Frame, inner: number, random: Rng): Int32Array {
  const fold = new Int32Array(view.rows.length)
  const place = new Map(Array.from(view.rows, (row, i) => [row, i]))
  innerFolds(view, 'k-fold', inner, random).forEach(({ test }, f) => {
    for (const row of test.rows) fold[place.get(row) as number] = f
  })
  return fold
}

function pick({ at, y, weight }: OutputCells, keep: (row: number) => boolean): OutputCells {
  const kept = Array.from(at.keys()).filter((i) => keep(at[i]))
  const of = (values: Float64Array) => Float64Array.from(kept, (i) => values[i])
  return { at: Int32Array.from(kept, (i) => at[i]), y: of(y), weight: weight && of(weight) }
}
