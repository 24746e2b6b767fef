import type { Expr } from './expr.ts'
import { add, div, mul, sqrt, square, sub } from './ops/elementwise.ts'
import { mean } from './ops/reduce.ts'

const EPSILON = 1e-5

/** x with mean 0 and variance 1 along `axes`, then times `gain` plus `bias`, which stretch over x. */
export function normalize(x: Expr, axes: readonly number[], gain: Expr, bias: Expr, epsilon = EPSILON): Expr {
  const centred = sub(x, mean(x, axes, true))
  const spread = sqrt(add(mean(square(centred), axes, true), epsilon))
  return add(mul(div(centred, spread), gain), bias)
}

/** Layer norm (Ba et al. 2016): over the last axis; gain and bias [last]. */
export const layerNorm = (x: Expr, gain: Expr, bias: Expr): Expr => normalize(x, [x.shape.length - 1], gain, bias)

/**
 * Batch norm (Ioffe and Szegedy 2015) by the statistics of this batch: over every axis but the last and, where `tasks`
 * says so, the first. Gain and bias [last], or what stretches.
 */
export const batchNorm = (x: Expr, gain: Expr, bias: Expr, tasks = false): Expr =>
  normalize(
    x,
    x.shape.slice(0, -1).flatMap((_, axis) => (tasks && axis === 0 ? [] : [axis])),
    gain,
    bias,
  )
