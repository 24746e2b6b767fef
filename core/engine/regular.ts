import type { Expr } from './expr.ts'
import { product } from './expr.ts'
import { concat, reshape, slice, transpose } from './ops/layout.ts'
import { swapsLast } from './terms.ts'
import type { Rewrite } from './rewrites.ts'

/**
 * Pieces of a flat vector that lie at equal distances, and pieces that go back there: one table instead of many pieces.
 * The heads of a network lie so in the vector of all parameters, and their gradients in the gradient.
 */
type Window = { axis: number; start: number; end: number }
const bare = (x: Expr): Expr => (x.op === 'reshape' ? x.inputs[0] : x)

/** Where a piece begins in what it is cut from. */
export const placeOf = (x: Expr): number => (bare(x).op === 'slice' ? (bare(x).attrs as Window).start : 0)

/** Parts of equal shape below one another: [parts, ...shape]. */
export function stack(parts: readonly Expr[]): Expr {
  const shape = [parts.length, ...parts[0].shape]
  if (parts.every((x) => swapsLast(x) && x.shape.length === 2)) return transpose(stack(parts.map((x) => x.inputs[0])))
  const pieces = parts.map(bare)
  const windows = pieces.map((x) => (x.op === 'slice' ? (x.attrs as Window) : null))
  const [first, second] = windows
  const from = pieces[0].inputs[0]
  if (first && second && pieces.every((x) => x.inputs[0] === from) && from.shape.length === 1) {
    const step = second.start - first.start
    const width = first.end - first.start
    const regular = windows.every((w, k) => w?.start === first.start + k * step && w.end - w.start === width)
    // A table of rows as long as the distance, with the pieces at the same place in each row.
    const length = from.shape[0] as number
    const before = Math.max(0, first.start + step * parts.length - length)
    if (regular && step >= width && before <= first.start && before + width <= step) {
      const table = slice(from, 0, first.start - before, first.start - before + step * parts.length)
      const rows = reshape(table, [parts.length, step])
      return reshape(slice(rows, 1, before, before + width), shape)
    }
  }
  // All columns of a matrix, each by itself.
  const column = (w: Window | null, k: number) => w?.axis === 1 && w.start === k && w.end === k + 1
  if (pieces.every((x) => x.inputs[0] === from) && windows.every(column) && from.shape[1] === parts.length)
    return reshape(transpose(from), shape)
  return concat(
    parts.map((x) => reshape(x, [1, ...x.shape])),
    0,
  )
}

/** The rows of several tables by turns, joined flat: the tables side by side. */
export const regularConcat: Rewrite = (node) => {
  if (node.op !== 'concat' || node.shape.length !== 1) return null
  const rows = node.inputs.map((x) => {
    const piece = bare(x)
    if (piece.op !== 'slice') return null
    const { axis, start, end } = piece.attrs as Window
    return axis === 0 && end === start + 1 && piece.inputs[0].shape.length > 1
      ? { of: piece.inputs[0], row: start }
      : null
  })
  for (const [at, row] of rows.entries()) {
    if (row?.row !== 0) continue
    const lanes = row.of.shape[0] as number
    const period = rows.findIndex((own, k) => k > at && own?.of === row.of) - at
    if (lanes < 2 || period < 1 || at + period * lanes > rows.length) continue
    const tables = rows.slice(at, at + period)
    const fits = (own: (typeof rows)[number], k: number) =>
      own !== null &&
      own.of === tables[k % period]?.of &&
      own.of.shape[0] === lanes &&
      own.row === Math.floor(k / period)
    if (!rows.slice(at, at + period * lanes).every(fits)) continue
    const flat = tables.map((table) => reshape(table!.of, [lanes, product(table!.of.shape.slice(1))]))
    const whole = concat(flat, 1)
    const joined = reshape(whole, [product(whole.shape)])
    return concat([...node.inputs.slice(0, at), joined, ...node.inputs.slice(at + period * lanes)], 0)
  }
  return null
}
