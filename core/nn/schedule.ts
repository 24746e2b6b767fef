import { add, cos, div, maximum, minimum, mul, sqrt, square, sub, sum } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'

/**
 * What a training loop does to its gradient and its learning rate, in the graph.
 *
 * Clipping (Pascanu et al. 2013): g min(1, most / |g|), so that its Euclidean length is at most `most`.
 */
export function clipByNorm(gradient: Expr, most: number): Expr {
  const length = sqrt(sum(square(gradient)))
  return mul(gradient, minimum(1, div(most, maximum(length, 1e-30))))
}

/**
 * A learning rate that rises in a line from 0 over `warmup` steps and then falls along a half cosine to 0 at `steps`
 * (Loshchilov and Hutter 2017). `t` counts steps from 1; all are scalars.
 */
export function warmupCosine(lr: Expr, t: Expr, warmup: Expr, steps: Expr): Expr {
  const rise = minimum(1, div(t, maximum(warmup, 1)))
  const past = div(maximum(sub(t, warmup), 0), maximum(sub(steps, warmup), 1))
  return mul(lr, mul(rise, mul(0.5, add(1, cos(mul(Math.PI, minimum(past, 1)))))))
}
