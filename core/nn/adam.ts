import { add, div, exp, flatten, mul, sqrt, square, sub } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'

/**
 * Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019):
 *   m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2
 *   w = (1 - lr decay) w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 * Biases do not decay. State is one flat vector each; `t` counts steps from 1.
 */
const B1 = 0.9
const B2 = 0.999
const EPS = 1e-8

export type AdamState = { theta: Expr; m: Expr; v: Expr }

export function adam(
  { theta, m, v }: AdamState,
  gradient: Expr,
  t: Expr,
  lr: Expr,
  decay: { rate: Expr; pieces: readonly Expr[]; decays: readonly boolean[] } | null,
): AdamState {
  const nextM = add(mul(B1, m), mul(1 - B1, gradient))
  const nextV = add(mul(B2, v), mul(1 - B2, square(gradient)))
  // Both corrections as scalars: m / (1 - b1^t) / (sqrt(v / c) + eps) = m sqrt(c) / (1 - b1^t) / (sqrt(v) + eps sqrt(c)).
  const unbias = (b: number) => sub(1, exp(mul(t, Math.log(b))))
  const c = sqrt(unbias(B2))
  const size = div(mul(lr, c), unbias(B1))
  const step = mul(div(nextM, add(sqrt(nextV), mul(EPS, c))), size)
  const keep = decay && sub(1, mul(lr, decay.rate))
  const held = decay ? flatten(decay.pieces.map((p, i) => (decay.decays[i] ? mul(p, keep as Expr) : p))) : theta
  return { theta: sub(held, step), m: nextM, v: nextV }
}
