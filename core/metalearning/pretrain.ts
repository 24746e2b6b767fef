import { z } from 'zod'
import { add, div, grad, mul, size, sum } from '../engine/index.ts'
import { ownStart } from './descent.ts'
import { fineTuned } from './fineTune.ts'
import { metaMethod, ROWS } from './metaMethod.ts'
import { adaptSteps, metaParams } from './params.ts'
import type { Outer } from './strategy.ts'
import { TASKS } from './strategy.ts'
import { losses, meanOfMeans } from './taskNetworks.ts'
import { search } from '../search.ts'

/**
 * Pre-train, then fine-tune: one network learns the rows of all training tasks together by Adam, and goes on learning
 * on the labelled rows of a new task, by Adam too: all of it, or the last layer alone. The plain rivals of every
 * meta-learner.
 */
const Params = z.strictObject({
  ...metaParams,
  adaptSteps: adaptSteps(50, [5, 200], 'Steps of Adam on a new task.'),
  adaptLr: z
    .number()
    .gt(0)
    .max(1)
    .default(0.01)
    .describe('Learning rate on a new task.')
    .meta(search({ log: [0.001, 0.1] })),
})

/** Support and query rows of all tasks together; of uneven tasks, each task's mean counts alike. */
const pooled: Outer = {
  optimizer: 'adam',
  step({ plan, meta, support, query }) {
    const [own, asked] = [support, query].map((cells) => losses(plan, meta, cells))
    const loss = support.weight
      ? mul(0.5, add(meanOfMeans(own, support), meanOfMeans(asked, query)))
      : div(add(sum(own), sum(asked)), mul(size(TASKS), add(size(support.rows), size(query.rows))))
    return { loss, gradient: grad(loss, meta) }
  },
}

const variant = (headOnly: boolean) => ({
  params: Params,
  twins: ['from-scratch'],
  beside: ['metalearning' as const],
  can: { newTask: true },
  passes: (p: z.infer<typeof Params>) => p.iterations * p.metaBatch * ROWS * 3,
  learning: ({ outerLr, metaBatch, iterations, adaptSteps, adaptLr, ...net }: z.infer<typeof Params>) => ({
    ...net,
    strategy: {
      ...ownStart,
      key: ['pretrain', headOnly],
      outer: pooled,
      adapt: (given: Parameters<typeof fineTuned>[0]) => fineTuned(given, headOnly),
    },
    schedule: { innerLr: 0, outerLr, metaBatch, iterations },
    adapt: { rate: adaptLr, steps: adaptSteps, who: 'adaptLr', descends: true },
    newTask: true,
  }),
})

export const pretrain = metaMethod<z.infer<typeof Params>>({
  ...variant(false),
  id: 'pretrain-finetune',
  name: 'Pre-train, then fine-tune',
  about: 'Learns all tasks as one, then goes on learning on the few rows of a new task.',
  cite: 'Yosinski et al. 2014, How transferable are features in deep neural networks?',
})

export const pretrainHead = metaMethod<z.infer<typeof Params>>({
  ...variant(true),
  id: 'pretrain-head',
  name: 'Pre-train, then fit the head',
  about: 'Learns all tasks as one, then learns the last layer alone on the few rows of a new task.',
  cite: 'Yosinski et al. 2014, How transferable are features in deep neural networks?',
})
