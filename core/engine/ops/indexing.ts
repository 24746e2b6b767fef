import type { Dim, Expr, Rule } from '../expr.ts'
import { apply, misfit, rule, sameShape } from '../expr.ts'
import type { Value } from '../value.ts'
import { elements, sizeOf, zeros } from '../value.ts'
import type { None } from './elementwise.ts'
import { cast, equal } from './elementwise.ts'
import { reshape } from './layout.ts'
import { constant } from './leaf.ts'

/** Rows chosen by integer indices, and the way back. */
function checkedIndex(indices: Value, i: number, rows: number): number {
  const index = indices.data[i]
  if (!(index >= 0 && index < rows)) throw new Error(`internal: index ${index} is outside 0..${rows - 1}`)
  return index
}

export const INDEXING = {
  /** x[indices]: [rows, ...rest] at int64 [...at] -> [...at, ...rest]. */
  gather: rule<None>({
    type(inputs) {
      const [x, at] = inputs
      if (at.dtype !== 'int64' || x.shape.length === 0)
        throw misfit('gather', inputs, 'wants a tensor and int64 indices')
      return { shape: [...at.shape, ...x.shape.slice(1)], dtype: x.dtype }
    },
    vjp: ({ inputs: [x, at] }, g) => [x.dtype === 'float' ? scatterAdd(at, g, x.shape[0]) : null, null],
    onnx: (emit, _, inputs) => emit.node('Gather', inputs, { axis: 0 }),
    reference(_, [x, at]) {
      const row = elements(x.shape.slice(1))
      const out = zeros([...at.shape, ...x.shape.slice(1)])
      for (let i = 0; i < at.data.length; i++) {
        const from = checkedIndex(at, i, x.shape[0]) * row
        out.data.set(x.data.subarray(from, from + row), i * row)
      }
      return out
    },
  }),
  /** Adds each row of x, int64 [...at] of [...at, ...rest], to its row of zeros [rows, ...rest]. */
  scatterAdd: rule<{ rows: Dim }>({
    type(inputs, { rows }) {
      const [at, x] = inputs
      const rank = at.shape.length
      if (at.dtype !== 'int64' || x.dtype !== 'float' || !sameShape(x.shape.slice(0, rank), at.shape))
        throw misfit('scatterAdd', inputs, 'wants int64 [...at] and floats [...at, ...rest]')
      return { shape: [rows, ...x.shape.slice(rank)], dtype: 'float' }
    },
    vjp: ({ inputs: [at] }, g) => [null, gather(g, at)],
    onnx(emit, { shape, inputs: [{ shape: where }] }, [at, x]) {
      const blank = emit.node('Expand', [emit.constant('float', [], [0]), emit.shape(shape)])
      const points = emit.node('Unsqueeze', [at, emit.constant('int64', [1], [where.length])])
      return emit.node('ScatterND', [blank, points, x], { reduction: 'add' })
    },
    reference({ attrs }, [at, x], sizes) {
      const rest = x.shape.slice(at.shape.length)
      const row = elements(rest)
      const out = zeros([sizeOf(attrs.rows, sizes), ...rest])
      for (let i = 0; i < at.data.length; i++) {
        const to = checkedIndex(at, i, out.shape[0]) * row
        for (let j = 0; j < row; j++) out.data[to + j] += x.data[i * row + j]
      }
      return out
    },
  }),
} satisfies Record<string, Rule<never>>

/** Rows of x (axis 0) at int64 indices of any shape; a scalar index takes one row away from its axis. */
export const gather = (x: Expr, indices: Expr): Expr => apply('gather', INDEXING.gather, [x, indices], {} as None)
/** Adds rows of x to the rows of zeros [rows, ...] that `indices` name. */
export const scatterAdd = (indices: Expr, x: Expr, rows: Dim): Expr =>
  apply('scatterAdd', INDEXING.scatterAdd, [indices, x], { rows })
/** int64 [...] -> float [..., classes], 1 at the class and 0 elsewhere (all 0 for an index outside). */
export function oneHot(indices: Expr, classes: number): Expr {
  const all = constant(
    Array.from({ length: classes }, (_, i) => i),
    [classes],
    'int64',
  )
  return cast(equal(reshape(indices, [...indices.shape, 1]), all), 'float')
}
