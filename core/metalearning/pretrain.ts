import { z } from 'zod'
import type { Method } from '../method.ts'
import { fitStart, loadLearner } from './learner.ts'
import { metaParams, perRow, taskCan } from './params.ts'

/**
 * Pre-train, then fine-tune: one network learns the rows of all training tasks together by Adam, and goes on learning
 * on the labelled rows of a new task, by Adam too. The plain rival of every meta-learner.
 */
const Params = z.strictObject({
  ...metaParams,
  adaptSteps: z.int().min(1).max(10_000).default(50).describe('Steps of Adam on a new task.'),
  adaptLr: z.number().gt(0).max(1).default(0.01).describe('Learning rate on a new task.'),
})

export const pretrain: Method<z.infer<typeof Params>> = {
  id: 'pretrain-finetune',
  family: 'metalearning',
  name: 'Pre-train, then fine-tune',
  about: 'Learns all tasks as one, then goes on learning on the few rows of a new task.',
  cite: 'Yosinski et al. 2014, How transferable are features in deep neural networks?',
  params: Params,
  twins: ['from-scratch'],
  beside: ['metalearning'],
  can: { ...taskCan, newTask: true },
  work: (s, p) => p.iterations * p.metaBatch * 20 * perRow(s.features, p.hidden) * 3 + 1,
  fit: (context, { outerLr, metaBatch, iterations, adaptSteps, adaptLr, ...net }) =>
    fitStart(context, {
      ...net,
      meta: { inner: null, innerLr: 0, outerLr, metaBatch, iterations },
      adapt: { optimizer: 'adam', rate: adaptLr, steps: adaptSteps },
      newTask: true,
    }),
  load: loadLearner,
}
