import { z } from 'zod'
import type { Method } from '../method.ts'
import { perceptronParams } from '../nn/params.ts'
import { fitPerceptron, loadPerceptron, perceptronModel } from '../nn/perceptron.ts'
import { columnsByTask } from '../nn/plan.ts'
import { trainingWork } from '../nn/work.ts'
import { singleTaskMlp } from './singleTask.ts'
import { search } from '../search.ts'

/**
 * Soft sharing: a whole network per task, as its twin has, and a penalty that ties their hidden layers
 * (`core/nn/architectures/tiedTowers.ts`). Nothing else differs, but that all start alike.
 */
const Params = z.strictObject({
  ...perceptronParams,
  tie: z
    .enum(['l2', 'trace-norm'])
    .default('l2')
    .describe('What ties the networks: their distance to their mean, or the trace norm of all side by side.')
    .meta(search({ choices: ['l2', 'trace-norm'] })),
  strength: z
    .number()
    .min(0)
    .max(1000)
    .default(0.01)
    .describe('How strongly the networks are tied; 0 is not at all.')
    .meta(search({ log: [0.0001, 10] })),
})
type Params = z.infer<typeof Params>

export const softSharing: Method<Params> = {
  id: 'soft-sharing',
  family: 'multitask',
  name: 'Soft sharing',
  about: 'A network of its own for every task, tied to the others by a penalty on their differences.',
  cite: 'Duong et al. 2015, Low Resource Dependency Parsing; Yang and Hospedales 2017, Trace Norm Regularised Deep Multi-Task Learning',
  params: Params,
  twins: ['single-task-mlp'],
  can: { ...singleTaskMlp.can },
  work: (s, p) =>
    1.2 * trainingWork(s, p, { stacked: true, heads: true, design: { kind: 'tied-towers', tie: p.tie, strength: 1 } }),
  async *fit(context, p) {
    const { tie, strength } = p
    const net = yield* fitPerceptron(context, p, {
      stacked: true,
      columns: columnsByTask,
      design: () => ({ kind: 'tied-towers', tie, strength }),
    })
    return perceptronModel(net, context.runtime)
  },
  load: (bytes, runtime) => perceptronModel(loadPerceptron(bytes), runtime),
}
