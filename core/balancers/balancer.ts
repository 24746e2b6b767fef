import type { z } from 'zod'
import type { Rng } from '../rng.ts'

/**
 * A balancer says at every step how much each task counts: from the losses of the tasks, and where it asks for them
 * from their gradients with respect to the shared parameters. Nearly all gradient methods depend on the gradients g_t
 * only through their Gram matrix G [task, task], G_ij = g_i . g_j, and answer with a direction in their span, sum of
 * w_t g_t; so a balancer is a small pure function from losses and G to weights, in double precision.
 *
 * What it remembers is declared, so that a start, a checkpoint and a batch that lacks some tasks need nothing of it.
 */
export type Balancer = {
  /** Stable, kebab-case: it is what specs name. */
  id: string
  name: string
  /** One sentence in plain words: what it does, and when it is of use. */
  about: string
  /** Weights in a line, as docs show them. */
  formula: string
  cite: string
  /** `common`: what people use; the rest stands behind them. */
  group: 'common' | 'more'
  /** `gradients`: the direction is made entry by entry in the graph, and the weights are not used. */
  needs: 'nothing' | 'losses' | 'gram' | 'gradients'
  /** Every field with default, bounds and text, as of a method. */
  params: z.ZodRawShape
  memory: Record<string, Memory>
  update(state: State, given: Given, params: Record<string, number>, rng: Rng): Balance
  /** Learns from what the step did to the losses of the same batch. */
  after?(state: State, before: Float64Array, after: Float64Array, params: Record<string, number>): State
}

/** One remembered array: a number per task, per pair of tasks, or one; and what it starts as. */
export type Memory = { per: 'task' | 'pair' | 'once'; start: number }
export type State = Record<string, Float64Array>
export type Given = {
  /** [task] mean loss of the task's measured cells in this batch. */
  losses: Float64Array
  /** [task, task] inner products of the tasks' gradients with respect to the shared parameters; empty where not asked for. */
  gram: Float64Array
  /** From 0. */
  epoch: number
}
export type Balance = { weights: Float64Array; state: State }

/** Keeps the types of a balancer's own parameters while the list needs only numbers. */
export function balancer<S extends z.ZodRawShape>(
  made: Omit<Balancer, 'params' | 'memory' | 'update' | 'after'> & {
    params?: S
    memory?: Balancer['memory']
    update(state: State, given: Given, params: { [K in keyof S]: number }, rng: Rng): Balance
    after?(state: State, before: Float64Array, after: Float64Array, params: { [K in keyof S]: number }): State
  },
): Balancer {
  return { params: {}, memory: {}, ...made } as Balancer
}

const lengthOf = (per: Memory['per'], tasks: number) => (per === 'once' ? 1 : per === 'task' ? tasks : tasks ** 2)

/** Names and lengths of what is remembered, for checkpoints. */
export const memoryOf = (b: Balancer, tasks: number): [string, number][] =>
  Object.entries(b.memory).map(([name, { per }]) => [name, lengthOf(per, tasks)])

export const firstState = (b: Balancer, tasks: number): State =>
  Object.fromEntries(
    Object.entries(b.memory).map(([name, { per, start }]) => [
      name,
      new Float64Array(lengthOf(per, tasks)).fill(start),
    ]),
  )

/**
 * One step over the tasks that have a measured cell in the batch: the others keep weight 0 and what was remembered of
 * them. `present` [task] is 1 for the tasks that are there.
 */
export function balance(
  b: Balancer,
  state: State,
  given: Given,
  present: ArrayLike<number>,
  params: Record<string, number>,
  rng: Rng,
): Balance {
  const here = indices(present)
  const tasks = present.length
  if (here.length === tasks) return b.update(state, given, params, rng)
  const weights = new Float64Array(tasks)
  if (!here.length) return { weights, state }
  const own = b.update(
    shrink(b, state, here, tasks),
    {
      ...given,
      losses: pick(given.losses, 'task', here, tasks),
      gram: given.gram.length ? pick(given.gram, 'pair', here, tasks) : given.gram,
    },
    params,
    rng,
  )
  here.forEach((t, k) => (weights[t] = own.weights[k]))
  return { weights, state: grow(b, state, own.state, here, tasks) }
}

/** `after` over the tasks of the batch. */
export function learn(
  b: Balancer,
  state: State,
  before: Float64Array,
  after: Float64Array,
  present: ArrayLike<number>,
  params: Record<string, number>,
): State {
  const here = indices(present)
  const tasks = present.length
  if (!b.after || !here.length) return state
  const of = (values: Float64Array) => pick(values, 'task', here, tasks)
  return grow(b, state, b.after(shrink(b, state, here, tasks), of(before), of(after), params), here, tasks)
}

const indices = (present: ArrayLike<number>) =>
  Array.from(present, (there, t) => (there ? t : -1)).filter((t) => t >= 0)

function pick(values: Float64Array, per: Memory['per'], here: number[], tasks: number): Float64Array {
  if (per === 'once') return values
  if (per === 'task') return Float64Array.from(here, (t) => values[t])
  return Float64Array.from(here.flatMap((i) => here.map((j) => values[i * tasks + j])))
}

const shrink = (b: Balancer, state: State, here: number[], tasks: number): State =>
  Object.fromEntries(Object.entries(b.memory).map(([name, { per }]) => [name, pick(state[name], per, here, tasks)]))

function grow(b: Balancer, state: State, own: State, here: number[], tasks: number): State {
  const out: State = {}
  for (const [name, { per }] of Object.entries(b.memory)) {
    out[name] = per === 'once' ? own[name] : state[name].slice()
    if (per === 'task') here.forEach((t, k) => (out[name][t] = own[name][k]))
    if (per === 'pair')
      here.forEach((i, k) => here.forEach((j, l) => (out[name][i * tasks + j] = own[name][k * here.length + l])))
  }
  return out
}
