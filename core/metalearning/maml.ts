import { z } from 'zod'
import { adaptByDescent, ownStart, queryLossAfter, wholeNetwork } from './descent.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { innerParams, metaParams } from './params.ts'
import type { Strategy } from './strategy.ts'

/**
 * Model-agnostic meta-learning (Finn, Abbeel and Levine 2017): a start from which a few gradient steps learn a task,
 *   theta_t = theta - innerLr grad L_t^support(theta)         (innerSteps times)
 *   theta <- Adam(theta, grad_theta mean_t L_t^query(theta_t))
 * with the exact gradient through the inner steps (second order) unless `firstOrder` is set.
 */
const Params = z.strictObject({
  ...metaParams,
  ...innerParams,
  firstOrder: z.boolean().default(false).describe('Leaves out the derivative of the inner steps: faster, less exact.'),
})

export function mamlStrategy(steps: number, firstOrder: boolean): Strategy {
  return {
    ...ownStart,
    key: ['maml', steps, firstOrder],
    outer: queryLossAfter(() => wholeNetwork, steps, firstOrder),
    adapt: (given) => adaptByDescent(wholeNetwork, given),
  }
}

export const maml = metaMethod<z.infer<typeof Params>>({
  id: 'maml',
  name: 'MAML',
  about: 'Learns a start from which a few steps are enough to learn a new task.',
  cite: 'Finn, Abbeel and Levine 2017, Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks',
  params: Params,
  twins: ['from-scratch'],
  // An inner step and its second derivative cost about six passes.
  passes: (p) => p.iterations * p.metaBatch * ROWS * (3 + 6 * p.innerSteps),
  learning: (p) => bySteps(p, mamlStrategy(p.innerSteps, p.firstOrder)),
})
