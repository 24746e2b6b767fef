import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Inputs } from './features.ts'

/**
 * What tasks have in common, as a normal distribution of their weights on given features z (Laird and Ware 1982):
 *   y_t = Z_t w_t + noise,  w_t ~ N(m, S),  noise ~ N(0, s2)
 * by expectation maximisation, S held towards a small multiple of the identity. A new task's weights are then
 *   w = m + S Z' (Z S Z' + s2 I)^-1 (y - Z m),
 * which is ALPaCA's last layer on features that were not learned: a meta-learner that takes a second.
 */
export type TaskRows = { at: number[]; y: number[] }
export type Prior = { m: Float64Array; S: Matrix; s2: number }

const ROUNDS = 10
/** Rows of a task that the prior is learned from. */
const ROWS = 30

export function fitPrior(inputs: Inputs, tasks: TaskRows[]): Prior {
  const { width } = inputs
  const own = tasks.map(({ at, y }) => ({ Z: rowsOf(inputs, at.slice(0, ROWS)), y: y.slice(0, ROWS) }))
  const all = own.reduce((sum, { y }) => sum + y.length, 0)
  const spread = own.reduce((sum, { y }) => sum + y.reduce((s, v) => s + v * v, 0), 0) / all
  const hold = (0.3 * spread) / width
  const gram = Matrix.eye(width, width)
  for (const { Z } of own) gram.add(Z.transpose().mmul(Z))
  const common = new CholeskyDecomposition(gram)
  const pull = (residual: (task: number) => Matrix): Float64Array => {
    const moment = Matrix.zeros(width, 1)
    own.forEach(({ Z }, t) => moment.add(Z.transpose().mmul(residual(t))))
    return Float64Array.from(common.solve(moment).to1DArray())
  }
  let m = pull((t) => Matrix.columnVector(own[t].y))
  let S = Matrix.eye(width, width).mul(spread / width)
  let s2 = 0.5 * spread
  for (let round = 0; round < ROUNDS; round++) {
    const outer = Matrix.zeros(width, width)
    const told = Matrix.zeros(width, width)
    let noise = 0
    const moves = own.map(({ Z, y }) => {
      const { inverse, r } = residuals(Z, y, m, S, s2)
      const move = S.mmul(Z.transpose().mmul(inverse.mmul(r)))
      outer.add(move.mmul(move.transpose()))
      told.add(Z.transpose().mmul(inverse).mmul(Z))
      const left = Matrix.sub(r, Z.mmul(move))
      noise += left.dot(left) + s2 * (y.length - s2 * inverse.trace())
      return move
    })
    const T = own.length
    // S + (sum of b b' + V) / T with V = S - S Z' A^-1 Z S, and five tasks' worth of the small identity.
    const posterior = Matrix.sub(Matrix.mul(S, T), S.mmul(told).mmul(S))
    S = even(
      posterior
        .add(outer)
        .add(Matrix.eye(width, width).mul(5 * hold))
        .div(T + 5),
    )
    s2 = Math.max(noise / all, 1e-4 * spread, 1e-12)
    m = pull((t) => Matrix.sub(Matrix.columnVector(own[t].y), own[t].Z.mmul(moves[t])))
  }
  return { m, S, s2 }
}

/** Weights of a task of which `at` rows are known. */
export function weightsGiven({ m, S, s2 }: Prior, inputs: Inputs, { at, y }: TaskRows): Float64Array {
  if (!at.length) return m
  const Z = rowsOf(inputs, at)
  const { inverse, r } = residuals(Z, y, m, S, s2)
  const move = S.mmul(Z.transpose().mmul(inverse.mmul(r))).to1DArray()
  return m.map((value, j) => value + move[j])
}

function residuals(Z: Matrix, y: number[], m: Float64Array, S: Matrix, s2: number) {
  const A = even(Z.mmul(S).mmul(Z.transpose()))
  for (let i = 0; i < y.length; i++) A.set(i, i, A.get(i, i) + s2)
  const inverse = new CholeskyDecomposition(A).solve(Matrix.eye(y.length, y.length))
  return { inverse, r: Matrix.sub(Matrix.columnVector(y), Z.mmul(Matrix.columnVector([...m]))) }
}

/** Symmetric but for rounding: wholly. */
const even = (matrix: Matrix) => Matrix.add(matrix, matrix.transpose()).div(2)

function rowsOf({ x, width }: Inputs, at: number[]): Matrix {
  const Z = new Matrix(at.length, width)
  at.forEach((row, i) => {
    for (let j = 0; j < width; j++) Z.set(i, j, x[row * width + j])
  })
  return Z
}

export const said = (w: Float64Array, { x, width }: Inputs, row: number): number => {
  let sum = 0
  for (let j = 0; j < width; j++) sum += w[j] * x[row * width + j]
  return sum
}
