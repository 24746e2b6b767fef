import { z } from 'zod'
import type { Frame, Output, OutputCells } from '../frame.ts'
import { minimise } from '../lbfgs.ts'
import { residual } from '../link.ts'
import type { Linear } from './linear.ts'
import { linearMethod } from './linearMethod.ts'
import { search } from '../search.ts'

/**
 * Logistic regression, one per task: minimises
 *   sum of -log p(class | x) + alpha / 2 |b|^2,   p = sigmoid(x b + b0), or softmax(x B + b0) for several classes,
 * intercepts free (Cox 1958; alpha = 1 / C of scikit-learn), by L-BFGS in double precision.
 */
const Params = z.strictObject({
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
type Params = z.infer<typeof Params>

export const logistic = linearMethod<Params>({
  id: 'logistic',
  family: 'baseline',
  name: 'Logistic regression',
  about: 'Probabilities from a weighted sum of the inputs, each task on its own. Answers class targets.',
  cite: 'Cox 1958, The regression analysis of binary sequences',
  params: Params,
  beside: ['multitask', 'metalearning'],
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
function solveLogistic(
  x: Float64Array,
  width: number,
  { kind, shares, width: units }: Output,
  cells: OutputCells,
  params: Params,
): Float64Array {
  const weight = cellWeights(cells, shares.length, params.classWeights)
  const start = new Float64Array((width + 1) * units)
  const present = shares.filter((share) => share > 0).length
  // One class alone would send the intercept to infinity: it keeps its share, smoothed by one cell per class (Laplace).
  const smooth = shares.map((share) => (share * cells.y.length + 1) / (cells.y.length + shares.length))
  for (let k = 0; k < units; k++)
    start[width * units + k] = kind === 'binary' ? Math.log(smooth[1] / smooth[0]) : Math.log(smooth[k])
  if (present < 2) return start
  const score = new Float64Array(units)
  return minimise((b, g) => {
    g.fill(0)
    let loss = 0
    for (let i = 0; i < cells.y.length; i++) {
      const row = cells.at[i] * width
      for (let k = 0; k < units; k++) {
        let sum = b[width * units + k]
        for (let j = 0; j < width; j++) sum += x[row + j] * b[j * units + k]
        score[k] = sum
      }
      loss += weight[i] * residual(kind, score, cells.y[i])
      for (let k = 0; k < units; k++) {
        const residual = weight[i] * score[k]
        for (let j = 0; j < width; j++) g[j * units + k] += residual * x[row + j]
        g[width * units + k] += residual
      }
    }
    for (let j = 0; j < width * units; j++) {
      loss += (params.alpha / 2) * b[j] ** 2
      g[j] += params.alpha * b[j]
    }
    return loss
  }, start)
}

function cellWeights({ y, weight }: OutputCells, classes: number, mode: Params['classWeights']): Float64Array {
  const own = Float64Array.from(y, (_, i) => (weight ? weight[i] : 1))
  if (mode === 'none') return own
  const sums = new Float64Array(classes)
  own.forEach((w, i) => (sums[y[i]] += w))
  const total = sums.reduce((sum, w) => sum + w, 0)
  const present = sums.filter((w) => w > 0).length
  return own.map((w, i) => (w * total) / (present * sums[y[i]]))
}
