import { z } from 'zod'
import { add, broadcastTo, constant, matmul, slice } from '../engine/index.ts'
import { initialise } from '../nn/layers.ts'
import { layerShapes } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import type { Descent } from './descent.ts'
import { adaptByDescent, queryLossAfter } from './descent.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { adaptSteps, innerParams, innerRate, metaParams } from './params.ts'
import type { Strategy } from './strategy.ts'
import { TASKS } from './strategy.ts'
import { descend } from './taskNetworks.ts'
import { search } from '../search.ts'

/**
 * CAVIA (Zintgraf et al. 2019): the network f(x, c) is the same for all tasks; the inner loop changes the context c
 * alone, which is 0 before a task is seen and stands beside the inputs,
 *   c_t = 0 - innerLr grad_c L_t^support(theta, 0),   theta <- Adam(theta, grad mean_t L_t^query(theta, c_t)).
 * A context beside the inputs shifts the first layer, so that a learned task is the network with another first bias.
 */
const Params = z.strictObject({
  ...metaParams,
  context: z
    .int()
    .min(1)
    .max(256)
    .default(5)
    .describe('How many numbers of context a task has.')
    .meta(search({ choices: [2, 5, 10, 20] })),
  innerLr: innerRate(1, [0.1, 3]),
  innerSteps: innerParams.innerSteps,
  adaptSteps: adaptSteps(1, [1, 20]),
})

/** The plan of a network with further inputs. */
export const widened = (plan: Plan, by: number): Plan => ({
  ...plan,
  inputs: [...plan.inputs, ...Array.from({ length: by }, (_, k) => `context ${k + 1}`)],
})

const contextOnly = (inputs: number, context: number): Descent => ({
  start: () => [broadcastTo(constant(0, [1, 1, 1]), [TASKS, 1, context])],
  network([c], [first, bias, ...rest]) {
    const shift = matmul(c, slice(first, 0, inputs, inputs + context))
    return [slice(first, 0, 0, inputs), add(bias, shift), ...rest]
  },
  step: (fast, slopes, { rate }) => descend(fast, slopes, rate),
})

export function caviaStrategy(steps: number, context: number): Strategy {
  const descent = (plan: Plan) => contextOnly(plan.inputs.length, context)
  return {
    key: ['cavia', steps, context],
    shapes: (plan) => layerShapes(widened(plan, context)).map(({ shape }) => shape),
    first: (plan, random) => initialise(widened(plan, context), random),
    outer: queryLossAfter(descent, steps),
    adapt: (given) => adaptByDescent(descent(given.plan), given),
  }
}

export const cavia = metaMethod<z.infer<typeof Params>>({
  id: 'cavia',
  name: 'CAVIA',
  about: 'One network for all tasks; a new task sets no more than a few numbers of context beside its inputs.',
  cite: 'Zintgraf et al. 2019, Fast Context Adaptation via Meta-Learning',
  params: Params,
  twins: ['maml', 'from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * ROWS * (3 + 6 * p.innerSteps),
  learning: (p) => bySteps(p, caviaStrategy(p.innerSteps, p.context)),
})
