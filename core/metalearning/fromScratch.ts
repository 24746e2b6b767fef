import { z } from 'zod'
import { ownStart } from './descent.ts'
import { fineTuned } from './fineTune.ts'
import { metaMethod } from './metaMethod.ts'
import { adaptSteps, netParams } from './params.ts'
import { search } from '../search.ts'

/** A new network for every task, from a random start, by Adam on that task's labelled rows alone. */
const Params = z.strictObject({
  ...netParams,
  adaptSteps: adaptSteps(200, [20, 500], 'Steps of Adam on a task.'),
  adaptLr: z
    .number()
    .gt(0)
    .max(1)
    .default(0.01)
    .describe('Learning rate on a task.')
    .meta(search({ log: [0.001, 0.1] })),
})

export const fromScratch = metaMethod<z.infer<typeof Params>>({
  id: 'from-scratch',
  name: 'From scratch',
  about: 'Learns every task from its own few rows alone, as if there were no others.',
  cite: 'Kingma and Ba 2015, Adam: A Method for Stochastic Optimization',
  params: Params,
  beside: ['metalearning'],
  can: { resume: false },
  passes: (p, s) => p.adaptSteps * s.rows * 3,
  learning: ({ adaptSteps, adaptLr, ...net }) => ({
    ...net,
    strategy: { ...ownStart, key: ['from-scratch'], outer: null, adapt: (given) => fineTuned(given) },
    schedule: null,
    adapt: { rate: adaptLr, steps: adaptSteps, who: 'adaptLr', descends: true },
    newTask: false,
  }),
})
