import { z } from 'zod'
import type { Encoder } from '../data/encoding.ts'
import { askForest, growForest } from '../classical/forest.ts'
import type { Forest } from '../classical/forest.ts'
import { arraysOf, readForest } from '../classical/forestModel.ts'
import { ForestParams, forestWork, taskData } from '../classical/randomForest.ts'
import { answer, frameOf, loadFrame, onlyKinds, saveFrame, wholeFold } from '../frame.ts'
import type { Frame, Output } from '../frame.ts'
import type { Can, FitEvent, Method, Model } from '../method.ts'
import { damaged, pack, unpack } from '../pack.ts'
import type { Rng } from '../rng.ts'
import { chainOrders, chainSteps, fitSteps, fitsOf, ordersOf, saySteps, stackSteps } from './cascade.ts'
import type { Base, Step } from './cascade.ts'
import { chains, StepParams } from './regressorChain.ts'

/**
 * Regressor chains and stacking of random forests (core/multitask/cascade.ts says what they are). What trees say of rows
 * that they did not draw would be a cheaper estimate than held-out folds, but a third of the trees says it, with more
 * noise than the whole forest has later: on Mulan stacking was worse for it.
 */
const ForestStackParams = ForestParams.extend(StepParams.shape)
const ForestChainParams = ForestStackParams.extend({
  chains,
  // Ten chains of twenty trees are two hundred trees.
  trees: ForestParams.shape.trees
    .unwrap()
    .default(20)
    .describe(ForestParams.shape.trees.description as string),
})
type ForestStackParams = z.infer<typeof ForestStackParams>
type ForestChainParams = z.infer<typeof ForestChainParams>

const said = {
  family: 'multitask',
  cite: 'Spyromitros-Xioufis, Tsoumakas, Groves and Vlahavas 2016, Multi-target regression via input space expansion',
  twins: ['single-task-forest', 'ridge'],
} as const
const can: Can = {
  taskColumn: false,
  needsTaskColumn: false,
  manyTargets: true,
  missingTargets: true,
  kinds: ['regression'],
  newTask: false,
  adapt: false,
  onnx: false,
  resume: false,
  network: false,
}

export const forestChain: Method<ForestChainParams> = {
  ...said,
  id: 'forest-chain',
  name: 'Regressor chains of forests',
  about: 'Learns number targets one after the other by random forests; each also learns from the targets before it.',
  params: ForestChainParams,
  can,
  work: (s, params) =>
    ordersOf(s.targets, params.chains) * stepsWork(s, chainSteps([...Array(s.targets).keys()]), params),
  async *fit(context, params) {
    const frame = numbersOf(context)
    const orders = chainOrders(frame.outputs.length, params.chains, context.rng.split('orders'))
    return yield* fitAll(frame, orders.map(chainSteps), params, context.rng)
  },
  load: (bytes) => modelOf(loaded(bytes)),
}

export const stackedForest: Method<ForestStackParams> = {
  ...said,
  id: 'stacked-forest',
  name: 'Stacked forests',
  about: 'Learns every number target alone by a random forest, and then once more with what was said of all of them.',
  params: ForestStackParams,
  can,
  work: (s, params) => stepsWork(s, stackSteps(s.targets), params),
  async *fit(context, params) {
    const frame = numbersOf(context)
    return yield* fitAll(frame, [stackSteps(frame.outputs.length)], params, context.rng)
  },
  load: (bytes) => modelOf(loaded(bytes)),
}

const numbersOf = (context: Parameters<typeof wholeFold>[0]) => frameOf(onlyKinds(wholeFold(context), can.kinds))

const stepsWork = (
  { rows, features, targets }: { rows: number; features: number; targets: number },
  steps: Step[],
  params: ForestStackParams,
) => fitsOf(steps, params.estimates, params.innerFolds) * forestWork(rows, features + targets / 2, 1, params)

type Cascade = { steps: Step[]; models: Forest[] }
type Cascades = { encoder: Encoder; outputs: Output[]; cascades: Cascade[] }

const baseOf = (params: ForestStackParams): Base<Forest> => ({
  fit: (seen, width, cells, random) => growForest(taskData(seen, width, cells, 0), params, random),
  say,
})

function say(forest: Forest, row: Float64Array): number {
  const out = new Float64Array(1)
  askForest(forest, Float32Array.from(row), 0, out)
  return out[0]
}

function* fitAll(frame: Frame, all: Step[][], params: ForestStackParams, random: Rng): Generator<FitEvent, Model> {
  const { estimates, innerFolds: inner } = params
  const of = all.reduce((sum, steps) => sum + fitsOf(steps, estimates, inner), 0)
  const cascades: Cascade[] = []
  let done = 0
  for (const [c, steps] of all.entries()) {
    const fits = fitSteps(baseOf(params), frame, steps, { estimates, inner }, random.split(`chain/${c}`))
    let next = fits.next()
    for (; !next.done; next = fits.next()) yield { type: 'progress', done: ++done, of }
    cascades.push({ steps, models: next.value })
  }
  return modelOf({ encoder: frame.encoder, outputs: frame.outputs, cascades })
}

function modelOf(kept: Cascades): Model {
  const { encoder, outputs, cascades } = kept
  const width = encoder.names.length
  const forests = cascades.flatMap(({ models }) => models)
  return {
    parameters: forests.reduce((sum, { feature, values }) => sum + feature.length + values.length, 0),
    async predict(view) {
      const x = encoder.encode(view.set, view.rows)
      const rows = view.rows.length
      // [row, output], the mean over chains
      const table = new Float64Array(rows * outputs.length)
      const out = new Float64Array(outputs.length)
      for (let row = 0; row < rows; row++)
        for (const { steps, models } of cascades) {
          saySteps({ say }, models, steps, outputs, x.subarray(row * width, (row + 1) * width), out)
          for (let k = 0; k < out.length; k++) table[row * out.length + k] += out[k] / cascades.length
        }
      return answer(view, outputs, (output, row, said) => (said[0] = table[row * outputs.length + output]))
    },
    save() {
      const steps = cascades.map((cascade) => cascade.steps)
      return pack({ ...saveFrame(kept), steps }, arraysOf(forests))
    },
  }
}

const Saved = z.looseObject({
  steps: z.array(z.array(z.strictObject({ output: z.int().nonnegative(), sees: z.int().nonnegative() })).min(1)).min(1),
})

function loaded(bytes: Uint8Array): Cascades {
  const packed = unpack(bytes)
  const parsed = Saved.safeParse(packed.header)
  if (!parsed.success) throw damaged('chains without their heading')
  const { outputs, encoder } = loadFrame(packed.header)
  let at = 0
  const cascades = parsed.data.steps.map((steps) => {
    const answered = new Set(steps.map(({ output }) => output))
    if (answered.size !== outputs.length || !steps.every(({ output, sees }, s) => output < outputs.length && sees <= s))
      throw damaged('a chain that does not answer its targets')
    return { steps, models: steps.map(({ sees }) => readForest(packed, at++, 1, encoder.names.length + sees)) }
  })
  return { encoder, outputs, cascades }
}
