import { z } from 'zod'
import type { Frame, OutputCells } from '../frame.ts'
import { gramOf } from './gram.ts'
import type { Linear } from './linear.ts'
import { linearMethod } from './linearMethod.ts'
import { search } from '../search.ts'

/**
 * Ridge regression, one per task: b = argmin sum (y - b0 - x b)^2 + alpha |b|^2, the intercept b0 free
 * (Hoerl and Kennard 1970). Inputs are standardised on the training fold, so alpha means the same for every input.
 */
export const RidgeParams = z.strictObject({
  alpha: z
    .number()
    .min(0)
    .max(1e9)
    .default(1)
    .describe('Strength of the pull of all coefficients towards zero; 0 is plain least squares.')
    .meta(search({ log: [0.01, 1000] })),
})

export const ridge = linearMethod<z.infer<typeof RidgeParams>>({
  id: 'ridge',
  family: 'baseline',
  name: 'Ridge',
  about: 'A straight line per input, each task on its own, held back from extremes. Answers number targets.',
  cite: 'Hoerl and Kennard 1970, Ridge Regression',
  params: RidgeParams,
  beside: ['multitask', 'metalearning'],
  work: (s) => s.rows * s.features ** 2 * (s.missingTargets ? s.targets : 1) + 0.3 * s.tasks * s.features ** 3 + 1,
  fit: (frame, { alpha }) => fitRidge(frame, alpha),
  adapt: (_, support, { alpha }) => fitRidge(support, alpha),
})

function fitRidge(frame: Frame, alpha: number): Linear {
  const width = frame.encoder.names.length
  const coefficients = frame.cells.map((cells) => solveRidge(frame.x, width, cells, alpha))
  return {
    encoder: frame.encoder,
    outputs: frame.outputs,
    coefficients,
    fresh: null,
    parameters: coefficients.length * (width + 1),
  }
}

/**
 * Ridge of one task's cells. x: [row, width]. Returns [width + 1], the intercept last. Solves the normal equations of
 * the centred inputs by Cholesky; where alpha is 0 and inputs are collinear, the smallest lift that makes them
 * solvable is added.
 */
export const solveRidge = (x: Float64Array, width: number, cells: OutputCells, alpha: number): Float64Array =>
  ridgePath(x, width, cells, [alpha])[0]

/** Ridge for several alphas: rows are passed over once, for the second moments. */
export function ridgePath(
  x: Float64Array,
  width: number,
  cells: OutputCells,
  alphas: readonly number[],
): Float64Array[] {
  const { centre, mean, gram, moment } = gramOf(x, width, cells)
  return alphas.map((alpha) => {
    const slope = solvePositive(gram, moment, alpha)
    const result = new Float64Array(width + 1)
    result.set(slope)
    result[width] = mean - slope.reduce((sum, b, j) => sum + b * centre[j], 0)
    return result
  })
}

/** (gram + lift I)^-1 moment; gram [n, n] holds the lower triangle. */
export function solvePositive(gram: Float64Array, moment: Float64Array, alpha: number): Float64Array {
  const n = moment.length
  let largest = 0
  for (let j = 0; j < n; j++) largest = Math.max(largest, gram[j * n + j])
  const factor = new Float64Array(n * n)
  for (let lift = alpha, tries = 0; tries < 12; tries++) {
    if (cholesky(gram, n, lift, factor)) {
      const solved = substitute(factor, moment)
      if (solved.every(Number.isFinite)) return solved
    }
    lift = Math.max(lift * 100, (largest || 1) * 1e-12)
  }
  throw new Error('internal: ridge found no positive definite system')
}

/** L with L L' = gram + lift I, row by row into `out`; false where there is none. A path is hundreds of these. */
function cholesky(gram: Float64Array, n: number, lift: number, out: Float64Array): boolean {
  for (let j = 0; j < n; j++)
    for (let k = 0; k <= j; k++) {
      let rest = gram[j * n + k]
      for (let l = 0; l < k; l++) rest -= out[j * n + l] * out[k * n + l]
      if (k < j) out[j * n + k] = rest / out[k * n + k]
      else if (rest + lift > 0) out[j * n + j] = Math.sqrt(rest + lift)
      else return false
    }
  return true
}

/** (L L')^-1 b. */
function substitute(l: Float64Array, b: Float64Array): Float64Array {
  const n = b.length
  const out = b.slice()
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < j; k++) out[j] -= l[j * n + k] * out[k]
    out[j] /= l[j * n + j]
  }
  for (let j = n - 1; j >= 0; j--) {
    for (let k = j + 1; k < n; k++) out[j] -= l[k * n + j] * out[k]
    out[j] /= l[j * n + j]
  }
  return out
}
