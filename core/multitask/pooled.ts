import type { Method } from '../method.ts'
import { PerceptronParams } from '../nn/params.ts'
import { fitPerceptron, loadPerceptron, perceptronModel } from '../nn/perceptron.ts'
import { columnsByTarget } from '../nn/plan.ts'
import { trainingWork } from '../nn/work.ts'

/**
 * One network for the rows of all tasks together. Without intercepts it does not know which task a row belongs to;
 * with them every task has a 0/1 input of its own, which is all zeros for a task never seen.
 */
const pooled = (intercepts: boolean): Method<PerceptronParams> => ({
  id: intercepts ? 'pooled-mlp-intercepts' : 'pooled-mlp',
  family: 'classical',
  name: intercepts ? 'Pooled network with task intercepts' : 'Pooled network',
  about: intercepts
    ? 'One network for all rows that is also told the task of each row.'
    : 'One network for all rows that is not told which task a row belongs to.',
  cite: 'Gelman and Hill 2007, Data Analysis Using Regression and Multilevel Models, on complete pooling',
  params: PerceptronParams,
  twins: ['single-task-mlp'],
  ignoresTasks: !intercepts,
  beside: intercepts ? ['multitask'] : ['multitask', 'metalearning'],
  can: {
    taskColumn: true,
    needsTaskColumn: true,
    manyTargets: true,
    missingTargets: true,
    kinds: ['regression', 'binary', 'multiclass'],
    newTask: true,
    adapt: false,
    onnx: true,
    resume: true,
    network: true,
  },
  work: (s, p) =>
    trainingWork({ ...s, features: s.features + (intercepts ? s.tasks / s.targets : 0) }, p, {
      stacked: false,
      heads: false,
    }),
  async *fit(context, params) {
    const net = yield* fitPerceptron(context, params, {
      stacked: false,
      columns: (outputs) => columnsByTarget(outputs, false),
      encoder: { taskColumn: intercepts },
    })
    return perceptronModel(net, context.runtime)
  },
  load: (bytes, runtime) => perceptronModel(loadPerceptron(bytes), runtime),
})

export const pooledMlp = pooled(false)
export const pooledMlpIntercepts = pooled(true)
