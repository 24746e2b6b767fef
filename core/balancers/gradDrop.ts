import { abs, add, div, greater, maximum, mul, sub, sum, where } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { balancer } from './balancer.ts'
import { filled } from './gram.ts'

/**
 * GradDrop (Chen et al. 2020): entry by entry a sign is drawn, and only the gradients of that sign are kept.
 *   p = (1 + sum of g_t / sum of |g_t|) / 2,   u uniform;   sum over tasks of g_t where (p > u) = (g_t > 0)
 * It works on the entries themselves, so it is made in the graph; there is no direction of fixed weights.
 */
export const gradDrop = balancer({
  id: 'graddrop',
  name: 'GradDrop',
  about: 'Entry by entry, only gradients of one drawn sign are kept. Adds noise where tasks disagree.',
  formula: 'sum of g_t where sign(g_t) is the drawn one; P(plus) = (1 + sum g / sum |g|) / 2',
  cite: 'Chen et al. 2020, Just pick a sign: gradient sign dropout',
  group: 'more',
  needs: 'gradients',
  update: (state, { losses }) => ({ weights: filled(losses.length, 1), state }),
})

/** gradients [task, parameter], u [parameter] uniform on [0, 1) -> [parameter]. */
export function dropSigns(gradients: Expr, u: Expr): Expr {
  const lean = div(sum(gradients, [0]), maximum(sum(abs(gradients), [0]), 1e-30))
  const plus = greater(mul(0.5, add(1, lean)), u)
  const rising = sum(maximum(gradients, 0), [0])
  return where(plus, rising, sub(sum(gradients, [0]), rising))
}
