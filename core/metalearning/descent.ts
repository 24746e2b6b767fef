import { grad, loop, stopGradient } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { elementsOf, layerShapes, parameterCount } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import { initialise } from '../nn/layers.ts'
import type { Adapted, Adapting, Meta, Outer, Strategy } from './strategy.ts'
import { descend, losses, meanOfMeans, perTask, sumOfMeans } from './taskNetworks.ts'

/**
 * An inner loop of gradient descent on a task's support set. What it changes (`fast`) may be the whole network, a
 * part of it, or numbers beside it; the methods of this family differ in no more than these three.
 */
export type Descent = {
  /** What the inner loop changes, each with a leading task axis. */
  start(meta: readonly Expr[]): Expr[]
  /** The pieces of the networks; those that all tasks share need no task axis. */
  network(fast: readonly Expr[], meta: readonly Expr[]): Expr[]
  step(fast: readonly Expr[], slopes: readonly Expr[], at: At): Expr[]
}
/** Where the inner loop stands; `step` is a number where it is unrolled. */
export type At = { meta: readonly Expr[]; rate: Expr; step: number | Expr }

/** The whole network, by plain steps: fast - rate grad. */
export const wholeNetwork: Descent = {
  start: perTask,
  network: (fast) => [...fast],
  step: (fast, slopes, { rate }) => descend(fast, slopes, rate),
}

/** What the inner loop changes after 0, 1, ... `steps` steps; the gradient goes through them unless `firstOrder`. */
export function unrolled(
  { start, network, step }: Descent,
  { plan, meta, support, rate }: Pick<Meta, 'plan' | 'meta' | 'support' | 'rate'>,
  steps: number,
  firstOrder: boolean,
): Expr[][] {
  const path = [start(meta)]
  for (let k = 0; k < steps; k++) {
    const slopes = grad(sumOfMeans(losses(plan, network(path[k], meta), support), support), path[k])
    path.push(step(path[k], firstOrder ? slopes.map(stopGradient) : slopes, { meta, rate, step: k }))
  }
  return path
}

/** The same for as many steps as asked at run time. */
export function adaptByDescent(
  { start, network, step }: Descent,
  { plan, meta, support, rate, count }: Adapting,
): Adapted {
  const { state } = loop({
    count,
    state: start(meta),
    body(i, fast) {
      const slopes = grad(sumOfMeans(losses(plan, network(fast, meta), support), support), fast)
      return { state: step(fast, slopes, { meta, rate, step: i }) }
    },
  })
  return { pieces: perTask(network(state, meta)) }
}

/** The meta-parameters of those who learn a start and nothing else. */
export const ownStart: Pick<Strategy, 'shapes' | 'first'> = {
  shapes: (plan) => layerShapes(plan).map((layer) => layer.shape),
  first: initialise,
}

/** A start, and learned rates of the inner loop behind it that all begin at one value. */
export const startAndRates = (
  shapes: (plan: Plan) => number[][],
  value: number,
): Pick<Strategy, 'shapes' | 'first' | 'ratesFrom'> => ({
  ratesFrom: parameterCount,
  shapes: (plan) => [...ownStart.shapes(plan), ...shapes(plan)],
  first(plan, random) {
    const more = shapes(plan).reduce((sum, shape) => sum + elementsOf(shape), 0)
    return Float32Array.from([...initialise(plan, random), ...new Float32Array(more).fill(value)])
  },
})

/** What the outer loop of this family descends on: the query loss after the inner loop, by Adam. */
export const queryLossAfter = (descent: (plan: Plan) => Descent, steps: number, firstOrder = false): Outer => ({
  optimizer: 'adam',
  step(given) {
    const { plan, meta, query } = given
    const own = descent(plan)
    const fast = unrolled(own, given, steps, firstOrder)[steps]
    const loss = meanOfMeans(losses(plan, own.network(fast, meta), query), query)
    return { loss, gradient: grad(loss, meta) }
  },
})
