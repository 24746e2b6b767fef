import type { Expr, Shape } from './expr.ts'
import { count } from './cost.ts'
import { UNKNOWN, apply, broadcastShapes, product, sameShape } from './expr.ts'
import { add, mul, neg } from './ops/elementwise.ts'
import { broadcastTo, reshape, transpose } from './ops/layout.ts'
import type { ConstantAttrs } from './ops/leaf.ts'
import { constant } from './ops/leaf.ts'
import { matmul } from './ops/linear.ts'
import type { Reduction } from './ops/reduce.ts'
import { sum } from './ops/reduce.ts'
import type { Rewrite } from './rewrites.ts'
import type { Term } from './terms.ts'
import { scaled, sumOf, swapsLast, termsOf, transposed } from './terms.ts'

/** Rules about matrix products: whatever is linear is done where it is small, and batches become one product. */
const known = (shape: Shape): boolean => !shape.some((dim) => String(dim).includes(UNKNOWN))
const flat = (x: Expr): Expr => reshape(x, [product(x.shape.slice(0, -1)), x.shape.at(-1)!])
/** The left side of a product as a plain matrix, where that takes no work. */
const turnedBack = (x: Expr): Expr | null => (swapsLast(x) ? x.inputs[0] : null)

/** Nothing times anything is nothing: a state that begins with zeros, met by a product. */
const zeroProduct: Rewrite = (node) => {
  if (node.op !== 'matmul') return null
  const zero = node.inputs.some((x) => {
    const value = x.op === 'broadcastTo' || x.op === 'transpose' ? x.inputs[0] : x
    return value.op === 'constant' && (value.attrs as ConstantAttrs).data.every((v) => v === 0)
  })
  return zero ? broadcastTo(constant(0), node.shape) : null
}

/** (A B)' = B' A' where that takes a transposition away. */
const transposedProduct: Rewrite = (node) => {
  if (!swapsLast(node) || node.inputs[0].op !== 'matmul') return null
  const [a, b] = node.inputs[0].inputs
  if (!turnedBack(a) && !turnedBack(b)) return null
  return matmul(transposed(b), transposed(a))
}

/** Scalars and signs come out of products and transpositions: (s A) B = s (A B). */
const outerScalars: Rewrite = (node) => {
  if (node.op !== 'matmul' && node.op !== 'transpose') return null
  for (const [k, x] of node.inputs.entries()) {
    const own = x.op === 'reshape' ? x.inputs[0] : x
    const by = own.op === 'neg' ? { scale: null, rest: own.inputs[0] } : scaled(own)
    if (!by || !sameShape(by.rest.shape, own.shape)) continue
    const inner = apply(node.op, node.rule, node.inputs.with(k, reshape(by.rest, x.shape)), node.attrs)
    return by.scale ? mul(by.scale, inner) : neg(inner)
  }
  return null
}

/** A matrix repeated along a leading axis multiplies as it is. */
const sharedMatrix: Rewrite = (node) => {
  if (node.op !== 'matmul') return null
  for (const [k, x] of node.inputs.entries()) {
    const turned = swapsLast(x)
    const wide = turned ? x.inputs[0] : x
    if (wide.op !== 'broadcastTo') continue
    const [from] = wide.inputs
    const lead = from.shape.slice(0, -2)
    if (from.shape.length < 2 || !sameShape(from.shape.slice(-2), wide.shape.slice(-2)) || !lead.every((d) => d === 1))
      continue
    const own = reshape(from, from.shape.slice(-2))
    const inputs = node.inputs.with(k, turned ? transpose(own) : own)
    if (inputs[1 - k].shape.length < node.shape.length) continue
    const plain = matmul(inputs[0], inputs[1])
    if (sameShape(plain.shape, node.shape)) return plain
  }
  return null
}

/** A batch on the left of one matrix is a taller matrix: [..., n, k] W = [... n, k] W. */
const tall: Rewrite = (node) => {
  if (node.op !== 'matmul') return null
  const [a, b] = node.inputs
  if (b.shape.length !== 2 || a.shape.length === 2 || !known(a.shape) || turnedBack(a)) return null
  return reshape(matmul(flat(a), b), node.shape)
}

/** A sum over a batch of A' B is one product of all A, below one another, with all B. */
const sumOfProducts: Rewrite = (node) => {
  if (node.op !== 'sum') return null
  const [x] = node.inputs
  const { axes } = node.attrs as Reduction
  const rank = x.shape.length
  if (rank < 3 || axes.length !== rank - 2 || axes.some((axis, i) => axis !== i) || !known(x.shape)) return null
  const terms = termsOf(x).map((term): Term | null => {
    if (term.x.op !== 'matmul') return null
    const [at, b] = term.x.inputs
    const a = turnedBack(at)
    const lead = x.shape.slice(0, -2)
    if (isOnes(at) && sameShape(b.shape.slice(0, -2), lead)) return { ...term, x: onesTimes(flat(b)) }
    if (!a || !sameShape(a.shape.slice(0, -2), lead) || !sameShape(b.shape.slice(0, -2), lead)) return null
    return { ...term, x: matmul(transpose(flat(a)), flat(b)) }
  })
  if (terms.some((term) => term === null)) return null
  return reshape(sumOf(terms as Term[]), node.shape)
}

