import { z } from 'zod'
import { balancer } from './balancer.ts'
import { dot } from '../dot.ts'
import { filled, times, trace } from './gram.ts'
import { minNorm } from './minNorm.ts'
import { search } from '../search.ts'

/**
 * CAGrad (Liu et al. 2021): of the directions within c |g_0| of the mean gradient g_0, the one that helps the worst
 * task most.
 *   w minimises  g_w . g_0 + c |g_0| |g_w|  over the simplex,   d = g_0 + c |g_0| g_w / |g_w|
 * The authors' smoothing: |g_w| is sqrt(g_w . g_w + 1e-4), and 1e-4 more below the last fraction; |g_0| is the root of
 * |sum of g_t|^2 + 1e-4, over T.
 *
 * Solved exactly: k sqrt(q) is the least of q / (2 m) + k^2 m / 2 over m > 0, which is convex in (w, m) together, and
 * for a given m the best w is that of the shortest vector in the hull of g_t + m g_0. What is left is the root in m of
 * sqrt(q(w(m))) = k m, found by false position (Illinois; Dowell and Jarratt 1971).
 */
const SMOOTH = 1e-4

export const caGrad = balancer({
  id: 'cagrad',
  name: 'CAGrad',
  about: 'Near the mean gradient, the direction that helps the worst-off task most. For steady conflict.',
  formula: 'd = g_0 + c |g_0| g_w / |g_w|, w minimises g_w . g_0 + c |g_0| |g_w|',
  cite: 'Liu et al. 2021, Conflict-averse gradient descent for multi-task learning',
  group: 'common',
  needs: 'gram',
  params: {
    conflictAversion: z
      .number()
      .min(0)
      .lt(1)
      .default(0.4)
      .describe(
        'How far the direction may be from the mean gradient, for the sake of the worst-off task; 0 is the mean.',
      )
      .meta(search({ linear: [0.1, 0.9] })),
  },
  update(state, { losses, gram }, { conflictAversion }) {
    return { weights: caWeights(gram, losses.length, conflictAversion), state }
  },
})

function caWeights(gram: Float64Array, n: number, c: number): Float64Array {
  const mean = filled(n, 1 / n)
  const pull = times(gram, mean) // [task] g_t . g_0
  const square = dot(mean, pull)
  const reach = c * Math.sqrt(Math.max(0, square) + SMOOTH / n ** 2)
  if (!(reach > 0) || !(trace(gram, n) > 0)) return mean
  const smooth = (w: Float64Array) => Math.sqrt(Math.max(0, dot(w, times(gram, w))) + SMOOTH)
  const best = (m: number) => {
    const shifted = gram.slice()
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) shifted[i * n + j] += m * (pull[i] + pull[j]) + m * m * square
    return minNorm(shifted, n)
  }
  // At 0 the left side is larger, at the longest gradient over k the right one.
  let low = 0
  let w = best(0)
  let atLow = smooth(w)
  let high = Math.sqrt(Math.max(...mean.map((_, i) => gram[i * n + i])) + SMOOTH) / reach
  let atHigh = smooth(best(high)) - reach * high
  if (atHigh > 0) atHigh = 0
  for (let round = 0; round < 60 && high - low > 1e-11 * high; round++) {
    const m = atHigh === 0 ? high : (low * atHigh - high * atLow) / (atHigh - atLow)
    w = best(m)
    const value = smooth(w) - reach * m
    if (Math.abs(value) <= 1e-11 * reach * high) break
    if (value > 0) {
      low = m
      atLow = value
      atHigh /= 2
    } else {
      high = m
      atHigh = value
      atLow /= 2
    }
  }
  const by = reach / (smooth(w) + SMOOTH)
  return w.map((value) => 1 / n + by * value)
}
