import type { Dim, Expr, Shape } from './expr.ts'
import { product, topological } from './expr.ts'

/**
 * What an operation costs on one core, in floating-point operations of a large product (about 10 ps each). Measured:
 * a node costs about half a microsecond beside its work, each matrix of a batch a third of one, and a number that is
 * read or written about as much as ten operations. Symbols count as `TYPICAL`.
 */
const NODE = 50_000
const MATRIX = 30_000
const NUMBER = 10
const TYPICAL = 16

const size = (dim: Dim): number =>
  typeof dim === 'number'
    ? dim
    : dim.split('*').reduce((all, factor) => all * (/^\d+$/.test(factor) ? Number(factor) : TYPICAL), 1)
export const count = (shape: Shape): number => size(product(shape))

/** [..., m, k] x [..., k, n]; a right side that all share makes it one product. */
export function productCost(a: Shape, b: Shape): number {
  const [m, k, n] = [a.at(-2)!, a.at(-1)!, b.at(-1)!].map(size)
  const [left, right] = [a, b].map((shape) => count(shape.slice(0, -2)))
  const batch = Math.max(left, right)
  const matrices = right === 1 ? 1 : batch
  return NODE + 2 * batch * m * k * n + MATRIX * matrices + NUMBER * (count(a) + count(b) + batch * m * n)
}

/** Any operation that passes over its numbers. */
export const passCost = (node: Expr): number =>
  NODE + NUMBER * (count(node.shape) + node.inputs.reduce((sum, input) => sum + count(input.shape), 0))

/** A whole graph; what a loop's body costs is judged where the body is. */
export function graphCost(roots: readonly Expr[]): number {
  let total = 0
  for (const node of topological(roots)) {
    if (node.op === 'matmul') total += productCost(node.inputs[0].shape, node.inputs[1].shape)
    else if (node.op === 'reshape') total += NODE / 2
    // A transposition is part of the product that reads it.
    else if (node.inputs.length > 0 && node.op !== 'transpose' && node.op !== 'loop' && node.op !== 'part')
      total += passCost(node)
  }
  return total
}
