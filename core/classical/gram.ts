import type { OutputCells } from '../frame.ts'
import { products, TILE } from './productKernel.ts'

/**
 * Weighted second moments of a task's cells about their own mean, the costly part of every linear method:
 *   centre_j = sum w x_j / sum w,   gram_jk = sum w (x_j - centre_j)(x_k - centre_k),   moment_j = sum w (x_j - centre_j)(y - mean)
 * One pass: with z = (x - s, y - t, 1), where s and t are the means of the first rows, the products sum w z z' hold all
 * sums, and those about the true mean follow: gram_jk - total d_j d_k with d = centre - s.
 */
export type Gram = {
  total: number
  centre: Float64Array
  mean: number
  /** [width, width], both triangles */
  gram: Float64Array
  moment: Float64Array
}

const BLOCK = 64

export function gramOf(x: Float64Array, width: number, { at, y, weight }: OutputCells): Gram {
  const shift = new Float64Array(width + 1)
  const first = Math.min(BLOCK, at.length)
  for (let i = 0; i < first; i++) {
    for (let j = 0; j < width; j++) shift[j] += x[at[i] * width + j] / first
    shift[width] += y[i] / first
  }
  const columns = Math.ceil((width + 2) / TILE) * TILE
  const { left, right, sums, add } = products(BLOCK, columns, weight !== null)
  for (let start = 0; start < at.length; start += BLOCK) {
    const rows = Math.min(BLOCK, at.length - start)
    for (let r = 0; r < rows; r++) {
      const from = at[start + r] * width
      const to = r * columns
      for (let j = 0; j < width; j++) left[to + j] = x[from + j] - shift[j]
      left[to + width] = y[start + r] - shift[width]
      left[to + width + 1] = 1
      if (weight) for (let j = 0; j < width + 2; j++) right[to + j] = weight[start + r] * left[to + j]
    }
    add(rows)
  }
  const sum = (j: number, k: number) => sums[j * columns + k]
  const total = sum(width + 1, width + 1)
  const off = Float64Array.from({ length: width + 1 }, (_, j) => sum(width + 1, j) / (total || 1))
  const gram = new Float64Array(width * width)
  for (let j = 0; j < width; j++)
    for (let k = 0; k <= j; k++) gram[j * width + k] = gram[k * width + j] = sum(j, k) - total * off[j] * off[k]
  return {
    total,
    centre: off.slice(0, width).map((d, j) => shift[j] + d),
    mean: shift[width] + off[width],
    gram,
    moment: off.slice(0, width).map((d, j) => sum(width, j) - total * d * off[width]),
  }
}
