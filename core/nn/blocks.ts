import type { Expr } from '../engine/index.ts'
import type { NetworkView } from '../method.ts'
import type { Rng } from '../rng.ts'
import type { Choice } from './choice.ts'
import { elementsOf, headsOf } from './plan.ts'
import type { Plan } from './plan.ts'
import type { LayerGroup } from './sketch.ts'

/** A block of parameters: one tensor of the flat vector. */
export type Block = {
  name: string
  shape: number[]
  /** First values: uniform in +-start, or as given. */
  start: number | Float32Array
  /** Weight decay leaves it alone. */
  bias: boolean
  /**
   * 'shared': every task's loss pulls at it. 'task': each of its numbers belongs to one task, so that the gradient of
   * the sum of losses is, there, the gradient of that task's loss.
   */
  owner: 'shared' | 'task'
  /** Where the first axis counts tasks: those of columns from..to, head by head. */
  columns?: [from: number, to: number]
}

/**
 * What happens to a layer on its way: nothing while it trains; a lesion multiplies it by 0 and 1; an observer notes it.
 * h [..., unit]; `own` makes of numbers [task, unit] those of each row's own task, where the layer is per task.
 */
export type Probe = (layer: string, h: Expr, own?: (p: Expr) => Expr) => Expr
export const untouched: Probe = (_, h) => h

/** All that follows from a plan. */
export type Architecture = {
  plan: Plan
  blocks: Block[]
  /** Networks that share nothing, each with its own lines, batches and early stopping: their blocks begin [net, ...]. */
  nets: number
  /** Multiply-adds of one line, forward. */
  perLine: number
  /** Lines that predict at once: what each needs for itself must fit in memory. */
  linesAtOnce: number
  initialise(random: Rng): Float32Array
  /** The last layer: [row, chosen unit], or [net, row, unit] where networks are stacked. */
  forward(pieces: readonly Expr[], x: Expr, choice: Choice | null, probe?: Probe): Expr
  /** Added to the loss of every step. */
  penalty: ((pieces: readonly Expr[]) => Expr) | null
  /** Layers that a lesion can reach through the probe, in order; null: `silenced` works on the weights. */
  layers: LayerGroup[] | null
  view(theta: Float32Array): NetworkView
}

export const sizeOf = (a: Pick<Architecture, 'blocks'>): number =>
  a.blocks.reduce((sum, { shape }) => sum + elementsOf(shape), 0)

/** The pieces of a flat vector by the names of their blocks; views, not copies. */
export function piecesOf(blocks: Block[], theta: Float32Array): Map<string, Float32Array> {
  let at = 0
  return new Map(blocks.map(({ name, shape }) => [name, theta.subarray(at, (at += elementsOf(shape)))]))
}

/** Expressions by the names of their blocks. */
export function named(blocks: Block[], pieces: readonly Expr[]): (name: string) => Expr {
  const places = new Map(blocks.map(({ name }, k) => [name, k]))
  return (name) => {
    const k = places.get(name)
    if (k === undefined) throw new Error(`internal: no block "${name}"`)
    return pieces[k]
  }
}

/** First parameters, each block from its own stream. Tasks of one target start alike: none has said otherwise yet. */
export function startOf(plan: Plan, blocks: Block[], random: Rng): Float32Array {
  const theta = new Float32Array(sizeOf({ blocks }))
  const pieces = piecesOf(blocks, theta)
  for (const { name, start, shape, columns } of blocks) {
    const own = pieces.get(name) as Float32Array
    if (typeof start !== 'number') {
      own.set(start)
      continue
    }
    if (start === 0) continue
    const draws = random.split(name)
    for (let i = 0; i < own.length; i++) own[i] = start * (2 * draws.uniform() - 1)
    if (columns) alike(plan, columns, own, own.length / shape[0])
  }
  return theta
}

/** Copies the first task of each column to the others. own [task, each] */
function alike(plan: Plan, [from, to]: [number, number], own: Float32Array, each: number): void {
  let task = 0
  for (const column of plan.columns.slice(from, to)) {
    const heads = headsOf(column)
    for (let head = 1; head < heads; head++) own.copyWithin((task + head) * each, task * each, (task + 1) * each)
    task += heads
  }
}

/** Reach of first weights: sqrt(gain / in), gain 6 before ReLU (He et al. 2015) and 3 before anything else. */
export const reach = (inputs: number, activation: Plan['activation'] | 'linear'): number =>
  Math.sqrt((activation === 'relu' ? 6 : 3) / inputs)
