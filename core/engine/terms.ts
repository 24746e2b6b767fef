import type { Expr } from './expr.ts'
import { sameShape } from './expr.ts'
import { add, mul, neg, sub } from './ops/elementwise.ts'
import { reshape, transpose } from './ops/layout.ts'

/** A summand: minus or plus, a scalar (null: 1), times `x`. */
export type Term = { minus: boolean; scale: Expr | null; x: Expr }

/** `x` as scalar times rest, where it is a product of that kind. */
export function scaled(x: Expr): { scale: Expr; rest: Expr } | null {
  if (x.op !== 'mul' || x.shape.length === 0) return null
  const [a, b] = x.inputs
  return a.shape.length === 0 ? { scale: a, rest: b } : b.shape.length === 0 ? { scale: b, rest: a } : null
}

/** Whether the last two axes, and only they, change places. */
export function swapsLast(node: Expr): boolean {
  if (node.op !== 'transpose') return false
  const { perm } = node.attrs as { perm: number[] }
  const rank = perm.length
  return rank >= 2 && perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i))
}

/**
 * The summands of a sum, looking through signs, scalars, transpositions and changes of shape. A summand may be smaller
 * than the sum and stretch over it.
 */
export function termsOf(node: Expr): Term[] {
  const flip = (terms: Term[]) => terms.map((t) => ({ ...t, minus: !t.minus }))
  if (node.op === 'add') return node.inputs.flatMap(termsOf)
  if (node.op === 'sub') return [...termsOf(node.inputs[0]), ...flip(termsOf(node.inputs[1]))]
  if (node.op === 'neg') return flip(termsOf(node.inputs[0]))
  const by = scaled(node)
  if (by) return termsOf(by.rest).map((t) => ({ ...t, scale: t.scale ? mul(by.scale, t.scale) : by.scale }))
  if (swapsLast(node)) {
    const inner = termsOf(node.inputs[0])
    // A row that stretches over the sum would have to be stretched before it is transposed.
    if (inner.every(({ x }) => sameShape(x.shape.slice(-2), node.inputs[0].shape.slice(-2))))
      return inner.map((t) => ({ ...t, x: transposed(t.x) }))
  }
  if (node.op === 'reshape') {
    const from = node.inputs[0].shape
    const inner = termsOf(node.inputs[0])
    const keeps = (x: Expr) => x.shape.length <= 1 && from.at(-1) === node.shape.at(-1)
    if (inner.length > 1 && inner.every(({ x }) => sameShape(x.shape, from) || keeps(x)))
      return inner.map((t) => (sameShape(t.x.shape, from) ? { ...t, x: reshaped(t.x, node) } : t))
  }
  return [{ minus: false, scale: null, x: node }]
}

const reshaped = (x: Expr, to: Expr): Expr =>
  x.op === 'reshape' ? reshape(x.inputs[0], to.shape) : reshape(x, to.shape)

/** The transpose, without one where there is one already. */
export const transposed = (x: Expr): Expr => (swapsLast(x) ? x.inputs[0] : transpose(x))

/** The summands added up again; the larger and unscaled first. */
export function sumOf(terms: readonly Term[]): Expr {
  const value = ({ scale, x }: Term) => (scale ? mul(scale, x) : x)
  const order = [...terms].sort((a, b) => Number(a.minus) - Number(b.minus))
  const [first, ...rest] = order
  const start = first.minus ? neg(value(first)) : value(first)
  return rest.reduce((total, term) => (term.minus ? sub(total, value(term)) : add(total, value(term))), start)
}
