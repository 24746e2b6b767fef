import { z } from 'zod'
import { UserError } from '../errors.ts'
import { normalQuantile } from '../stats/distributions.ts'

/**
 * Scales for number targets, fitted on training rows alone; predictions come back to the target's own unit.
 *   log      z = ln y
 *   box-cox  z = (y^l - 1) / l, with l of the largest likelihood (Box and Cox 1964): it minimises the variance of z once y
 *            is divided by its geometric mean; l is looked for in [-5, 5] by golden sections
 *   rank     z = Phi^-1((rank - 1/2) / n), ties share their mean rank (normal scores, van der Waerden 1952); in between
 *            straight lines, beyond the training values flat
 * What comes back from log and Box-Cox is held within one width of the training values (on the transformed scale) beyond
 * either end, so that no prediction becomes infinite. The mean of z comes back as something like the median of y: see
 * docs/transforms.md.
 */
export const SCALES = ['log', 'box-cox', 'rank'] as const
export const Scale = z.enum(SCALES)
export type Scale = z.infer<typeof Scale>

export const FittedScale = z.discriminatedUnion('scale', [
  z.object({ target: z.string(), scale: z.literal('log'), low: z.number(), high: z.number() }),
  z.object({ target: z.string(), scale: z.literal('box-cox'), lambda: z.number(), low: z.number(), high: z.number() }),
  /** Knots of the map, both rising. */
  z.object({ target: z.string(), scale: z.literal('rank'), y: z.array(z.number()), z: z.array(z.number()) }),
])
export type FittedScale = z.infer<typeof FittedScale>

/** Knots that stand for the training values; more would only make models larger. */
const KNOTS = 257

export function fitScale(target: string, scale: Scale, values: Float64Array): FittedScale {
  if (scale === 'rank') return { target, scale, ...normalScores(values) }
  const least = values.reduce((a, b) => Math.min(a, b), Infinity)
  if (!(least > 0)) throw notPositive(target, scale, least)
  const fitted = scale === 'log' ? { target, scale } : { target, scale, lambda: boxCoxLambda(values) }
  const at = values.map((y) => forward({ ...fitted, low: 0, high: 0 }, y))
  const low = at.reduce((a, b) => Math.min(a, b))
  const high = at.reduce((a, b) => Math.max(a, b))
  return { ...fitted, low: 2 * low - high, high: 2 * high - low }
}

export function notPositive(target: string, scale: Scale, got: number): UserError {
  return new UserError({
    code: 'transform.not-positive',
    who: `transform "${scale}" of target "${target}"`,
    rule: 'It takes numbers above 0 only.',
    got: String(got),
    remedy: 'Choose the transform "rank", which takes any number, or add a constant to the column in the file.',
  })
}

/** Near 0 the power is the logarithm. */
const LOG = 1e-6

export function forward(fitted: FittedScale, y: number): number {
  switch (fitted.scale) {
    case 'log':
      return Math.log(y)
    case 'box-cox':
      return Math.abs(fitted.lambda) < LOG ? Math.log(y) : Math.expm1(fitted.lambda * Math.log(y)) / fitted.lambda
    case 'rank':
      return between(fitted.y, fitted.z, y)
  }
}

export function backward(fitted: FittedScale, value: number): number {
  if (fitted.scale === 'rank') return between(fitted.z, fitted.y, value)
  const held = Math.min(fitted.high, Math.max(fitted.low, value))
  if (fitted.scale === 'log' || Math.abs(fitted.lambda) < LOG) return Math.exp(held)
  return Math.max(leastBase(fitted), 1 + fitted.lambda * held) ** (1 / fitted.lambda)
}

/** What 1 + l z may not fall below: 0 is y = 0 where l > 0; where l < 0 it would be an infinite y. */
export function leastBase({ lambda, low, high }: Extract<FittedScale, { scale: 'box-cox' }>): number {
  if (lambda > 0) return 0
  // The largest training value is the middle of the upper third: a hundred times it at most.
  const largest = (1 + lambda * (high - (high - low) / 3)) ** (1 / lambda)
  return (100 * largest) ** lambda
}

/** Straight lines between knots, flat beyond; NaN stays NaN. */
function between(from: readonly number[], to: readonly number[], at: number): number {
  if (Number.isNaN(at)) return NaN
  let low = 0
  let high = from.length - 1
  if (at <= from[low]) return to[low]
  if (at >= from[high]) return to[high]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (from[middle] <= at) low = middle
    else high = middle
  }
  return to[low] + ((to[high] - to[low]) * (at - from[low])) / (from[high] - from[low])
}

function normalScores(values: Float64Array): { y: number[]; z: number[] } {
  const sorted = Float64Array.from(values).sort()
  const n = sorted.length
  const knots: { y: number; z: number }[] = []
  for (let from = 0; from < n;) {
    let to = from
    while (to < n && sorted[to] === sorted[from]) to++
    knots.push({ y: sorted[from], z: normalQuantile((from + to) / 2 / n) })
    from = to
  }
  const step = Math.max(1, (knots.length - 1) / (KNOTS - 1))
  const kept = Array.from({ length: Math.min(knots.length, KNOTS) }, (_, i) => knots[Math.round(i * step)])
  return { y: kept.map((knot) => knot.y), z: kept.map((knot) => knot.z) }
}

/** Exported for its test against scipy. */
export function boxCoxLambda(values: Float64Array): number {
  const logs = values.map((y) => Math.log(y))
  const centre = logs.reduce((sum, v) => sum + v, 0) / logs.length
  const spread = (lambda: number) => {
    let mean = 0
    let squares = 0
    logs.forEach((log, i) => {
      const u = log - centre
      const at = Math.abs(lambda) < LOG ? u : Math.expm1(lambda * u) / lambda
      const step = at - mean
      mean += step / (i + 1)
      squares += step * (at - mean)
    })
    return squares
  }
  const golden = (Math.sqrt(5) - 1) / 2
  let [a, b] = [-5, 5]
  let [c, d] = [b - golden * (b - a), a + golden * (b - a)]
  let [atC, atD] = [spread(c), spread(d)]
  while (b - a > 1e-9) {
    if (atC < atD) {
      b = d
      d = c
      atD = atC
      c = b - golden * (b - a)
      atC = spread(c)
    } else {
      a = c
      c = d
      atC = atD
      d = a + golden * (b - a)
      atD = spread(d)
    }
  }
  return (a + b) / 2
}
