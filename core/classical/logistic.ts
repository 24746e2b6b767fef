import { z } from 'zod'
import type { Frame, Output, OutputCells } from '../frame.ts'
import { minimise } from '../lbfgs.ts'
import type { Linear } from './linear.ts'
import { linearMethod } from './linearMethod.ts'
import { hasOneClass, logisticLoss, plainWeights, pullLoss } from './logisticLoss.ts'
import { search } from '../search.ts'

/**
 * Logistic regression, one per task: minimises
 *   sum of -log p(class | x) + alpha / 2 |b|^2,   p = sigmoid(x b + b0), or softmax(x B + b0) for several classes,
 * intercepts free (Cox 1958; alpha = 1 / C of scikit-learn), by L-BFGS in double precision.
 */
export const LogisticParams = z.strictObject({
  alpha: z
    .number()
    .gt(0)
    .max(1e9)
    .default(1)
    .describe('Strength of the pull of all coefficients towards zero.')
    .meta(search({ log: [0.01, 1000] })),
  classWeights: z
    .enum(['none', 'balanced'])
    .default('none')
    .describe(
      '"balanced" lets rare classes count as much as common ones; probabilities are then shifted towards them.',
    ),
})
type Params = z.infer<typeof LogisticParams>

export const logistic = linearMethod<Params>({
  id: 'logistic',
  family: 'baseline',
  name: 'Logistic regression',
  about: 'Probabilities from a weighted sum of the inputs, each task on its own. Answers class targets.',
  cite: 'Cox 1958, The regression analysis of binary sequences',
  params: LogisticParams,
  beside: ['multitask', 'metalearning'],
  anyWays: true,
  can: { kinds: ['binary', 'multiclass'] },
  work: (s) => 200 * s.rows * s.features * (s.taskColumn ? s.targets : s.tasks) + 1,
  fit: fitLogistic,
  adapt: (_, support, params) => fitLogistic(support, params),
})

function fitLogistic(frame: Frame, params: Params): Linear {
  const width = frame.encoder.names.length
  const coefficients = frame.outputs.map((output, k) => solveLogistic(frame.x, width, output, frame.cells[k], params))
  const parameters = coefficients.reduce((sum, c) => sum + c.length, 0)
  return { encoder: frame.encoder, outputs: frame.outputs, coefficients, fresh: null, parameters }
}

/** Returns [input + 1, unit], the intercepts last. */
export function solveLogistic(
  x: Float64Array,
  width: number,
  output: Output,
  cells: OutputCells,
  { alpha, classWeights }: Params,
): Float64Array {
  const start = plainWeights(width, output)
  if (hasOneClass(output)) return start
  const weight = cellWeights(cells, output.shares.length, classWeights)
  return minimise((b, g) => {
    g.fill(0)
    return logisticLoss(x, width, output, cells, weight, b, g) + pullLoss(b, g, alpha, width * output.width)
  }, start)
}

function cellWeights({ y, weight }: OutputCells, classes: number, mode: Params['classWeights']): Float64Array | null {
  if (mode === 'none') return weight
  const own = Float64Array.from(y, (_, i) => (weight ? weight[i] : 1))
  const sums = new Float64Array(classes)
  own.forEach((w, i) => (sums[y[i]] += w))
  const total = sums.reduce((sum, w) => sum + w, 0)
  const present = sums.filter((w) => w > 0).length
  return own.map((w, i) => (w * total) / (present * sums[y[i]]))
}
