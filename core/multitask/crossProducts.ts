import type { OutputCells } from '../frame.ts'

/**
 * Sums of products of the columns [inputs, 1, y - shift] over one task's measured cells, weighted where rows have
 * weights: all that a linear model with normal errors needs to know of them. Symmetric, [input + 2, input + 2].
 *
 * @param x [row, width]
 */
export function crossProducts(x: Float64Array, width: number, { at, y, weight }: OutputCells, shift: number) {
  const size = width + 2
  const sums = new Float64Array(size * size)
  const row = new Float64Array(size)
  row[width] = 1
  for (let i = 0; i < at.length; i++) {
    for (let j = 0; j < width; j++) row[j] = x[at[i] * width + j]
    row[width + 1] = y[i] - shift
    const w = weight ? weight[i] : 1
    for (let j = 0; j < size; j++) {
      if (row[j] === 0) continue
      const scaled = w * row[j]
      for (let l = 0; l <= j; l++) sums[j * size + l] += scaled * row[l]
    }
  }
  for (let j = 0; j < size; j++) for (let l = 0; l < j; l++) sums[l * size + j] = sums[j * size + l]
  return sums
}
