import { CholeskyDecomposition, Matrix, solve } from 'ml-matrix'
import { minimise } from '../lbfgs.ts'

/**
 * The linear mixed model (Laird and Ware 1982; profiled as in Bates, Maechler, Bolker and Walker 2015):
 *   y_g = X_g beta + Z_g b_g + e,   b_g ~ N(0, sigma^2 D),   e ~ N(0, sigma^2 I),   D = L L'
 * of groups g given by the sums of products of [inputs, 1, y]. Z holds some of the columns of X. With V_g = I + Z D Z'
 * and sigma^2 and beta put at their best for a given L, minimises
 *   ML    sum log|V_g| + n (1 + log 2 pi r / n)                           r = sum e_g' V_g^-1 e_g
 *   REML  sum log|V_g| + log|sum X' V^-1 X| + (n - p)(1 + log 2 pi r / (n - p))
 * over the entries of L by L-BFGS. Its slope is 2 S L with
 *   S = sum_g Z'V^-1 Z - Z'V^-1 X (sum X'V^-1 X)^-1 X'V^-1 Z (REML alone) - Z'V^-1 e e'V^-1 Z / sigma^2.
 */
export type MixedOptions = {
  /** Columns of X that vary over groups, as indices into [inputs, 1]. */
  random: number[]
  reml: boolean
  /** "diagonal" makes the random effects independent of each other. */
  covariance: 'full' | 'diagonal'
}

export type MixedModel = {
  /** [column] */
  fixed: Float64Array
  /** [random, random] sigma^2 D */
  covariance: Float64Array
  /** Of the residuals. */
  sd: number
  /** -2 log likelihood, restricted or not. */
  criterion: number
}

/**
 * @param groups per group its sums of products [size + 1, size + 1] of the `size` columns of X and y, X of full rank
 * @param cells number of measured cells, more than columns
 */
export function fitMixed(groups: Float64Array[], size: number, cells: number, options: MixedOptions): MixedModel {
  const { random, reml, covariance } = options
  const q = random.length
  const places: [number, number][] = []
  for (let i = 0; i < q; i++) for (let j = covariance === 'full' ? 0 : i; j <= i; j++) places.push([i, j])
  const rootOf = (theta: Float64Array) => {
    const root = Matrix.zeros(q, q)
    places.forEach(([i, j], k) => root.set(i, j, theta[k]))
    return root
  }
  const matrices = groups.map((sums) => new Matrix(rowsOf(sums, size + 1)))
  const freedom = cells - (reml ? size : 0)
  const total = matrices.reduce((sum, own) => sum + own.get(size, size), 0)

  const value = (theta: Float64Array, gradient: Float64Array | null) => {
    const root = rootOf(theta)
    // [X y]' V^-1 [X y], and per group Z' V^-1 [X y]
    const whole = Matrix.zeros(size + 1, size + 1)
    const parts: Matrix[] = []
    let logs = 0
    for (const own of matrices) {
      const rows = own.selection(random, range(size + 1))
      const carried = root.transpose().mmul(rows)
      const inner = carried.selection(range(q), random).mmul(root)
      for (let i = 0; i < q; i++) inner.set(i, i, inner.get(i, i) + 1)
      const cholesky = factor(inner)
      if (!cholesky.isPositiveDefinite()) return NOWHERE
      for (let i = 0; i < q; i++) logs += 2 * Math.log(cholesky.lowerTriangularMatrix.get(i, i))
      const solved = cholesky.solve(carried)
      whole.add(own).sub(carried.transpose().mmul(solved))
      if (gradient) parts.push(rows.sub(carried.selection(range(q), random).transpose().mmul(solved)))
    }
    const system = factor(whole.subMatrix(0, size - 1, 0, size - 1))
    if (!system.isPositiveDefinite()) return NOWHERE
    const moment = whole.subMatrix(0, size - 1, size, size)
    const fixed = system.solve(moment)
    // Rounding could leave a perfect fit below zero.
    const left = Math.max(whole.get(size, size) - moment.dot(fixed), total * 1e-14, Number.MIN_VALUE)
    const variance = left / freedom
    if (reml) for (let j = 0; j < size; j++) logs += 2 * Math.log(system.lowerTriangularMatrix.get(j, j))
    if (gradient) {
      const slope = Matrix.zeros(q, q)
      for (const part of parts) {
        const toX = part.subMatrix(0, q - 1, 0, size - 1)
        const toE = part.subMatrix(0, q - 1, size, size).sub(toX.mmul(fixed))
        slope.add(part.selection(range(q), random)).sub(toE.mmul(toE.transpose()).div(variance))
        if (reml) slope.sub(toX.mmul(system.solve(toX.transpose())))
      }
      const along = slope.mmul(root)
      places.forEach(([i, j], k) => (gradient[k] = 2 * along.get(i, j)))
    }
    return { criterion: logs + freedom * (1 + Math.log(2 * Math.PI * variance)), fixed, variance }
  }

  const start = Float64Array.from(places, ([i, j]) => (i === j ? 0.5 : 0))
  // Of many spreads most go to zero, slowly and without changing any line: only few are followed to the last digit.
  const stop = places.length <= 10 ? { tolerance: 1e-7, most: 300 } : { tolerance: 1e-2, most: 60 }
  const theta = total > 0 ? minimise((at, g) => value(at, g).criterion, start, stop) : start.fill(0)
  const best = value(theta, null)
  const root = rootOf(theta)
  return {
    fixed: Float64Array.from(best.fixed.to1DArray()),
    covariance: Float64Array.from(root.mmul(root.transpose()).mul(best.variance).to1DArray()),
    sd: Math.sqrt(best.variance),
    criterion: best.criterion,
  }
}

/** Too far out for the arithmetic: the search turns back. */
const NOWHERE = { criterion: Infinity, fixed: Matrix.zeros(0, 1), variance: NaN }

/**
 * What is expected of one group's random effects given its cells (best linear unbiased prediction):
 *   b = D Z' V^-1 (y - X beta), from (I + D Z'Z) b = D Z'(y - X beta): D need not be invertible.
 */
export function randomEffects(sums: Float64Array, size: number, random: number[], mixed: MixedModel): Float64Array {
  const q = random.length
  const own = new Matrix(rowsOf(sums, size + 1))
  const left = Float64Array.from(random, (i) => {
    let value = own.get(i, size)
    for (let j = 0; j < size; j++) value -= own.get(i, j) * mixed.fixed[j]
    return value
  })
  const relative = new Matrix(rowsOf(mixed.covariance, q)).div(mixed.sd ** 2)
  const system = relative.mmul(own.selection(random, random)).add(Matrix.eye(q))
  return Float64Array.from(solve(system, relative.mmul(Matrix.columnVector(left))).to1DArray())
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)
const rowsOf = (values: Float64Array, width: number) =>
  range(values.length / width).map((i) => [...values.subarray(i * width, (i + 1) * width)])

/** Cholesky of the lower triangle: products are symmetric but for rounding. */
function factor(matrix: Matrix): CholeskyDecomposition {
  for (let i = 0; i < matrix.rows; i++) for (let j = 0; j < i; j++) matrix.set(j, i, matrix.get(i, j))
  return new CholeskyDecomposition(matrix)
}