const onesTimes = (x: Expr): Expr => matmul(broadcastTo(constant(1), [1, x.shape.at(-2)!]), x)
/** One row of ones, folded or not. */
function isOnes(x: Expr): boolean {
  const value = x.op === 'broadcastTo' ? x.inputs[0] : x
  const one = value.op === 'constant' && (value.attrs as ConstantAttrs).data.every((v) => v === 1)
  return one && x.shape.length === 2 && x.shape[0] === 1
}

/** A sum over rows is a product with ones, which runs several times faster. */
const sumByProduct: Rewrite = (node) => {
  if (node.op !== 'sum') return null
  const [x] = node.inputs
  const { axes } = node.attrs as Reduction
  const rank = x.shape.length
  if (rank < 2 || !known(x.shape) || axes.length === 0) return null
  const last = axes.at(-1) === rank - 2 && axes.length === 1
  const all = x.shape.every((dim, axis) => axes.includes(axis) === axis < rank - 1 || (dim === 1 && axis < rank - 1))
  if (!last && !all) return null
  const rows = all ? flat(x) : x
  return reshape(onesTimes(rows), node.shape)
}

/** The whole sum of whatever shape; and signs and scalars come out of sums. */
const sums: Rewrite = (node) => {
  if (node.op !== 'sum') return null
  const [x] = node.inputs
  const { axes, keepDims } = node.attrs as Reduction
  const by = x.op === 'neg' ? { scale: null, rest: x.inputs[0] } : scaled(x)
  if (by && sameShape(by.rest.shape, x.shape)) {
    const inner = sum(by.rest, axes, keepDims)
    return by.scale ? mul(by.scale, inner) : neg(inner)
  }
  if (x.op === 'reshape' && axes.length === x.shape.length && node.shape.length === 0) return sum(x.inputs[0])
  return null
}

/** P D + Q D = (P + Q) D, where P and Q have the same sign and scalar and one may stretch over the other's rows. */
const commonFactor: Rewrite = (node) => {
  if (node.op !== 'add' && node.op !== 'sub') return null
  const terms = termsOf(node)
  for (const [i, one] of terms.entries())
    for (const [j, other] of terms.entries()) {
      if (i >= j || one.minus !== other.minus || !sameScale(one.scale, other.scale)) continue
      const [first, second] = [one, other].map(({ x }) => (x.op === 'broadcastTo' ? x.inputs[0] : x))
      if (first.op !== 'matmul' || second.op !== 'matmul' || first.inputs[1] !== second.inputs[1]) continue
      const [p, q] = [first.inputs[0], second.inputs[0]]
      if (p.shape.at(-1) !== q.shape.at(-1)) continue
      const lead = (x: Expr) => ({ ...x, shape: x.shape.slice(0, -1) })
      const rows = fits(lead(p), lead(q))
      if (!rows) continue
      const x = matmul(add(p, q), first.inputs[1])
      if (!sameShape(x.shape, one.x.shape) && !sameShape(x.shape, other.x.shape)) continue
      const rest = terms.filter((_, k) => k !== i && k !== j)
      const better = sumOf([...rest, { ...one, x }])
      return sameShape(better.shape, node.shape) ? better : null
    }
  return null
}

function fits(a: Expr, b: Expr): boolean {
  try {
    broadcastShapes('add', [a, b])
    return true
  } catch {
    return false
  }
}

const sameScale = (a: Expr | null, b: Expr | null): boolean =>
  a === b ||
  (a?.op === 'constant' &&
    b?.op === 'constant' &&
    Number((a.attrs as { data: Float64Array }).data[0]) === (b.attrs as { data: Float64Array }).data[0])

/**
 * The last step: A' B with few columns is (B' A)' where that fills the processor's vectors better; what is turned is
 * small. Columns are computed sixteen at a time, rows one by one.
 */
export const fullVectors: Rewrite = (node) => {
  if (node.op !== 'matmul' || node.shape.length !== 2) return null
  const [a, b] = node.inputs
  const [m, n] = node.shape
  const left = turnedBack(a)
  if (!left || b.op === 'transpose' || typeof m !== 'number' || typeof n !== 'number') return null
  const work = (rows: number, columns: number) => rows * Math.ceil(columns / VECTOR) * VECTOR
  if (m * n > MOST_TURNED || work(n, m) * 1.2 > work(m, n) || (n > 1 && count(b.shape) < WORTH_TURNING)) return null
  return transpose(matmul(transpose(b), left))
}
const VECTOR = 16
const MOST_TURNED = 1 << 15
const WORTH_TURNING = 1 << 16

export const PRODUCT_RULES: readonly Rewrite[] = [
  zeroProduct,
  transposedProduct,
  outerScalars,
  sharedMatrix,
  sumOfProducts,
  sums,
  sumByProduct,
  commonFactor,
  tall,
]
