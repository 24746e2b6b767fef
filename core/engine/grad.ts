import type { Expr } from './expr.ts'
import { misfit, topological } from './expr.ts'
import { add } from './ops/elementwise.ts'
import { broadcastTo } from './ops/layout.ts'
import { constant } from './ops/leaf.ts'
import { sumTo } from './ops/reduce.ts'

/**
 * Reverse-mode differentiation as a walk from graph to graph (Griewank and Walther 2008): the result is made of the
 * same operations, so that it can be differentiated again, exactly.
 *
 * @param loss  a float scalar
 * @param wrt   expressions that the loss was made from: inputs, locals of a loop, or anything in between
 * @returns the gradient for each of `wrt`, of its shape; zeros where the loss does not depend on it
 */
export function grad(loss: Expr, wrt: readonly Expr[]): Expr[] {
  if (loss.shape.length !== 0 || loss.dtype !== 'float') throw misfit('grad', [loss], 'wants a float scalar')
  const order = topological([loss])
  const needed = new Set<Expr>(wrt)
  for (const node of order) if (node.inputs.some((input) => needed.has(input))) needed.add(node)

  const gradients = new Map<Expr, Expr>([[loss, constant(1)]])
  const ofParts = new Map<Expr, Expr[]>()
  const sumUp = (before: Expr | undefined, more: Expr) => (before === undefined ? more : add(before, more))
  for (const node of order.reverse()) {
    const parts = ofParts.get(node)
    const g = gradients.get(node) ?? parts?.find((part) => part !== undefined)
    if (g === undefined || !node.inputs.some((input) => needed.has(input))) continue
    if (node.op === 'part') {
      const [tuple] = node.inputs
      const { index } = node.attrs as { index: number }
      const slots = ofParts.get(tuple) ?? []
      slots[index] = sumUp(slots[index], g)
      ofParts.set(tuple, slots)
      continue
    }
    node.rule.vjp(node, g, parts ?? []).forEach((share, i) => {
      const target = node.inputs[i]
      if (share !== null && needed.has(target))
        gradients.set(target, sumUp(gradients.get(target), sumTo(share, target.shape)))
    })
  }
  return wrt.map((x) => gradients.get(x) ?? broadcastTo(constant(0), x.shape))
}
