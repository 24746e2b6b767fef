import type { Expr, Rule, Shape } from '../expr.ts'
import { apply, misfit, normalAxes, product, rule, sameShape } from '../expr.ts'
import type { Value } from '../value.ts'
import { elements, map, map2, offsets, stretchStrides } from '../value.ts'
import { cast, div, equal, exp, mul, sub } from './elementwise.ts'
import { broadcastTo, reshape } from './layout.ts'
import { size } from './leaf.ts'

/** Operations that make many numbers one, along axes. */
export type Reduction = { axes: readonly number[]; keepDims: boolean }
type Axes = readonly number[] | undefined

const keptShape = (x: Expr, axes: readonly number[]): Shape => x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
/** `reduced` so that it broadcasts over `x`; a scalar does as it is. */
const keep = (x: Expr, axes: readonly number[], reduced: Expr): Expr =>
  reduced.shape.length === 0 ? reduced : reshape(reduced, keptShape(x, axes))

function reducedType(op: string, x: Expr, { axes, keepDims }: Reduction) {
  if (x.dtype !== 'float') throw misfit(op, [x], 'wants floats')
  return {
    shape: keepDims ? keptShape(x, axes) : x.shape.filter((_, axis) => !axes.includes(axis)),
    dtype: x.dtype,
  }
}

/** Folds `x` along axes, starting from `start`. */
function fold(x: Value, { axes, keepDims }: Reduction, start: number, f: (a: number, b: number) => number): Value {
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
  const data = new Float64Array(elements(kept)).fill(start)
  const to = offsets(x.shape, stretchStrides(kept, x.shape.length))
  for (let i = 0; i < to.length; i++) data[to[i]] = f(data[to[i]], x.data[i])
  return { shape: keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), data }
}

export const REDUCE = {
  sum: rule<Reduction>({
    type: ([x], attrs) => reducedType('sum', x, attrs),
    vjp: ({ inputs: [x], attrs: { axes } }, g) => [broadcastTo(keep(x, axes, g), x.shape)],
    onnx: (emit, { attrs: { axes, keepDims } }, [x]) =>
      emit.node('ReduceSum', [x, emit.constant('int64', [axes.length], axes)], { keepdims: Number(keepDims) }),
    reference: ({ attrs }, [x]) => fold(x, attrs, 0, (a, b) => a + b),
  }),
  /** Where several are largest they share the gradient evenly. */
  max: rule<Reduction>({
    type: ([x], attrs) => reducedType('max', x, attrs),
    vjp: (y, g) => {
      const [x] = y.inputs
      const { axes } = y.attrs
      const largest = cast(equal(x, keep(x, axes, y)), 'float')
      return [mul(div(largest, sum(largest, axes, true)), keep(x, axes, g))]
    },
    onnx: (emit, { attrs: { axes, keepDims } }, [x]) =>
      emit.node('ReduceMax', [x], { axes, keepdims: Number(keepDims) }),
    reference: ({ attrs }, [x]) => fold(x, attrs, -Infinity, Math.max),
  }),
  /** log of the sum of e^x along axes, with the largest taken out first so that nothing overflows. */
  logSumExp: rule<Reduction>({
    type: ([x], attrs) => reducedType('logSumExp', x, attrs),
    vjp: (y, g) => {
      const [x] = y.inputs
      const { axes } = y.attrs
      return [mul(exp(sub(x, keep(x, axes, y))), keep(x, axes, g))]
    },
    onnx(emit, { attrs: { axes, keepDims } }, [x]) {
      const along = emit.constant('int64', [axes.length], axes)
      const top = emit.node('ReduceMax', [x], { axes, keepdims: 1 })
      const sums = emit.node('ReduceSum', [emit.node('Exp', [emit.node('Sub', [x, top])]), along], { keepdims: 1 })
      const out = emit.node('Add', [emit.node('Log', [sums]), top])
      return keepDims ? out : emit.node('Squeeze', [out, along])
    },
    reference({ attrs }, [x]) {
      const top = fold(x, { ...attrs, keepDims: true }, -Infinity, Math.max)
      const shifted = map2(x, top, (a, b) => Math.exp(a - b))
      const sums = map(
        fold(shifted, attrs, 0, (a, b) => a + b),
        Math.log,
      )
      return { shape: sums.shape, data: sums.data.map((v, i) => v + top.data[i]) }
    },
  }),
  /** e^x over its sum along one axis. */
  softmax: rule<{ axis: number }>({
    type: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
    vjp: (y, g) => {
      const weighted = mul(g, y)
      return [sub(weighted, mul(y, sum(weighted, [y.attrs.axis], true)))]
    },
    onnx: (emit, { attrs: { axis } }, [x]) => emit.node('Softmax', [x], { axis }),
    reference({ attrs: { axis } }, [x]) {
      const along = { axes: [axis], keepDims: true }
      const shifted = map2(x, fold(x, along, -Infinity, Math.max), (a, b) => Math.exp(a - b))
      return map2(
        shifted,
        fold(shifted, along, 0, (a, b) => a + b),
        (a, b) => a / b,
      )
    },
  }),
  /** The index of the largest along one axis, the first of equals. */
  argMax: rule<{ axis: number }>({
    type: ([x], { axis }) => ({ shape: x.shape.toSpliced(axis, 1), dtype: 'int64' }),
    vjp: () => [null],
    onnx: (emit, { attrs: { axis } }, [x]) => emit.node('ArgMax', [x], { axis, keepdims: 0 }),
    reference({ attrs: { axis } }, [x]) {
      const inner = elements(x.shape.slice(axis + 1))
      const shape = x.shape.toSpliced(axis, 1)
      const data = new Float64Array(elements(shape))
      for (let i = 0; i < data.length; i++) {
        const start = Math.floor(i / inner) * inner * x.shape[axis] + (i % inner)
        for (let k = 1; k < x.shape[axis]; k++)
          if (x.data[start + k * inner] > x.data[start + data[i] * inner]) data[i] = k
      }
      return { shape, data }
    },
  }),
} satisfies Record<string, Rule<never>>

