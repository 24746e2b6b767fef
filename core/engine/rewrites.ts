import type { Expr } from './expr.ts'
import { apply, product, sameShape } from './expr.ts'
import { evaluate } from './evaluate.ts'
import { add, mul, neg, sub } from './ops/elementwise.ts'
import { broadcastTo, reshape, transpose } from './ops/layout.ts'
import type { ConstantAttrs } from './ops/leaf.ts'
import { constant } from './ops/leaf.ts'
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

export const ONE_FLOAT = new Set(
  'neg exp log sqrt abs sign floor sin cos tanh sigmoid relu softplus pow cast'.split(' '),
)
export const TWO_FLOATS = new Set('add sub mul div maximum minimum greater equal where'.split(' '))

/** All inputs are constants: compute it now. */
const fold: Rewrite = (node) => {
  if (node.inputs.length === 0 || node.dtype === 'tuple' || node.op === 'part') return null
  if (!node.inputs.every((x) => x.op === 'constant') || node.shape.some((dim) => typeof dim === 'string')) return null
  if (elements(node.shape as number[]) > LARGEST_FOLD) return null
  const [{ shape, data }] = evaluate([node], new Map(), new Map())
  return constant(data, shape, node.dtype as 'float' | 'int64' | 'bool')
}

/** x + 0, x - 0, 0 - x, x * 1, x / 1, x * -1, - -x, x to the power 1; and where gradients end, once they are taken. */
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
    case 'stopGradient':
      return a
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
  }
  if (node.op === 'reshape') {
    if (x.op === 'reshape') return reshape(x.inputs[0], node.shape)
    if (sameShape(x.shape, node.shape)) return x
    if (x.op === 'broadcastTo' && product(x.inputs[0].shape) === 1)
      return broadcastTo(reshape(x.inputs[0], []), node.shape)
  }
  // Nothing cut off, nothing put on.
  if ((node.op === 'slice' || node.op === 'pad') && sameShape(x.shape, node.shape)) return x
  if (node.op === 'reverse' && x.op === 'reverse') return x.inputs[0]
  if (node.op === 'broadcastTo' && x.op === 'broadcastTo') return broadcastTo(x.inputs[0], node.shape)
  if (node.op === 'broadcastTo' && sameShape(x.shape, node.shape)) return x
  return null
}

/** Elementwise work is done on matrices: what only changes the shape of its numbers moves behind it. */
const lateReshape: Rewrite = (node) => {
  if (ONE_FLOAT.has(node.op) && node.inputs[0].op === 'reshape') {
    const [x] = node.inputs[0].inputs
    return x.shape.length < node.shape.length ? reshape(apply(node.op, node.rule, [x], node.attrs), node.shape) : null
  }
  if (!TWO_FLOATS.has(node.op)) return null
  const lead = node.inputs.find(
    (x) => x.op === 'reshape' && sameShape(x.shape, node.shape) && x.inputs[0].shape.length < node.shape.length,
  )
  if (lead === undefined) return null
  const [{ shape }] = lead.inputs
  const inputs = node.inputs.map((x) => {
    if (x.shape.length === 0) return x
    if (sameShape(x.shape, node.shape)) return reshape(x.op === 'reshape' ? x.inputs[0] : x, shape)
    // A row that every row of the matrix meets.
    const row = x.shape.length === 1 || (product(x.shape) === x.shape.at(-1) && x.shape.length <= node.shape.length)
    return row && shape.at(-1) === x.shape.at(-1) && shape.at(-1) === node.shape.at(-1)
      ? reshape(x, [x.shape.at(-1)!])
      : null
  })
  if (inputs.includes(null)) return null
  return reshape(apply(node.op, node.rule, inputs as Expr[], node.attrs), node.shape)
}

/** What a transposition may pass: (x + s)' from x' + s, so that equal sums are seen to be equal. */
export const lateTranspose: Rewrite = (node) => {
  const [a, b] = node.inputs
  if (node.op !== 'add' && node.op !== 'sub') return null
  if (a.op === 'transpose' && b.shape.length === 0)
    return transpose(apply(node.op, node.rule, [a.inputs[0], b], node.attrs), (a.attrs as { perm: number[] }).perm)
  if (b.op === 'transpose' && a.shape.length === 0)
    return transpose(apply(node.op, node.rule, [a, b.inputs[0]], node.attrs), (b.attrs as { perm: number[] }).perm)
  return null
}

/** A tensor of equal numbers is as good as one number where it would be stretched. */
const uniform: Rewrite = (node) => {
  if (!TWO_FLOATS.has(node.op)) return null
  for (const [k, x] of node.inputs.entries()) {
    if (x.op !== 'constant' || x.shape.length === 0 || x.dtype !== 'float') continue
    const { data } = x.attrs as ConstantAttrs
    if (data.length === 0 || !data.every((v) => v === data[0])) continue
    const out = apply(node.op, node.rule, node.inputs.with(k, constant(data[0])), node.attrs)
    if (sameShape(out.shape, node.shape)) return out
  }
  return null
}

/** The last step: moving only axes of size 1 is a reshape, which costs nothing. */
export const freeTranspose: Rewrite = (node) => {
  if (node.op !== 'transpose') return null
  const [x] = node.inputs
  const moved = (node.attrs as { perm: number[] }).perm.filter((axis) => x.shape[axis] !== 1)
  return moved.every((axis, i) => i === 0 || axis > moved[i - 1]) ? reshape(x, node.shape) : null
}

export const RULES: readonly Rewrite[] = [fold, neutral, signs, scalars, lazyStretch, layout, lateReshape, uniform]
