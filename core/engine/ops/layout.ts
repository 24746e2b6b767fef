import type { Dim, Expr, Rule, Shape } from '../expr.ts'
import { apply, misfit, normalAxes, product, rule, sameShape } from '../expr.ts'
import type { Value } from '../value.ts'
import { concrete, elements, offsets, stretch, zeros } from '../value.ts'

/** Operations that move numbers and change none of them. */
type Window = { axis: number; start: number; end: number }

export const LAYOUT = {
  transpose: rule<{ perm: readonly number[] }>({
    type: ([x], { perm }) => ({ shape: perm.map((axis) => x.shape[axis]), dtype: x.dtype }),
    vjp: ({ attrs: { perm } }, g) => [
      transpose(
        g,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ],
    onnx: (emit, { attrs: { perm } }, [x]) => emit.node('Transpose', [x], { perm }),
    reference({ attrs: { perm } }, [x]) {
      const strides = x.shape.map((_, axis) => elements(x.shape.slice(axis + 1)))
      const shape = perm.map((axis) => x.shape[axis])
      const from = offsets(
        shape,
        perm.map((axis) => strides[axis]),
      )
      return { shape, data: Float64Array.from(from, (offset) => x.data[offset]) }
    },
  }),
  reshape: rule<{ shape: Shape }>({
    type([x], { shape }) {
      if (product(x.shape) !== product(shape)) throw misfit('reshape', [x], `does not fill [${shape.join(', ')}]`)
      return { shape, dtype: x.dtype }
    },
    vjp: ({ inputs: [x] }, g) => [reshape(g, x.shape)],
    onnx(emit, { attrs: { shape } }, [x]) {
      // One unknown dimension is the runtime's to find; more of them are computed.
      const open = shape.filter((dim) => typeof dim === 'string').length
      if (open > 1) return emit.node('Reshape', [x, emit.shape(shape)])
      const dims = shape.map((dim) => (typeof dim === 'string' ? -1 : dim))
      return emit.node('Reshape', [x, emit.constant('int64', [dims.length], dims)])
    },
    reference: ({ attrs: { shape } }, [x], sizes) => ({ shape: concrete(shape, sizes), data: x.data }),
  }),
  broadcastTo: rule<{ shape: Shape }>({
    type([x], { shape }) {
      const own = [...new Array<Dim>(Math.max(0, shape.length - x.shape.length)).fill(1), ...x.shape]
      if (own.length !== shape.length || own.some((dim, i) => dim !== 1 && dim !== shape[i]))
        throw misfit('broadcastTo', [x], `does not stretch to [${shape.join(', ')}]`)
      return { shape, dtype: x.dtype }
    },
    vjp: (_, g) => [g],
    onnx: (emit, { attrs: { shape } }, [x]) => emit.node('Expand', [x, emit.shape(shape)]),
    reference: ({ attrs: { shape } }, [x], sizes) => stretch(x, concrete(shape, sizes)),
  }),
  /** x[start:end] along one axis. */
  slice: rule<Window>({
    type([x], { axis, start, end }) {
      const dim = x.shape[axis]
      if (typeof dim !== 'number' || start < 0 || end > dim || start > end)
        throw misfit('slice', [x], `no ${start}:${end} on axis ${axis}`)
      return { shape: x.shape.with(axis, end - start), dtype: x.dtype }
    },
    vjp: ({ inputs: [x], attrs: { axis, start, end } }, g) => [pad(g, axis, start, (x.shape[axis] as number) - end)],
    onnx(emit, { attrs: { axis, start, end } }, [x]) {
      const [from, to, along] = [start, end, axis].map((v) => emit.constant('int64', [1], [v]))
      return emit.node('Slice', [x, from, to, along])
    },
    reference({ attrs: { axis, start, end } }, [x]) {
      const out = zeros(x.shape.with(axis, end - start))
      copyWindow(x, out, axis, start, 0, end - start)
      return out
    },
  }),
  /** Zeros before and after, along one axis. */
  pad: rule<{ axis: number; before: number; after: number }>({
    type([x], { axis, before, after }) {
      const dim = x.shape[axis]
      if (typeof dim !== 'number' || x.dtype !== 'float') throw misfit('pad', [x], `cannot pad axis ${axis}`)
      return { shape: x.shape.with(axis, before + dim + after), dtype: x.dtype }
    },
    vjp: ({ inputs: [x], attrs: { axis, before } }, g) => [slice(g, axis, before, before + (x.shape[axis] as number))],
    onnx(emit, { inputs: [{ shape }], attrs: { axis, before, after } }, [x]) {
      const pads = new Array<number>(2 * shape.length).fill(0)
      pads[axis] = before
      pads[axis + shape.length] = after
      return emit.node('Pad', [x, emit.constant('int64', [pads.length], pads)], { mode: 'constant' })
    },
    reference({ attrs: { axis, before, after } }, [x]) {
      const out = zeros(x.shape.with(axis, before + x.shape[axis] + after))
      copyWindow(x, out, axis, 0, before, x.shape[axis])
      return out
    },
  }),
  /** The first axis, last first. Written by whoever reads it: a scan reads and writes either way (`Emitter.plain`). */
  reverse: rule<{ axis: 0 }>({
    type([x]) {
      if (x.shape.length === 0) throw misfit('reverse', [x], 'wants an axis')
      return { shape: x.shape, dtype: x.dtype }
    },
    vjp: (_, g) => [reverse(g)],
    onnx: (emit, _, [x]) => emit.reversed(x),
    reference(_, [x]) {
      const row = elements(x.shape.slice(1))
      const out = zeros(x.shape)
      for (let i = 0; i < x.shape[0]; i++)
        out.data.set(x.data.subarray(i * row, (i + 1) * row), (x.shape[0] - 1 - i) * row)
      return out
    },
  }),
  concat: rule<{ axis: number }>({
    type(inputs, { axis }) {
      const [first] = inputs
      const rest = (shape: Shape) => shape.with(axis, 0)
      if (inputs.some((x) => x.dtype !== first.dtype || !sameShape(rest(x.shape), rest(first.shape))))
        throw misfit('concat', inputs, `do not line up along axis ${axis}`)
      const dims = inputs.map((x) => x.shape[axis])
      if (dims.some((dim) => typeof dim !== 'number'))
        throw misfit('concat', inputs, 'cannot join along a symbolic dimension')
      return {
        shape: first.shape.with(
          axis,
          (dims as number[]).reduce((a, b) => a + b),
        ),
        dtype: first.dtype,
      }
    },
    vjp({ inputs, attrs: { axis } }, g) {
      let start = 0
      return inputs.map((x) => slice(g, axis, start, (start += x.shape[axis] as number)))
    },
    onnx: (emit, { attrs: { axis } }, inputs) => emit.node('Concat', inputs, { axis }),
    reference({ attrs: { axis } }, inputs) {
      const out = zeros(
        inputs[0].shape.with(
          axis,
          inputs.reduce((sum, x) => sum + x.shape[axis], 0),
        ),
      )
      let at = 0
      for (const x of inputs) {
        copyWindow(x, out, axis, 0, at, x.shape[axis])
        at += x.shape[axis]
      }
      return out
    },
  }),
} satisfies Record<string, Rule<never>>

/** Copies `count` slices along `axis` from `x` at `from` to `out` at `to`. */
function copyWindow(x: Value, out: Value, axis: number, from: number, to: number, count: number): void {
  const inner = elements(x.shape.slice(axis + 1))
  const outer = elements(x.shape.slice(0, axis))
  for (let block = 0; block < outer; block++) {
    const start = (block * x.shape[axis] + from) * inner
    out.data.set(x.data.subarray(start, start + count * inner), (block * out.shape[axis] + to) * inner)
  }
}

/** Axes in a new order; by default the last two change places. */
export function transpose(x: Expr, perm?: readonly number[]): Expr {
  const rank = x.shape.length
  const order = perm ?? [...Array(rank - 2).keys(), rank - 1, rank - 2]
  if (order.length !== rank || normalAxes('transpose', x, order).length !== rank)
    throw misfit('transpose', [x], `[${order.join(', ')}] is no order of its axes`)
  return apply('transpose', LAYOUT.transpose, [x], { perm: order })
}
/** Along the first axis, last first. */
export const reverse = (x: Expr): Expr => apply('reverse', LAYOUT.reverse, [x], { axis: 0 })
export const reshape = (x: Expr, shape: Shape): Expr =>
  sameShape(x.shape, shape) ? x : apply('reshape', LAYOUT.reshape, [x], { shape: [...shape] })
export const broadcastTo = (x: Expr, shape: Shape): Expr =>
  sameShape(x.shape, shape) ? x : apply('broadcastTo', LAYOUT.broadcastTo, [x], { shape: [...shape] })
/** x[start:end] along `axis`, whose size must be a number. */
export function slice(x: Expr, axis: number, start: number, end: number): Expr {
  const [along] = normalAxes('slice', x, [axis])
  return apply('slice', LAYOUT.slice, [x], { axis: along, start, end })
}
/** Zeros before and after along `axis`. */
export function pad(x: Expr, axis: number, before: number, after: number): Expr {
  const [along] = normalAxes('pad', x, [axis])
  return apply('pad', LAYOUT.pad, [x], { axis: along, before, after })
}
export function concat(parts: readonly Expr[], axis: number): Expr {
  const [along] = normalAxes('concat', parts[0], [axis])
  return parts.length === 1 ? parts[0] : apply('concat', LAYOUT.concat, [...parts], { axis: along })
}