function reduce(op: 'sum' | 'max' | 'logSumExp', x: Expr, axes: Axes, keepDims: boolean): Expr {
  const along = normalAxes(op, x, axes ?? x.shape.map((_, axis) => axis))
  return along.length === 0 && op !== 'logSumExp' ? x : apply(op, REDUCE[op], [x], { axes: along, keepDims })
}
/** Sum along axes; along all of them where none are given. */
export const sum = (x: Expr, axes?: Axes, keepDims = false): Expr => reduce('sum', x, axes, keepDims)
/** The largest along axes. */
export const max = (x: Expr, axes?: Axes, keepDims = false): Expr => reduce('max', x, axes, keepDims)
export const logSumExp = (x: Expr, axes?: Axes, keepDims = false): Expr => reduce('logSumExp', x, axes, keepDims)
export function mean(x: Expr, axes?: Axes, keepDims = false): Expr {
  const along = normalAxes('mean', x, axes ?? x.shape.map((_, axis) => axis))
  const count = product(along.map((axis) => x.shape[axis]))
  const total = sum(x, along, keepDims)
  return typeof count === 'number' ? mul(total, 1 / count) : div(total, size(count))
}
export function softmax(x: Expr, axis = -1): Expr {
  return apply('softmax', REDUCE.softmax, [x], { axis: normalAxes('softmax', x, [axis])[0] })
}
/** log of softmax, safe for any x. */
export const logSoftmax = (x: Expr, axis = -1): Expr => sub(x, logSumExp(x, [axis], true))
export const argMax = (x: Expr, axis = -1): Expr =>
  apply('argMax', REDUCE.argMax, [x], { axis: normalAxes('argMax', x, [axis])[0] })

/** Sums `x` down to `shape`, from which it was broadcast. */
export function sumTo(x: Expr, shape: Shape): Expr {
  if (sameShape(x.shape, shape)) return x
  const lead = x.shape.length - shape.length
  const axes = x.shape.flatMap((dim, axis) => (axis < lead || (shape[axis - lead] === 1 && dim !== 1) ? [axis] : []))
  return reshape(sum(x, axes, true), shape)
}
