import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import type { Frame } from '../frame.ts'
import type { Method } from '../method.ts'
import { coefficientsOf, crowding, momentsOf } from './moments.ts'
import type { Moments } from './moments.ts'
import { search } from '../search.ts'

/**
 * Multi-task lasso and elastic net: an input is used by all tasks or by none. Over the weights W [input, task]
 *   sum over tasks of 1/(2 n_t) |y_t - b_t - X_t w_t|^2  +  penalty ratio sum_j |W_j|  +  penalty (1 - ratio) / 2 |W|^2
 * where |W_j| is the length of an input's row (the L2,1 norm; Obozinski, Taskar and Jordan 2010), the intercepts are
 * free, and targets are standardised on the training rows. Each task's loss is over its own n_t measured cells, so
 * targets may have holes and tasks may have rows of their own; where every cell is measured it is scikit-learn's
 * MultiTaskElasticNet. Solved one input at a time, each exactly (block coordinate descent).
 */
const LassoParams = z.strictObject({
  penalty: z
    .number()
    .gt(0)
    .max(1e6)
    .default(0.02)
    .describe('Strength of the penalty; the larger, the fewer inputs are used.')
    .meta(search({ log: [0.0005, 0.5] })),
})
const NetParams = LassoParams.extend({
  ratio: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of the penalty that leaves inputs out; the rest only shrinks them.')
    .meta(search({ linear: [0.05, 1] })),
})
type NetParams = z.infer<typeof NetParams>

// Second moments once, then 200 to 4,000 rounds over the inputs, cheaper where most must be left out (Mulan, school).
const work: Method['work'] = (s) => {
  const crowded = crowding(s)
  const rounds = Math.min(4000, 200 + 4000 * crowded) * Math.min(1, 1 / (2 * crowded))
  return s.features ** 2 * s.rows * s.targets + rounds * s.features * s.tasks * (1.25 * s.features + 12) + 1
}

export const multiTaskLasso = linearMethod<z.infer<typeof LassoParams>>({
  id: 'multi-task-lasso',
  family: 'multitask',
  name: 'Multi-task lasso',
  about: 'Straight lines that all tasks draw from the same few inputs; the other inputs are left out for all.',
  cite: 'Obozinski, Taskar and Jordan 2010, Joint covariate selection and joint subspace selection',
  params: LassoParams,
  twins: ['ridge'],
  work,
  fit: (frame, { penalty }) => fitNet(frame, { penalty, ratio: 1 }),
})

export const multiTaskElasticNet = linearMethod<NetParams>({
  id: 'multi-task-elastic-net',
  family: 'multitask',
  name: 'Multi-task elastic net',
  about: 'Like the multi-task lasso, but inputs that say the same are kept together rather than one of them picked.',
  cite: 'Zou and Hastie 2005, Regularization and variable selection via the elastic net; Obozinski et al. 2010',
  params: NetParams,
  twins: ['ridge'],
  work,
  fit: fitNet,
})

function fitNet(frame: Frame, params: NetParams): Linear {
  const { encoder, outputs } = frame
  const moments = momentsOf(frame)
  const weights = solveNet(moments, params)
  const used = weights.reduce((count, w) => count + Number(w !== 0), 0)
  const coefficients = coefficientsOf(weights, moments, outputs)
  return { encoder, outputs, coefficients, fresh: null, parameters: used + outputs.length }
}

/** Returns W [input, task]; an input left out is 0 in all tasks. */
export function solveNet(moments: Moments[], { penalty, ratio }: NetParams): Float64Array {
  const tasks = moments.length
  const width = moments[0].centre.length
  const [lasso, ridge] = [penalty * ratio, penalty * (1 - ratio)]
  const weights = new Float64Array(width * tasks)
  // What each input still finds in the residuals of each task: X'(y - X w) / n.
  const left = moments.map(({ cross }) => cross.slice())
  const pull = new Float64Array(tasks)
  const curve = new Float64Array(tasks)
  const fresh = new Float64Array(tasks)
  for (let round = 0; round < 20_000; round++) {
    let moved = 0
    let largest = 0
    for (let j = 0; j < width; j++) {
      for (let t = 0; t < tasks; t++) {
        const own = moments[t].gram[j * width + j]
        pull[t] = left[t][j] + own * weights[j * tasks + t]
        curve[t] = own + ridge
      }
      shrunken(pull, curve, lasso, fresh)
      for (let t = 0; t < tasks; t++) {
        const step = fresh[t] - weights[j * tasks + t]
        largest = Math.max(largest, Math.abs(fresh[t]))
        if (step === 0) continue
        moved = Math.max(moved, Math.abs(step))
        weights[j * tasks + t] = fresh[t]
        const { gram } = moments[t]
        for (let l = 0; l < width; l++) left[t][l] -= step * gram[j * width + l]
      }
    }
    if (moved <= 1e-10 * largest) break
  }
  return weights
}

/**
 * argmin over w of sum_t (curve_t w_t^2 / 2 - pull_t w_t) + lasso |w|, written into `out`: 0 where |pull| <= lasso,
 * else w_t = pull_t s / (curve_t s + lasso) with the length s = |w|. s solves 1 / |pull / (curve s + lasso)| = 1, whose
 * left side is concave and grows, so that Newton's steps from 0 never overshoot; with equal curves s = (|pull| - lasso) / curve.
 */
function shrunken(pull: Float64Array, curve: Float64Array, lasso: number, out: Float64Array): void {
  if (lasso === 0) {
    for (let t = 0; t < pull.length; t++) out[t] = curve[t] > 0 ? pull[t] / curve[t] : 0
    return
  }
  let length = 0
  let alike = true
  for (let t = 0; t < pull.length; t++) {
    length += pull[t] * pull[t]
    alike &&= curve[t] === curve[0]
  }
  length = Math.sqrt(length)
  if (length <= lasso) return void out.fill(0)
  let s = alike ? (length - lasso) / curve[0] : 0
  for (let tries = alike ? 50 : 0; tries < 50; tries++) {
    let squares = 0
    let slope = 0
    for (let t = 0; t < pull.length; t++) {
      const below = curve[t] * s + lasso
      const ratio = pull[t] / below
      const square = ratio * ratio
      squares += square
      slope += (square * curve[t]) / below
    }
    // 1 / sqrt(squares) has the slope squares^(-3/2) slope.
    const root = Math.sqrt(squares)
    const step = ((root - 1) * squares) / slope
    s += step
    if (!(step > 1e-15 * s)) break
  }
  for (let t = 0; t < pull.length; t++) out[t] = (pull[t] * s) / (curve[t] * s + lasso)
}
