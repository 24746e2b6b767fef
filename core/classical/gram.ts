import type { OutputCells } from '../frame.ts'

/**
 * Weighted second moments of a task's cells about their own mean, the costly part of every linear method:
 *   centre_j = sum w x_j / sum w,   gram_jk = sum w (x_j - centre_j)(x_k - centre_k),   moment_j = sum w (x_j - centre_j)(y - mean)
 * Rows come in blocks, turned so that a column lies in one piece; four by two products at a time stay in registers.
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
const TALL = 4

export function gramOf(x: Float64Array, width: number, { at, y, weight }: OutputCells): Gram {
  const centre = new Float64Array(width)
  let total = 0
  let mean = 0
  for (let i = 0; i < at.length; i++) {
    const w = weight ? weight[i] : 1
    const from = at[i] * width
    total += w
    mean += w * y[i]
    for (let j = 0; j < width; j++) centre[j] += w * x[from + j]
  }
  mean /= total || 1
  for (let j = 0; j < width; j++) centre[j] /= total || 1
  // Columns, and zeros up to whole tiles.
  const padded = Math.ceil(width / TALL) * TALL
  const left = new Float64Array(padded * BLOCK)
  const right = weight ? new Float64Array(padded * BLOCK) : left
  const sums = new Float64Array(padded * padded)
  const moment = new Float64Array(width)
  for (let start = 0; start < at.length; start += BLOCK) {
    const rows = Math.min(BLOCK, at.length - start)
    if (rows < BLOCK) left.fill(0)
    for (let r = 0; r < rows; r++) {
      const from = at[start + r] * width
      const above = (y[start + r] - mean) * (weight ? weight[start + r] : 1)
      for (let j = 0; j < width; j++) {
        const off = x[from + j] - centre[j]
        left[j * BLOCK + r] = off
        moment[j] += off * above
      }
    }
    if (weight)
      for (let j = 0; j < width; j++)
        for (let r = 0; r < BLOCK; r++) right[j * BLOCK + r] = r < rows ? weight[start + r] * left[j * BLOCK + r] : 0
    addProducts(left, right, padded, sums)
  }
  const gram = new Float64Array(width * width)
  for (let j = 0; j < width; j++)
    for (let k = 0; k <= j; k++) gram[j * width + k] = gram[k * width + j] = sums[j * padded + k]
  return { total, centre, mean, gram, moment }
}

/** sums += left right' of one block, the tiles on and below the diagonal. */
function addProducts(left: Float64Array, right: Float64Array, padded: number, sums: Float64Array): void {
  for (let j = 0; j < padded; j += TALL)
    for (let k = 0; k < j + TALL; k += 2) {
      let [a0, a1, b0, b1, c0, c1, d0, d1] = [0, 0, 0, 0, 0, 0, 0, 0]
      const [p, q] = [j * BLOCK, k * BLOCK]
      for (let r = 0; r < BLOCK; r++) {
        const u = right[q + r]
        const v = right[q + BLOCK + r]
        const a = left[p + r]
        a0 += a * u
        a1 += a * v
        const b = left[p + BLOCK + r]
        b0 += b * u
        b1 += b * v
        const c = left[p + 2 * BLOCK + r]
        c0 += c * u
        c1 += c * v
        const d = left[p + 3 * BLOCK + r]
        d0 += d * u
        d1 += d * v
      }
      let to = j * padded + k
      sums[to] += a0
      sums[to + 1] += a1
      sums[(to += padded)] += b0
      sums[to + 1] += b1
      sums[(to += padded)] += c0
      sums[to + 1] += c1
      sums[(to += padded)] += d0
      sums[to + 1] += d1
    }
}
