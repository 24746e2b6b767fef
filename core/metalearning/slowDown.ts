import { compile, input, mul, sum } from '../engine/index.ts'
import type { Program } from '../engine/index.ts'
import { programOf } from '../engine/programCache.ts'
import type { Runtime } from '../engine/runtime.ts'
import { layerShapes } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import { asFloat32 } from '../nn/trainer.ts'
import { shape } from './metaTrain.ts'
import { cellInputs } from './programs.ts'
import type { Strategy } from './strategy.ts'
import { TASKS } from './strategy.ts'
import { rowsFed } from './support.ts'
import type { Support } from './support.ts'
import { losses } from './taskNetworks.ts'

/**
 * Tasks on which an inner loop of gradient steps runs away. Steps that are too large for a task make the loss of its own
 * labelled rows grow instead of fall: L_s(theta_n) > 10 max(L_s(theta), 1), where 1 is about what the plain mean has
 * (targets are standardised), or no longer finite. Such a task is learned again from the start at half the rate, and so
 * on until its loss ends no higher than it began; where ten halvings do not do it, it keeps the start. Other tasks are
 * left as they are, to the bit.
 */
const AWAY = 10
const HALVINGS = 10

/** What became of a task that ran away: the share of the rate at which it was learned; 0: no step was taken. */
export type Slowed = { task: string; factor: number }

/** Learned networks side by side: each piece [task, ...] flat, and the loss of each task's support rows. */
export type Learned = { pieces: Float32Array[]; losses: number[] }

/** `learn` learns these tasks, from the start at a share of the rate; a share of 0 takes no step. */
export type Slowing<T extends Learned> = {
  learned: T
  before: readonly number[]
  learn(tasks: number[], factor: number): Promise<T>
  /** Where a learning says more than networks and losses of support rows: takes that of a task from another one, too. */
  also?(task: number, from: T, place: number): void
}

/** Learns again what ran away, in place; says which tasks, by their index, and how slowly. */
export async function slowDown<T extends Learned>({
  learned,
  before,
  learn,
  also,
}: Slowing<T>): Promise<Map<number, number>> {
  const slowed = new Map<number, number>()
  let away = before.flatMap((start, task) =>
    isFinite(learned, task) && learned.losses[task] <= AWAY * Math.max(start, 1) ? [] : [task],
  )
  for (let halving = 1; away.length && halving <= HALVINGS + 1; halving++) {
    const factor = halving > HALVINGS ? 0 : 2 ** -halving
    const again = await learn(away, factor)
    away = away.filter((task, place) => {
      if (factor && !(isFinite(again, place) && again.losses[place] <= before[task])) return true
      putTask(learned, task, again, place)
      also?.(task, again, place)
      slowed.set(task, factor)
      return false
    })
  }
  return slowed
}

/** The network and the loss of a task of another learning in place of its own. */
export function putTask(learned: Learned, task: number, from: Learned, place: number): void {
  learned.pieces.forEach((piece, k) => copyTask(piece, task, from.pieces[k], place, learned.losses.length))
  learned.losses[task] = from.losses[place]
}

/** Task `place` of `from` in the place of task `to`, of `tasks` of them. */
export function copyTask(all: Float32Array, to: number, from: Float32Array, place: number, tasks: number): void {
  const each = all.length / tasks
  all.set(from.subarray(place * each, (place + 1) * each), to * each)
}

export function isFinite({ pieces, losses }: Learned, task: number): boolean {
  const each = (piece: Float32Array) => piece.length / losses.length
  return (
    Number.isFinite(losses[task]) &&
    pieces.every((piece) => piece.subarray(task * each(piece), (task + 1) * each(piece)).every(Number.isFinite))
  )
}

/** The meta-parameters with the learned rates among them, where there are any, made smaller. */
export function slower(plan: Plan, strategy: Strategy, theta: Float32Array, factor: number): Float32Array {
  const from = strategy.ratesFrom?.(plan) ?? theta.length
  return factor === 1 ? theta : theta.map((value, k) => (k < from ? value : value * factor))
}

/** The loss of each task's support rows under networks side by side. */
export async function supportLosses(
  plan: Plan,
  pieces: readonly Float32Array[],
  support: Support,
  runtime: Runtime,
): Promise<number[]> {
  const session = await runtime.load(programOf(['support loss', shape(plan)], () => lossProgram(plan)))
  const shapes = layerShapes({ ...plan, stacked: false })
  const networks = pieces.map((data, k) => [
    `piece${k}`,
    { shape: [support.tasks, ...(shapes[k].bias ? [1] : []), ...shapes[k].shape], data },
  ])
  const out = await session.run({
    ...Object.fromEntries(networks),
    ...rowsFed('support', support, plan.inputs.length),
  })
  return Array.from(asFloat32(out.loss.data))
}

/** in: piece0, piece1, ... [task, ...], supportX, supportY, supportWeight. out: loss [task] */
function lossProgram(plan: Plan): Program {
  const { supportX: x, supportY: y, supportWeight } = cellInputs(plan)
  const pieces = layerShapes({ ...plan, stacked: false }).map((own, k) =>
    input(`piece${k}`, [TASKS, ...(own.bias ? [1] : []), ...own.shape]),
  )
  return compile({ loss: sum(mul(losses(plan, pieces, { x, y }), supportWeight), [1, 2]) })
}
