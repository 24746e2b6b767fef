import type { Method } from '../method.ts'
import { PerceptronParams } from '../nn/params.ts'
import { fitPerceptron, loadPerceptron, perceptronModel, perceptronWork } from '../nn/perceptron.ts'
import { columnsByTarget } from '../nn/plan.ts'

/**
 * Hard parameter sharing (Caruana 1997): one trunk for all tasks, one linear head per task.
 *   h = trunk(x),  y_k = h W_k + b_k,  loss = mean over targets of the mean loss of their measured cells
 */
export const hardSharing: Method<PerceptronParams> = {
  id: 'hard-sharing',
  family: 'multitask',
  name: 'Hard sharing',
  about: 'One network learns all tasks: shared layers, and a small head for each task.',
  cite: 'Caruana 1997, Multitask Learning',
  params: PerceptronParams,
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
  },
  work: (s, p) => perceptronWork(s, p, s.tasks, 1),
  fit: (context, params) =>
    fitPerceptron(context, params, { stacked: false, columns: (outputs) => columnsByTarget(outputs, true) }),
  load: (bytes, runtime) => perceptronModel(loadPerceptron(bytes), runtime),
}
