import { z } from 'zod'
import type { Encoder } from '../data/encoding.ts'
import type { View } from '../data/taskSet.ts'
import { answer, frameOf, loadFrame, plainAnswer, pooledPlain, saveFrame, wholeFold } from '../frame.ts'
import type { Output } from '../frame.ts'
import type { Method, Model } from '../method.ts'
import { pack, unpack } from '../pack.ts'

/**
 * The mean of a number, the share of each class: what can be said without any input. Per task
 *   prediction = sum(y) / n
 * and for a task never seen the same over all training cells of its target. Every other method must beat it.
 */
const Params = z.strictObject({})

export const mean: Method<z.infer<typeof Params>> = {
  id: 'mean',
  family: 'baseline',
  name: 'Mean or majority',
  about: 'Always says the average of the task, or its commonest class. What every other method must beat.',
  cite: 'Legendre 1805, least squares with an intercept alone',
  params: Params,
  beside: ['classical', 'multitask', 'metalearning'],
  anyWays: true,
  can: {
    taskColumn: true,
    needsTaskColumn: false,
    manyTargets: true,
    missingTargets: true,
    kinds: ['regression', 'binary', 'multiclass'],
    newTask: true,
    adapt: true,
    onnx: false,
    resume: false,
    network: false,
  },
  work: (s) => s.rows * s.targets + 1,
  // A closed form has nothing to report on the way.
  async *fit(context) {
    const { outputs, encoder } = frameOf(wholeFold(context))
    return model(outputs, encoder)
  },
  load(bytes) {
    const { outputs, encoder } = loadFrame(unpack(bytes).header)
    return model(outputs, encoder)
  },
}

function model(outputs: Output[], encoder: Encoder): Model {
  const answers = outputs.map(plainAnswer)
  const pooled = new Map(outputs.map(({ target }) => [target, pooledPlain(outputs, target) as number[]]))
  return {
    parameters: answers.reduce((sum, values) => sum + values.length, 0),
    predict: async (view) =>
      answer(
        view,
        outputs,
        (output, _row, out) => out.set(answers[output]),
        (target, _row, out) => out.set(pooled.get(target) as number[]),
      ),
    adapt: async (support: View) => model(frameOf(support, encoder).outputs, encoder),
    save: () => pack(saveFrame({ outputs, encoder })),
  }
}
