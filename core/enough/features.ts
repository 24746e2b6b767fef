import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Rng } from '../rng.ts'

/** Rows as the probe sees them. x: [row, width], the last input a constant 1. */
export type Inputs = { x: Float64Array; width: number }

/** Directions that are kept of many columns. */
const DIRECTIONS = 30
/** Curves that are drawn. */
const CURVES = 60

/** The standardised inputs, or their first principal directions where there are many; each with sd 1 again. */
export function directions(x: Float64Array, columns: number): Inputs {
  const rows = x.length / columns
  if (columns <= DIRECTIONS) return withOne(x, columns)
  const gram = new Matrix(columns, columns)
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < columns; i++) {
      const v = x[r * columns + i] / rows
      if (v !== 0) for (let j = 0; j <= i; j++) gram.set(i, j, gram.get(i, j) + v * x[r * columns + j])
    }
  for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) gram.set(j, i, gram.get(i, j))
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true })
  const order = realEigenvalues
    .map((value, k) => ({ value, k }))
    .sort((a, b) => b.value - a.value)
    .slice(0, DIRECTIONS)
    .filter(({ value }) => value > 1e-9)
  const out = new Float64Array(rows * order.length)
  order.forEach(({ value, k }, d) => {
    for (let r = 0; r < rows; r++) {
      let sum = 0
      for (let j = 0; j < columns; j++) sum += x[r * columns + j] * eigenvectorMatrix.get(j, k)
      out[r * order.length + d] = sum / Math.sqrt(value)
    }
  })
  return withOne(out, order.length)
}

/** The inputs and random curves of them, tanh(w x + b), steep and gentle ones: what a network could bend to. */
export function curves({ x, width }: Inputs, random: Rng): Inputs {
  const inputs = width - 1
  const full = width + CURVES
  const rows = x.length / width
  const out = new Float64Array(rows * full)
  for (let r = 0; r < rows; r++) out.set(x.subarray(r * width, (r + 1) * width), r * full + CURVES)
  for (let c = 0; c < CURVES; c++) {
    const steep = Math.exp(Math.log(0.5) + random.uniform() * Math.log(12)) / Math.sqrt(Math.max(1, inputs))
    const w = Float64Array.from({ length: inputs }, () => steep * random.normal())
    const b = 4 * random.uniform() - 2
    for (let r = 0; r < rows; r++) {
      let sum = b
      for (let j = 0; j < inputs; j++) sum += w[j] * x[r * width + j]
      out[r * full + c] = Math.tanh(sum)
    }
  }
  return { x: out, width: full }
}

function withOne(x: Float64Array, columns: number): Inputs {
  const rows = x.length / columns
  const width = columns + 1
  const out = new Float64Array(rows * width)
  for (let r = 0; r < rows; r++) {
    out.set(x.subarray(r * columns, (r + 1) * columns), r * width)
    out[r * width + columns] = 1
  }
  return { x: out, width }
}
