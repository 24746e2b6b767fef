import { z } from 'zod'
import type { Runtime } from '../engine/runtime.ts'
import type { Output } from '../frame.ts'
import type { Method, Model } from '../method.ts'
import { silenced } from '../nn/lesions.ts'
import { generalHead, newHeads } from '../nn/newHead.ts'
import { answering, sharedModel } from '../nn/newTasks.ts'
import { headHidden, multiTaskParams } from '../nn/params.ts'
import { fitPerceptron, loadPerceptron, perceptronModel } from '../nn/perceptron.ts'
import type { Perceptron } from '../nn/perceptron.ts'
import { columnsByTarget } from '../nn/plan.ts'
import { trainingWork } from '../nn/work.ts'
import { SHARED_CAN } from './sharedNetwork.ts'

/**
 * Hard parameter sharing (Caruana 1997): one trunk for all tasks, one head per task, linear or with layers of its own.
 *   h = trunk(x),  y_k = head_k(h) = h W_k + b_k,  loss = mean over targets of the mean loss of their measured cells
 */
const Params = z.strictObject({ ...multiTaskParams, headHidden })
type Params = z.infer<typeof Params>

export const hardSharing: Method<Params> = {
  id: 'hard-sharing',
  family: 'multitask',
  name: 'Hard sharing',
  about: 'One network learns all tasks: shared layers, and a small head for each task.',
  cite: 'Caruana 1997, Multitask Learning',
  params: Params,
  twins: ['single-task-mlp'],
  can: SHARED_CAN,
  work: (s, p) =>
    trainingWork(s, p, {
      stacked: false,
      heads: true,
      ...(p.headHidden.length ? { design: { kind: 'deep-heads' as const, headHidden: p.headHidden } } : {}),
    }),
  async *fit(context, params) {
    const { headHidden } = params
    const layout = {
      stacked: false,
      columns: (outputs: Output[]) => columnsByTarget(outputs, true),
      ...(headHidden.length ? { design: () => ({ kind: 'deep-heads' as const, headHidden }) } : {}),
    }
    return model(yield* fitPerceptron(context, params, layout), context.runtime)
  },
  load: (bytes, runtime) => model(loadPerceptron(bytes), runtime),
}

/** Tasks never seen are answered by the mean of the heads; `adapt` gives them a head of their own. */
function model(net: Perceptron, runtime: Runtime): Model {
  if (net.plan.design) return sharedModel(net, runtime)
  const general = generalHead(net)
  const own = perceptronModel(net, runtime)
  const others = perceptronModel(general.net, runtime)
  return {
    ...own,
    predict: answering(own, net, others),
    adapt: async (support) => model(newHeads(general, support), runtime),
    silence: (units) => model(silenced(net, units), runtime),
  }
}
