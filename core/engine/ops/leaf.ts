import type { Dim, DType, Expr, Shape } from '../expr.ts'
import { apply, rule } from '../expr.ts'
import type { Value } from '../value.ts'
import { elements, sizeOf } from '../value.ts'

/** Expressions without inputs: what is fed, what is fixed, and how large a symbolic dimension is. */
type Scalar = Exclude<DType, 'tuple'>
export type InputAttrs = { name: string; shape: Shape; dtype: Scalar }
export type ConstantAttrs = { shape: number[]; dtype: Scalar; data: Float64Array }
export type SizeAttrs = { dim: Dim; dtype: 'float' | 'int64' }
const bound = (): never => {
  throw new Error('internal: an input is bound by the program, not computed')
}

export const LEAF = {
  /** Fed when the program runs. Two inputs of one name are one input. */
  input: rule<InputAttrs>({
    type: (_, { shape, dtype }) => ({ shape, dtype }),
    vjp: () => [],
    onnx: bound,
    reference: bound,
  }),
  /** A parameter of a loop's body: the iteration, a carried state, or something captured from outside. */
  local: rule<InputAttrs>({
    type: (_, { shape, dtype }) => ({ shape, dtype }),
    vjp: () => [],
    onnx: bound,
    reference: bound,
  }),
  constant: rule<ConstantAttrs>({
    type: (_, { shape, dtype }) => ({ shape, dtype }),
    vjp: () => [],
    onnx: (emit, { attrs: { shape, dtype, data } }) => emit.constant(dtype, shape, data),
    reference: ({ attrs: { shape, data } }): Value => ({ shape, data }),
  }),
  /** 0, 1, 2, ... as floats, one for each index of a dimension. */
  range: rule<{ dim: Dim }>({
    type: (_, { dim }) => ({ shape: [dim], dtype: 'float' }),
    vjp: () => [],
    onnx(emit, { attrs: { dim } }) {
      const end = emit.node('Cast', [emit.dim(dim)], { to: emit.typeCode('float') })
      return emit.node('Range', [emit.constant('float', [], [0]), end, emit.constant('float', [], [1])])
    },
    reference({ attrs: { dim } }, _, sizes) {
      const length = sizeOf(dim, sizes)
      return { shape: [length], data: Float64Array.from({ length }, (__, i) => i) }
    },
  }),
  /** The size of a dimension, as a scalar. */
  size: rule<SizeAttrs>({
    type: (_, { dtype }) => ({ shape: [], dtype }),
    vjp: () => [],
    onnx(emit, { attrs: { dim, dtype } }) {
      const size = emit.dim(dim)
      return dtype === 'int64' ? size : emit.node('Cast', [size], { to: emit.typeCode('float') })
    },
    reference: ({ attrs: { dim } }, _, sizes) => ({ shape: [], data: Float64Array.of(sizeOf(dim, sizes)) }),
  }),
}

/** A tensor fed at every call. Symbolic dimensions take their size from the feeds. */
export function input(name: string, shape: Shape, dtype: Scalar = 'float'): Expr<InputAttrs> {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`internal: "${name}" is no name for an input`)
  const wrong = shape.find((dim) => (typeof dim === 'string' ? !/^[A-Za-z_]\w*$/.test(dim) : !(dim >= 0)))
  if (wrong !== undefined) throw new Error(`internal: input ${name}: "${wrong}" is no dimension`)
  return apply('input', LEAF.input, [], { name, shape, dtype })
}

/** Used by loop alone. */
export const local = (name: string, shape: Shape, dtype: Scalar): Expr<InputAttrs> =>
  apply('local', LEAF.local, [], { name, shape, dtype })

/** A fixed scalar, vector, or row-major tensor of the given shape. */
export function constant(
  value: number | ArrayLike<number>,
  shape?: readonly number[],
  dtype: Scalar = 'float',
): Expr<ConstantAttrs> {
  const data = typeof value === 'number' ? Float64Array.of(value) : Float64Array.from(value)
  const dims = [...(shape ?? (typeof value === 'number' ? [] : [data.length]))]
  if (elements(dims) !== data.length)
    throw new Error(`internal: constant of ${data.length} numbers does not fill [${dims.join(', ')}]`)
  return apply('constant', LEAF.constant, [], { shape: dims, dtype, data })
}

/** The size of a dimension as a scalar; a constant where it is a number. */
export const size = (dim: Dim, dtype: 'float' | 'int64' = 'float'): Expr =>
  typeof dim === 'number' ? constant(dim, [], dtype) : apply('size', LEAF.size, [], { dim, dtype })

/** 0, 1, 2, ... as a float vector of the size of a dimension. */
export const range = (dim: Dim): Expr => apply('range', LEAF.range, [], { dim })
