import { z } from 'zod'
import type { Method } from '../method.ts'
import { fitStart, loadLearner } from './learner.ts'
import { metaParams, perRow, taskCan } from './params.ts'

/**
 * Model-agnostic meta-learning (Finn, Abbeel and Levine 2017): a start from which a few gradient steps learn a task,
 *   theta_t = theta - innerLr grad L_t^support(theta)         (innerSteps times)
 *   theta <- Adam(theta, grad_theta mean_t L_t^query(theta_t))
 * with the exact gradient through the inner steps (second order) unless `firstOrder` is set.
 */
const Params = z.strictObject({
  ...metaParams,
  innerLr: z.number().gt(0).max(10).default(0.01).describe('Learning rate of the inner loop.'),
  innerSteps: z.int().min(1).max(20).default(1).describe('Gradient steps on a task in meta-training.'),
  adaptSteps: z.int().min(1).max(10_000).default(5).describe('Gradient steps on a new task.'),
  firstOrder: z.boolean().default(false).describe('Leaves out the derivative of the inner steps: faster, less exact.'),
})

export const maml: Method<z.infer<typeof Params>> = {
  id: 'maml',
  family: 'metalearning',
  name: 'MAML',
  about: 'Learns a start from which a few steps are enough to learn a new task.',
  cite: 'Finn, Abbeel and Levine 2017, Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks',
  params: Params,
  twins: ['from-scratch'],
  can: taskCan,
  // An inner step and its second derivative cost about six passes.
  work: (s, p) => p.iterations * p.metaBatch * 20 * perRow(s.features, p.hidden) * (3 + 6 * p.innerSteps) + 1,
  fit: (context, { innerLr, outerLr, metaBatch, iterations, innerSteps, adaptSteps, firstOrder, ...net }) =>
    fitStart(context, {
      ...net,
      meta: { inner: { steps: innerSteps, firstOrder }, innerLr, outerLr, metaBatch, iterations },
      adapt: { optimizer: 'sgd', rate: innerLr, steps: adaptSteps },
      newTask: false,
    }),
  load: loadLearner,
}
