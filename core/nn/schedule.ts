import { add, cos, div, exp, floor, maximum, minimum, mul, reshape, sqrt, square, sub, sum } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'

/**
 * What a training loop does to its gradient and its learning rate, in the graph.
 *
 * Clipping (Pascanu et al. 2013): g min(1, most / |g|), so that its Euclidean length is at most `most`.
 */
export const clipByNorm = (gradient: Expr, most: Expr): Expr => mul(gradient, shrink(sum(square(gradient)), most))

/** The same for networks side by side, gradients [net, ...] each: every network by the length of its own. */
export function clipEach(gradients: readonly Expr[], most: Expr): Expr[] {
  const squares = gradients.map((g) => sum(square(g), others(g))).reduce(add) // [net]
  const factor = shrink(squares, most)
  return gradients.map((g) => mul(g, reshape(factor, [g.shape[0], ...others(g).map(() => 1)])))
}

const others = (g: Expr): number[] => g.shape.slice(1).map((_, i) => i + 1)
const shrink = (squares: Expr, most: Expr): Expr => minimum(1, div(most, maximum(sqrt(squares), 1e-30)))

export const SCHEDULES = ['constant', 'cosine', 'step'] as const
export type ScheduleName = (typeof SCHEDULES)[number]
/** Scalars, in steps: how long the rate rises, how long all training is, how often it drops, and log of the factor. */
export type Course = Record<'rise' | 'steps' | 'every' | 'logFactor', Expr>

/**
 * The learning rate of step `t`, counted from 1. All but a constant one first rise in a line from 0, over `rise` steps:
 *   cosine  falls along a half cosine to 0 at `steps` (Loshchilov and Hutter 2017)
 *   step    is multiplied by a factor after every `every` steps (He et al. 2016)
 */
export function scheduled(name: ScheduleName, lr: Expr, t: Expr, { rise, steps, every, logFactor }: Course): Expr {
  if (name === 'constant') return lr
  const risen = mul(lr, minimum(1, div(t, maximum(rise, 1))))
  if (name === 'step') return mul(risen, exp(mul(logFactor, floor(div(sub(t, 1), every)))))
  const past = div(maximum(sub(t, rise), 0), maximum(sub(steps, rise), 1))
  return mul(risen, mul(0.5, add(1, cos(mul(Math.PI, minimum(past, 1))))))
}
