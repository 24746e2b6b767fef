import { z } from 'zod'
import { mamlStrategy } from './maml.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { innerParams, metaParams } from './params.ts'

/**
 * First-order MAML (Finn, Abbeel and Levine 2017, section 5.2): MAML that takes the inner steps as constants,
 *   theta <- Adam(theta, mean_t grad L_t^query at theta_t)
 * so that no second derivative is needed.
 */
const Params = z.strictObject({ ...metaParams, ...innerParams })

export const firstOrderMaml = metaMethod<z.infer<typeof Params>>({
  id: 'first-order-maml',
  name: 'First-order MAML',
  about: 'MAML without second derivatives: a start for few steps, found a little faster and less exactly.',
  cite: 'Finn, Abbeel and Levine 2017, Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks',
  params: Params,
  twins: ['from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * ROWS * (3 + 3 * p.innerSteps),
  learning: (p) => bySteps(p, mamlStrategy(p.innerSteps, true)),
})
