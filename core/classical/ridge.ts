import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { z } from 'zod'
import type { Frame, OutputCells } from '../frame.ts'
import type { Linear } from './linear.ts'
import { linearMethod } from './linearMethod.ts'

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
    .describe('Strength of the pull of all coefficients towards zero; 0 is plain least squares.'),
})

export const ridge = linearMethod<z.infer<typeof RidgeParams>>({
  id: 'ridge',
  family: 'baseline',
  name: 'Ridge',
  about: 'A straight line per input, each task on its own, held back from extremes. Answers number targets.',
  cite: 'Hoerl and Kennard 1970, Ridge Regression',
  params: RidgeParams,
  beside: ['multitask', 'metalearning'],
  work: (s) => (s.rows * s.features ** 2 + s.tasks * s.features ** 3) * (s.taskColumn ? 1 : s.targets) + 1,
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
export function solveRidge(x: Float64Array, width: number, cells: OutputCells, alpha: number): Float64Array {
  const { at, y, weight } = cells
  const centre = new Float64Array(width)
  let total = 0
  let mean = 0
  for (let i = 0; i < at.length; i++) {
    const w = weight ? weight[i] : 1
    total += w
    mean += w * y[i]
    for (let j = 0; j < width; j++) centre[j] += w * x[at[i] * width + j]
  }
  mean /= total
  for (let j = 0; j < width; j++) centre[j] /= total
  const gram = new Float64Array(width * width)
  const moment = new Float64Array(width)
  const row = new Float64Array(width)
  for (let i = 0; i < at.length; i++) {
    const w = weight ? weight[i] : 1
    for (let j = 0; j < width; j++) row[j] = x[at[i] * width + j] - centre[j]
    for (let j = 0; j < width; j++) {
      if (row[j] === 0) continue
      const scaled = w * row[j]
      moment[j] += scaled * (y[i] - mean)
      for (let k = 0; k <= j; k++) gram[j * width + k] += scaled * row[k]
    }
  }
  const slope = solvePositive(gram, moment, alpha)
  const result = new Float64Array(width + 1)
  result.set(slope)
  result[width] = mean - slope.reduce((sum, b, j) => sum + b * centre[j], 0)
  return result
}

/** (gram + lift I)^-1 moment; gram [n, n] holds the lower triangle. */
export function solvePositive(gram: Float64Array, moment: Float64Array, alpha: number): Float64Array {
  const n = moment.length
  if (n === 0) return new Float64Array(0)
  let largest = 0
  for (let j = 0; j < n; j++) largest = Math.max(largest, gram[j * n + j])
  const matrix = new Matrix(n, n)
  for (let lift = alpha, tries = 0; tries < 12; tries++) {
    for (let j = 0; j < n; j++)
      for (let k = 0; k <= j; k++) {
        const value = gram[j * n + k] + (j === k ? lift : 0)
        matrix.set(j, k, value)
        matrix.set(k, j, value)
      }
    const cholesky = new CholeskyDecomposition(matrix)
    if (cholesky.isPositiveDefinite()) {
      const solved = cholesky.solve(Matrix.columnVector(moment)).to1DArray()
      if (solved.every(Number.isFinite)) return Float64Array.from(solved)
    }
    lift = Math.max(lift * 100, (largest || 1) * 1e-12)
  }
  throw new Error('internal: ridge found no positive definite system')
}
