import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import type { Frame } from '../frame.ts'
import type { TaskSetSummary } from '../method.ts'
import { coefficientsOf, crowding, momentsOf } from './moments.ts'
import type { Moments } from './moments.ts'
import { proximalGradient } from './proximal.ts'
import { search } from '../search.ts'

/**
 * Trace-norm multi-task learning (Ji and Ye 2009): the lines of all tasks are mixtures of a few. Over the weights
 * W [input, task]
 *   sum over tasks of 1/(2 n_t) |y_t - b_t - X_t w_t|^2  +  penalty |W|_*
 * where |W|_* is the sum of the singular values, the intercepts are free, targets are standardised on the training
 * rows, and each task's loss is over its own n_t measured cells. Accelerated proximal gradient (proximal.ts): a step
 * along the slope, then every singular value less penalty / L. L is the largest curvature of any task.
 */
const Params = z.strictObject({
  penalty: z
    .number()
    .gt(0)
    .max(1e6)
    .default(0.02)
    .describe('Strength of the penalty; the larger, the fewer lines the tasks are mixtures of.')
    .meta(search({ log: [0.0005, 0.5] })),
})

export const traceNorm = linearMethod<z.infer<typeof Params>>({
  id: 'trace-norm',
  family: 'multitask',
  name: 'Trace norm',
  about: 'Straight lines that are mixtures of a few common ones, as few as the tasks allow.',
  cite: 'Ji and Ye 2009, An accelerated gradient method for trace norm minimization',
  params: Params,
  twins: ['ridge'],
  work: (s) => traceNormWork(s, 1),
  fit: (frame, { penalty }) => fitTraceNorm(frame, penalty),
})

/**
 * Second moments once, then steps, each a slope and a decomposition: 200 to 2,500 steps, as measured on Mulan's sets and
 * school. `longer`: how many times as many steps.
 */
export function traceNormWork(s: TaskSetSummary, longer: number): number {
  const [less, more] = [Math.min(s.features, s.tasks), Math.max(s.features, s.tasks)]
  const steps = longer * Math.min(2500, 200 + 6000 * crowding(s))
  const each = s.features ** 2 * s.tasks + 1.5 * less ** 2 * more + 20 * less ** 3 + 2500
  return s.features ** 2 * s.rows * s.targets + steps * each
}

function fitTraceNorm(frame: Frame, penalty: number): Linear {
  const { encoder, outputs } = frame
  const width = encoder.names.length
  const moments = momentsOf(frame)
  const { weights, rank } = width ? solveTraceNorm(moments, penalty) : { weights: new Float64Array(0), rank: 0 }
  const coefficients = coefficientsOf(weights, moments, outputs)
  return { encoder, outputs, coefficients, fresh: null, parameters: rank * (width + outputs.length) + outputs.length }
}

/** W [input, task] and its rank. */
export function solveTraceNorm(moments: Moments[], penalty: number): { weights: Float64Array; rank: number } {
  const tasks = moments.length
  const width = moments[0].centre.length
  const steepest = steepestOf(moments)
  const start = new Float64Array(width * tasks)
  if (!(steepest > 0)) return { weights: start, rank: 0 }
  let rank = 0
  const weights = proximalGradient({
    start,
    steepest,
    slope: (at, out) => slopeOf(moments, at, out),
    near(next) {
      const low = fewer(next, width, tasks, penalty / steepest)
      rank = low.rank
      return low.values
    },
  })
  return { weights, rank }
}

/** Of sum over tasks of 1/(2 n) |y - X w_t|^2 at W [input, task]. */
export function slopeOf(moments: readonly Moments[], at: Float64Array, out: Float64Array): void {
  const tasks = moments.length
  moments.forEach(({ gram, cross, centre: { length: width } }, t) => {
    for (let j = 0; j < width; j++) {
      let slope = -cross[j]
      for (let l = 0; l < width; l++) slope += gram[j * width + l] * at[l * tasks + t]
      out[j * tasks + t] = slope
    }
  })
}

/** The largest curvature of any task. */
export const steepestOf = (moments: readonly Moments[]): number =>
  Math.max(...moments.map(({ gram, centre }) => largestCurvature(gram, centre.length)))

/**
 * Every singular value of W [rows, columns] less `by`, at least 0: U diag(max(0, 1 - by / s)) U' W, from the eigenvectors
 * U and values s^2 of W W' (of W' W where that is smaller). Values so small that their squares drown in rounding are
 * dropped anyway.
 */
export function fewer(values: Float64Array, rows: number, columns: number, by: number) {
  const wide = rows <= columns
  const n = wide ? rows : columns
  const other = wide ? columns : rows
  // The lines of W along its shorter side, [n, other].
  const [step, stride] = wide ? [columns, 1] : [1, columns]
  const gram = new Matrix(n, n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = 0; k < other; k++) sum += values[i * step + k * stride] * values[j * step + k * stride]
      gram.set(i, j, sum)
      gram.set(j, i, sum)
    }
  const { realEigenvalues: squares, eigenvectorMatrix: u } = new EigenvalueDecomposition(gram, {
    assumeSymmetric: true,
  })
  const kept = squares.flatMap((square, k) => (square > by * by ? [k] : []))
  const shrink = new Float64Array(n * n)
  for (const k of kept) {
    const share = 1 - by / Math.sqrt(squares[k])
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) shrink[i * n + j] += share * u.get(i, k) * u.get(j, k)
  }
  const out = new Float64Array(rows * columns)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const share = shrink[i * n + j]
      for (let c = 0; c < other; c++) out[i * step + c * stride] += share * values[j * step + c * stride]
    }
  return { values: out, rank: kept.length }
}

/** An upper bound of the largest eigenvalue of a symmetric matrix: its largest row sum, or its trace where smaller. */
function largestCurvature(gram: Float64Array, width: number): number {
  let trace = 0
  let most = 0
  for (let j = 0; j < width; j++) {
    trace += gram[j * width + j]
    let sum = 0
    for (let l = 0; l < width; l++) sum += Math.abs(gram[j * width + l])
    most = Math.max(most, sum)
  }
  return Math.min(trace, most)
}
