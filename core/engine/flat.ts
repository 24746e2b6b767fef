import type { Expr } from './expr.ts'
import { concat, reshape, slice } from './ops/layout.ts'
import { elements } from './value.ts'

/**
 * Parameters of many shapes in one flat vector, and back. Optimizers work on the vector; gradients are taken with
 * respect to the pieces and joined once (taking them through the slices made graphs three times slower).
 */
export function unflatten(flat: Expr, shapes: readonly (readonly number[])[]): Expr[] {
  let start = 0
  return shapes.map((shape) => reshape(slice(flat, 0, start, (start += elements(shape))), shape))
}

export const flatten = (pieces: readonly Expr[]): Expr =>
  concat(
    pieces.map((piece) => reshape(piece, [elements(piece.shape as number[])])),
    0,
  )
