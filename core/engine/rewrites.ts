import type { Expr } from './expr.ts'
import { UNKNOWN, apply, product, sameShape } from './expr.ts'
import { evaluate } from './evaluate.ts'
import { add, mul, neg, sub } from './ops/elementwise.ts'
import { broadcastTo, reshape, transpose } from './ops/layout.ts'
import type { ConstantAttrs } from './ops/leaf.ts'
import { constant } from './ops/leaf.ts'
import { matmul } from './ops/linear.ts'
import type { Reduction } from './ops/reduce.ts'
import { elements } from './value.ts'

/** Rules of algebra: each looks at one node and gives an equal, cheaper one of the same type, or null. */
export type Rewrite = (node: Expr) => Expr | null

/** Folding must not make a file large: beyond this many numbers an expression stays. */
const LARGEST_FOLD = 65_536

const isNumber = (x: Expr, value: number): boolean =>
  x.op === 'constant' && (x.attrs as ConstantAttrs).data.every((v) => v === value) && x.dtype === 'float'
const stretched = (x: Expr): Expr => (x.op === 'broadcastTo' ? x.inputs[0] : x)
/** `x` where it already has the node's shape, else `x` stretched to it. */
const as = (node: Expr, x: Expr): Expr => broadcastTo(x, node.shape)

const ONE_FLOAT = new Set('neg exp log sqrt abs sign tanh sigmoid relu softplus pow cast'.split(' '))
const TWO_FLOATS = new Set('add sub mul div maximum minimum greater equal where'.split(' '))

/** All inputs are constants: compute it now. */
const fold: Rewrite = (node) => {
  if (node.inputs.length === 0 || node.dtype === 'tuple' || node.op === 'part') return null
  if (!node.inputs.every((x) => x.op === 'constant') || node.shape.some((dim) => typeof dim === 'string')) return null
  if (elements(node.shape as number[]) > LARGEST_FOLD) return null
  const [{ shape, data }] = evaluate([node], new Map(), new Map())
  return constant(data, shape, node.dtype as 'float' | 'int64' | 'bool')
}

/** x + 0, x - 0, 0 - x, x * 1, x / 1, x * -1, - -x, x to the power 1. */
const neutral: Rewrite = (node) => {
  const [a, b] = node.inputs
  switch (node.op) {
    case 'add':
      return isNumber(b, 0) ? as(node, a) : isNumber(a, 0) ? as(node, b) : null
    case 'sub':
      return isNumber(b, 0) ? as(node, a) : isNumber(a, 0) ? as(node, neg(b)) : null
    case 'mul':
      if (isNumber(b, 1)) return as(node, a)
      if (isNumber(a, 1)) return as(node, b)
      return isNumber(b, -1) ? as(node, neg(a)) : isNumber(a, -1) ? as(node, neg(b)) : null
    case 'div':
      return isNumber(b, 1) ? as(node, a) : null
    case 'neg':
      return a.op === 'neg' ? a.inputs[0] : null
    case 'pow':
      return (node.attrs as { exponent: number }).exponent === 1 ? a : null
    default:
      return null
  }
}

/** a + -b = a - b, a - -b = a + b, -a + b = b - a, and -a s = a (-s) for a scalar s. */
const signs: Rewrite = (node) => {
  const [a, b] = node.inputs
  if (node.op === 'add' && b.op === 'neg') return sub(a, b.inputs[0])
  if (node.op === 'add' && a.op === 'neg') return sub(b, a.inputs[0])
  if (node.op === 'sub' && b.op === 'neg') return add(a, b.inputs[0])
  if (node.op === 'mul' && a.op === 'neg' && b.shape.length === 0) return mul(a.inputs[0], neg(b))
  if (node.op === 'mul' && b.op === 'neg' && a.shape.length === 0) return mul(neg(a), b.inputs[0])
  return null
}

/** x + x = 2 x, and s (t x) = (s t) x for scalars s and t: fewer passes over large tensors. */
const scalars: Rewrite = (node) => {
  const [a, b] = node.inputs
  if (node.op === 'add' && a === b) return mul(2, a)
  if (node.op !== 'mul') return null
  for (const [s, product] of [
    [a, b],
    [b, a],
  ]) {
    if (s.shape.length > 0 || product.op !== 'mul' || product.shape.length === 0) continue
    const [t, x] = product.inputs[0].shape.length === 0 ? product.inputs : [...product.inputs].reverse()
    if (t.shape.length === 0) return mul(mul(s, t), x)
  }
  return null
}

/** What elementwise operations stretch by themselves need not be stretched before. */
const lazyStretch: Rewrite = (node) => {
  if (ONE_FLOAT.has(node.op) && node.inputs[0].op === 'broadcastTo')
    return broadcastTo(apply(node.op, node.rule, [stretched(node.inputs[0])], node.attrs), node.shape)
  if (!TWO_FLOATS.has(node.op) || !node.inputs.some((x) => x.op === 'broadcastTo')) return null
  return broadcastTo(apply(node.op, node.rule, node.inputs.map(stretched), node.attrs), node.shape)
}

/** Steps of layout that undo or follow one another. */
const layout: Rewrite = (node) => {
  const [x] = node.inputs
  if (node.op === 'transpose') {
    const { perm } = node.attrs as { perm: number[] }
    if (perm.every((axis, i) => axis === i)) return x
    if (x.op === 'transpose') {
      const first = (x.attrs as { perm: number[] }).perm
      return transpose(
        x.inputs[0],
        perm.map((axis) => first[axis]),
      )
    }
    // Moving only axes of size 1 is a reshape, which costs nothing.
    const moved = perm.filter((axis) => x.shape[axis] !== 1)
    if (moved.every((axis, i) => i === 0 || axis > moved[i - 1])) return reshape(x, node.shape)
  }
  if (node.op === 'reshape') {
    if (x.op === 'reshape') return reshape(x.inputs[0], node.shape)
    if (sameShape(x.shape, node.shape)) return x
    if (x.op === 'broadcastTo' && product(x.inputs[0].shape) === 1)
      return broadcastTo(reshape(x.inputs[0], []), node.shape)
  }
  if (node.op === 'broadcastTo' && x.op === 'broadcastTo') return broadcastTo(x.inputs[0], node.shape)
  if (node.op === 'broadcastTo' && sameShape(x.shape, node.shape)) return x
  return null
}

/** (A B)' = B' A' where that takes a transposition away. */
const transposedProduct: Rewrite = (node) => {
  if (node.op !== 'transpose' || node.inputs[0].op !== 'matmul') return null
  const { perm } = node.attrs as { perm: number[] }
  const rank = perm.length
  const swap = perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i))
  const [a, b] = node.inputs[0].inputs
  if (!swap || (a.op !== 'transpose' && b.op !== 'transpose')) return null
  return matmul(transpose(b), transpose(a))
}

/** A sum over rows is a product with ones, which runs several times faster. */
const sumByProduct: Rewrite = (node) => {
  if (node.op !== 'sum') return null
  const [x] = node.inputs
  const { axes } = node.attrs as Reduction
  if (axes.length !== 1 || axes[0] !== x.shape.length - 2 || String(x.shape[axes[0]]).includes(UNKNOWN)) return null
  const ones = broadcastTo(constant(1), [1, x.shape[axes[0]]])
  return reshape(matmul(ones, x), node.shape)
}

export const RULES: readonly Rewrite[] = [
  fold,
  neutral,
  signs,
  scalars,
  lazyStretch,
  layout,
  transposedProduct,
  sumByProduct,
]
