import { z } from 'zod'
import type { Method } from '../method.ts'
import { fitStart, loadLearner } from './learner.ts'
import { netParams, perRow, taskCan } from './params.ts'

/** A new network for every task, from a random start, by Adam on that task's labelled rows alone. */
const Params = z.strictObject({
  ...netParams,
  adaptSteps: z.int().min(1).max(10_000).default(200).describe('Steps of Adam on a task.'),
  adaptLr: z.number().gt(0).max(1).default(0.01).describe('Learning rate on a task.'),
})

export const fromScratch: Method<z.infer<typeof Params>> = {
  id: 'from-scratch',
  family: 'metalearning',
  name: 'From scratch',
  about: 'Learns every task from its own few rows alone, as if there were no others.',
  cite: 'Kingma and Ba 2015, Adam: A Method for Stochastic Optimization',
  params: Params,
  beside: ['metalearning'],
  can: { ...taskCan, resume: false },
  work: (s, p) => p.adaptSteps * s.rows * perRow(s.features, p.hidden) * 3 + 1,
  fit: (context, { adaptSteps, adaptLr, ...net }) =>
    fitStart(context, {
      ...net,
      meta: null,
      adapt: { optimizer: 'adam', rate: adaptLr, steps: adaptSteps },
      newTask: false,
    }),
  load: loadLearner,
}
