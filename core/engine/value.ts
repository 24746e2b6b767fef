import type { Dim, Shape } from './expr.ts'

/** A concrete tensor of the reference interpreter, row-major. `parts` is set on the result of a loop only. */
export type Value = { shape: number[]; data: Float64Array; parts?: Value[] }

/** What the symbols mean in this run. */
export type Sizes = ReadonlyMap<string, number>

export const elements = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1)

export function sizeOf(dim: Dim, sizes: Sizes): number {
  if (typeof dim === 'number') return dim
  let size = 1
  for (const factor of dim.split('*')) {
    const known = /^\d+$/.test(factor) ? Number(factor) : sizes.get(factor)
    if (known === undefined) throw new Error(`internal: no input tells the size of "${factor}"`)
    size *= known
  }
  return size
}

export const concrete = (shape: Shape, sizes: Sizes): number[] => shape.map((dim) => sizeOf(dim, sizes))

export const zeros = (shape: number[]): Value => ({ shape, data: new Float64Array(elements(shape)) })

/** Row-major strides; 0 on axes of size 1, so that they stretch. */
export function stretchStrides(shape: readonly number[], rank: number): number[] {
  const strides = new Array<number>(rank).fill(0)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) strides[axis + rank - shape.length] = step
    step *= shape[axis]
  }
  return strides
}

/** For every element of `shape` in order, the offset that `strides` give. */
export function offsets(shape: readonly number[], strides: readonly number[]): Int32Array {
  const out = new Int32Array(elements(shape))
  const index = new Array<number>(shape.length).fill(0)
  let offset = 0
  for (let i = 0; i < out.length; i++) {
    out[i] = offset
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis]
      if (++index[axis] < shape[axis]) break
      offset -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}

export const broadcastConcrete = (shapes: readonly (readonly number[])[]): number[] => {
  const rank = Math.max(...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1
      if (own !== 1) size = own
    }
    return size
  })
}

/** `x` repeated over `shape`. */
export function stretch(x: Value, shape: number[]): Value {
  const count = elements(shape)
  if (x.data.length === count) return { shape, data: x.data }
  if (x.data.length === 1) return { shape, data: new Float64Array(count).fill(x.data[0]) }
  const from = offsets(shape, stretchStrides(x.shape, shape.length))
  return { shape, data: Float64Array.from(from, (offset) => x.data[offset]) }
}

export function map(x: Value, f: (x: number) => number): Value {
  const data = new Float64Array(x.data.length)
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i])
  return { shape: x.shape, data }
}

export function map2(a: Value, b: Value, f: (a: number, b: number) => number): Value {
  const shape = broadcastConcrete([a.shape, b.shape])
  const x = stretch(a, shape).data
  const y = stretch(b, shape).data
  const data = new Float64Array(x.length)
  for (let i = 0; i < data.length; i++) data[i] = f(x[i], y[i])
  return { shape, data }
}
