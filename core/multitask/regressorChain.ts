import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import { RidgeParams, solveRidge } from '../classical/ridge.ts'
import type { Frame } from '../frame.ts'
import type { FitEvent } from '../method.ts'
import type { Rng } from '../rng.ts'
import { chainOrders, chainSteps, fitSteps, fitsOf, ordersOf, stackSteps } from './cascade.ts'
import type { Base, Step } from './cascade.ts'

/**
 * Regressor chains and stacking of ridge (core/multitask/cascade.ts says what they are). Since ridge is linear in its
 * inputs, each step is linear in x alone, and so is the mean of chains: the model keeps that. Where every target is
 * measured and steps learn from the measured or the fitted values, all of this is ridge but for the penalty.
 */
export const StepParams = z.strictObject({
  estimates: z
    .enum(['cross-validated', 'fitted', 'measured'])
    .default('cross-validated')
    .describe(
      'What later steps learn from: what is said of rows held back, of rows learned from, or what was measured.',
    ),
  innerFolds: z
    .int()
    .min(2)
    .max(20)
    .default(5)
    .describe('Into how many parts rows are dealt to be held back in turn, where estimates are cross-validated.'),
})
export const chains = z
  .int()
  .min(1)
  .max(100)
  .default(10)
  .describe(
    'How many chains are averaged: 1 is one in the order of the targets; more are in random orders, each once at most.',
  )

const StackParams = RidgeParams.extend(StepParams.shape)
const ChainParams = StackParams.extend({ chains })
type StackParams = z.infer<typeof StackParams>
type ChainParams = z.infer<typeof ChainParams>

const cite =
  'Spyromitros-Xioufis, Tsoumakas, Groves and Vlahavas 2016, Multi-target regression via input space expansion'
const family = 'multitask'
const twins = ['ridge']
const can = { taskColumn: false }

export const regressorChain = linearMethod<ChainParams>({
  id: 'regressor-chain',
  family,
  name: 'Regressor chains of ridge',
  about: 'Learns number targets one after the other; each also learns from the targets before it.',
  cite,
  params: ChainParams,
  twins,
  can,
  work: (s, params) =>
    ordersOf(s.targets, params.chains) * ridgeWork(s, chainSteps([...Array(s.targets).keys()]), params),
  fit(frame, params, { rng }) {
    const orders = chainOrders(frame.outputs.length, params.chains, rng.split('orders'))
    return fitAll(frame, orders.map(chainSteps), params, rng)
  },
})

export const stackedRidge = linearMethod<StackParams>({
  id: 'stacked-ridge',
  family,
  name: 'Stacked ridge',
  about: 'Learns every number target alone, and then once more with what was said of all of them.',
  cite,
  params: StackParams,
  twins,
  can,
  work: (s, params) => ridgeWork(s, stackSteps(s.targets), params),
  fit: (frame, params, { rng }) => fitAll(frame, [stackSteps(frame.outputs.length)], params, rng),
})

const ridgeWork = (
  { rows, features, targets }: { rows: number; features: number; targets: number },
  steps: Step[],
  { estimates, innerFolds }: StackParams,
) => fitsOf(steps, estimates, innerFolds) * (rows + features) * (features + targets) ** 2 + 1

function* fitAll(frame: Frame, cascades: Step[][], params: StackParams, random: Rng): Generator<FitEvent, Linear> {
  const { encoder, outputs } = frame
  const { estimates, innerFolds } = params
  const size = encoder.names.length + 1
  const base: Base<Float64Array> = {
    fit: (seen, width, cells) => solveRidge(seen, width, cells, params.alpha),
    say(line, row) {
      let sum = line[row.length]
      for (let j = 0; j < row.length; j++) sum += line[j] * row[j]
      return sum
    },
  }
  const coefficients = outputs.map(() => new Float64Array(size))
  for (const [c, steps] of cascades.entries()) {
    const models = yield* quietly(
      fitSteps(base, frame, steps, { estimates, inner: innerFolds }, random.split(`chain/${c}`)),
    )
    const lines = linesOf(models, steps, outputs, size - 1)
    // Of each target its last step is the answer.
    const last = new Map(steps.map(({ output }, s) => [output, lines[s]]))
    last.forEach((line, k) => line.forEach((b, j) => (coefficients[k][j] += b / cascades.length)))
    if (cascades.length > 1) yield { type: 'progress', done: c + 1, of: cascades.length }
  }
  return { encoder, outputs, coefficients, fresh: null, parameters: outputs.length * size }
}

function* quietly<T>(fits: Generator<void, T>): Generator<never, T> {
  for (;;) {
    const next = fits.next()
    if (next.done) return next.value
  }
}

/** Per step what it says in terms of the inputs alone: [input + 1]. */
function linesOf(
  models: Float64Array[],
  steps: Step[],
  outputs: readonly { mean: number; sd: number }[],
  width: number,
): Float64Array[] {
  const lines: Float64Array[] = []
  models.forEach((own, s) => {
    const { sees } = steps[s]
    const line = Float64Array.of(...own.subarray(0, width), own[width + sees])
    for (let before = 0; before < sees; before++) {
      const { mean, sd } = outputs[steps[before].output]
      if (sd === 0) continue
      const earlier = lines[before]
      for (let j = 0; j <= width; j++) line[j] += (own[width + before] * (earlier[j] - (j === width ? mean : 0))) / sd
    }
    lines.push(line)
  })
  return lines
}
