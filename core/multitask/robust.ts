import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import type { Frame } from '../frame.ts'
import { search } from '../search.ts'
import { coefficientsOf, momentsOf } from './moments.ts'
import type { Moments } from './moments.ts'
import { proximalGradient } from './proximal.ts'
import { fewer, slopeOf, steepestOf, traceNormWork } from './traceNorm.ts'

/**
 * Robust multi-task learning (Chen, Zhou and Ye 2011): the lines of most tasks are mixtures of a few, and some tasks,
 * outliers, have a line of their own. Over W = L + S, both [input, task],
 *   sum over tasks of 1/(2 n_t) |y_t - b_t - X_t w_t|^2  +  penalty (|L|_*  +  apart sum_t |s_t|)
 * with the trace norm of L and the lengths of the columns of S; targets are standardised and the loss is as in
 * traceNorm.ts. One task costs `apart` times as much in S as in L, and k tasks with one line cost sqrt(k) times
 * as much as one in L: so tasks that are fewer than about 1 / apart^2 alike stand apart, and from 1 on none does, since
 * |S|_* <= sum_t |s_t|: then it is the trace norm. Accelerated proximal gradient (proximal.ts) on both parts.
 */
const Params = z.strictObject({
  penalty: z
    .number()
    .gt(0)
    .max(1e6)
    .default(0.02)
    .describe('Strength of the penalty; the larger, the fewer lines the tasks are mixtures of.')
    .meta(search({ log: [0.0005, 0.5] })),
  apart: z
    .number()
    .gt(0)
    .max(1e6)
    .default(0.6)
    .describe('Price of a line outside the common ones, as a share of the penalty; from 1 on no task stands apart.')
    .meta(search({ log: [0.2, 1] })),
})
type Params = z.infer<typeof Params>

export const robust = linearMethod<Params>({
  id: 'robust',
  family: 'multitask',
  name: 'Robust sharing',
  about: 'Straight lines that are mixtures of a few common ones, but tasks unlike all others may stand apart.',
  cite: 'Chen, Zhou and Ye 2011, Integrating low-rank and group-sparse structures for robust multi-task learning',
  params: Params,
  twins: ['ridge'],
  work: (s) => traceNormWork(s, 1.7),
  fit: fitRobust,
})

function fitRobust(frame: Frame, params: Params): Linear {
  const { encoder, outputs } = frame
  const width = encoder.names.length
  const moments = momentsOf(frame)
  const { common, own, rank, apart } = width
    ? solveRobust(moments, params)
    : { common: new Float64Array(0), own: new Float64Array(0), rank: 0, apart: 0 }
  const weights = common.map((value, i) => value + own[i])
  const coefficients = coefficientsOf(weights, moments, outputs)
  const parameters = rank * (width + outputs.length) + apart * width + outputs.length
  return { encoder, outputs, coefficients, fresh: null, parameters }
}

/** L and S [input, task], the rank of L, and how many tasks stand apart. */
export function solveRobust(moments: Moments[], { penalty, apart }: Params) {
  const tasks = moments.length
  const width = moments[0].centre.length
  const each = width * tasks
  // The loss is of L + S: where both move, it bends twice as much.
  const steepest = 2 * steepestOf(moments)
  const start = new Float64Array(2 * each)
  if (!(steepest > 0)) return { common: start.subarray(0, each), own: start.subarray(each), rank: 0, apart: 0 }
  let rank = 0
  const found = proximalGradient({
    start,
    steepest,
    slope(at, out) {
      const sum = at.subarray(0, each).map((value, i) => value + at[each + i])
      slopeOf(moments, sum, out.subarray(0, each))
      out.copyWithin(each, 0, each)
    },
    near(next) {
      const low = fewer(next.subarray(0, each), width, tasks, penalty / steepest)
      rank = low.rank
      next.set(low.values)
      shorten(next.subarray(each), tasks, (apart * penalty) / steepest)
      return next
    },
  })
  const own = found.subarray(each)
  const standing = moments.filter((_, t) => lengthOf(own, tasks, t) > 0)
  return { common: found.subarray(0, each), own, rank, apart: standing.length }
}

/** Every column of [input, task] shorter by `by`, at least 0. */
function shorten(values: Float64Array, tasks: number, by: number): void {
  for (let t = 0; t < tasks; t++) {
    const length = lengthOf(values, tasks, t)
    const share = length > by ? 1 - by / length : 0
    for (let i = t; i < values.length; i += tasks) values[i] *= share
  }
}

function lengthOf(values: Float64Array, tasks: number, t: number): number {
  let sum = 0
  for (let i = t; i < values.length; i += tasks) sum += values[i] ** 2
  return Math.sqrt(sum)
}
