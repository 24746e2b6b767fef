import type { Method } from '../method.ts'
import { PerceptronParams } from '../nn/params.ts'
import { fitPerceptron, loadPerceptron, perceptronModel } from '../nn/perceptron.ts'
import { columnsByTask } from '../nn/plan.ts'
import { trainingWork } from '../nn/work.ts'

/**
 * The twin of hard sharing: one whole network per task, each with its own rows, scaling, batches and early stopping,
 * as if it were alone. They are computed side by side in one program, which changes nothing but the time.
 */
export const singleTaskMlp: Method<PerceptronParams> = {
  id: 'single-task-mlp',
  family: 'classical',
  name: 'Single-task network',
  about: 'A network of its own for every task: what learning alone achieves.',
  cite: 'Rumelhart, Hinton and Williams 1986, Learning representations by back-propagating errors',
  params: PerceptronParams,
  beside: ['multitask'],
  can: {
    taskColumn: true,
    needsTaskColumn: false,
    manyTargets: true,
    missingTargets: true,
    kinds: ['regression', 'binary', 'multiclass'],
    newTask: false,
    adapt: false,
    onnx: true,
    resume: true,
    network: true,
  },
  work: (s, p) => trainingWork(s, p, { stacked: true, heads: true }),
  async *fit(context, params) {
    const net = yield* fitPerceptron(context, params, { stacked: true, columns: columnsByTask })
    return perceptronModel(net, context.runtime)
  },
  load: (bytes, runtime) => perceptronModel(loadPerceptron(bytes), runtime),
}
