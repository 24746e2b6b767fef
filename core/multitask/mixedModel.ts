import { Matrix, solve } from 'ml-matrix'
import { minimising } from '../lbfgs.ts'
import { addSquare, factorise, solveLower, solveUpper } from '../triangular.ts'

/**
 * The linear mixed model (Laird and Ware 1982; profiled as in Bates, Maechler, Bolker and Walker 2015):
 *   y_g = X_g beta + Z_g b_g + e,   b_g ~ N(0, sigma^2 D),   e ~ N(0, sigma^2 I),   D = L L'
 * of groups g given by the sums of products of [inputs, 1, y]. Z holds some of the columns of X. With V_g = I + Z D Z'
 * and sigma^2 and beta put at their best for a given L, minimises
 *   ML    sum log|V_g| + n (1 + log 2 pi r / n)                           r = sum e_g' V_g^-1 e_g
 *   REML  sum log|V_g| + log|sum X' V^-1 X| + (n - p)(1 + log 2 pi r / (n - p))
 * over the entries of L by L-BFGS. With the factor R R' = I + L'Z'Z L of a group and U = R^-1 L'Z'[X y],
 *   log|V_g| = 2 log|R|,   [X y]'V^-1 [X y] = [X y]'[X y] - U'U,   Z'V^-1 [X y] = Z'[X y] - Z'Z L R'^-1 U
 * and the slope over L is 2 S L with
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
 * Yields between the steps of the search.
 * @param groups per group its sums of products [size + 1, size + 1] of the `size` columns of X and y, X of full rank
 * @param cells number of measured cells, more than columns
 */
export function* fitMixed(
  groups: Float64Array[],
  size: number,
  cells: number,
  options: MixedOptions,
): Generator<void, MixedModel> {
  const { random, covariance } = options
  const q = random.length
  const places: [number, number][] = []
  for (let i = 0; i < q; i++) for (let j = covariance === 'full' ? 0 : i; j <= i; j++) places.push([i, j])
  const total = groups.reduce((sum, own) => sum + own[(size + 1) ** 2 - 1], 0)
  const profile = profiled(groups, size, cells, total, options)
  const root = new Float64Array(q * q)
  const along = new Float64Array(q * q)
  const value = (theta: Float64Array, gradient: Float64Array | null) => {
    places.forEach(([i, j], k) => (root[i * q + j] = theta[k]))
    const found = profile(root, gradient && along)
    if (gradient) places.forEach(([i, j], k) => (gradient[k] = along[i * q + j]))
    return found
  }

  const start = Float64Array.from(places, ([i, j]) => (i === j ? 0.5 : 0))
  // Of many spreads most go to zero, slowly and without changing any line: only few are followed to the last digit.
  const stop = places.length <= 10 ? { tolerance: 1e-7, most: 300 } : { tolerance: 1e-2, most: 60 }
  const search = minimising((at, g) => value(at, g).criterion, start, stop)
  const theta = total > 0 ? yield* search : start.fill(0)
  const { fixed, variance, criterion } = value(theta, null)
  const spread = new Float64Array(q * q)
  for (let i = 0; i < q; i++)
    for (let j = 0; j < q; j++)
      for (let k = 0; k < q; k++) spread[i * q + j] += variance * root[i * q + k] * root[j * q + k]
  return { fixed: fixed.slice(), covariance: spread, sd: Math.sqrt(variance), criterion }
}

/** Multiply-adds of one look at the likelihood. */
export const mixedWork = (groups: number, size: number, random: number): number =>
  groups * random * (random + size) * (random + 2 * size) + size ** 3

type Profile = { criterion: number; variance: number; fixed: Float64Array }

/**
 * The profiled criterion as a function of the root L [random, random], whose lower triangle alone is read, and the slope
 * over it into `along`. All working memory is made here, once.
 */
function profiled(
  groups: Float64Array[],
  size: number,
  cells: number,
  total: number,
  { random, reml }: MixedOptions,
): (root: Float64Array, along: Float64Array | null) => Profile {
  const q = random.length
  const width = size + 1
  const freedom = cells - (reml ? size : 0)
  // Per group Z'[X y], and Z'Z out of it.
  const mixed = groups.map((own) => {
    const rows = new Float64Array(q * width)
    random.forEach((column, i) => rows.set(own.subarray(column * width, (column + 1) * width), i * width))
    return rows
  })
  const both = groups.map((own) => Float64Array.from(random.flatMap((i) => random.map((j) => own[i * width + j]))))
  const all = new Float64Array(width * width)
  for (const own of groups) for (let i = 0; i < all.length; i++) all[i] += own[i]

  const carried = new Float64Array(q * width)
  const product = new Float64Array(q * q)
  const inner = new Float64Array(q * q)
  const whole = new Float64Array(width * width)
  const system = new Float64Array(size * size)
  const fixed = new Float64Array(size)
  const slope = new Float64Array(q * q)
  const toX = new Float64Array(size * q)
  // Z'V^-1 [X y] of every group: they wait for beta.
  const parts = groups.map(() => new Float64Array(q * width))
  const spreads = groups.map(() => new Float64Array(q * q))

  return (root, along) => {
    const nowhere = { criterion: Infinity, variance: NaN, fixed }
    whole.set(all)
    let logs = 0
    for (let g = 0; g < groups.length; g++) {
      const rows = mixed[g]
      const own = both[g]
      // Z'Z L, L'Z'[X y], and L'Z'Z L + I; L is lower.
      product.fill(0)
      for (let i = 0; i < q; i++)
        for (let k = 0; k < q; k++) {
          const share = own[i * q + k]
          for (let j = 0; j <= k; j++) product[i * q + j] += share * root[k * q + j]
        }
      carried.fill(0)
      inner.fill(0)
      for (let k = 0; k < q; k++)
        for (let i = 0; i <= k; i++) {
          const share = root[k * q + i]
          if (share === 0) continue
          for (let c = 0; c < width; c++) carried[i * width + c] += share * rows[k * width + c]
          for (let j = 0; j <= i; j++) inner[i * q + j] += share * product[k * q + j]
        }
      for (let i = 0; i < q; i++) inner[i * q + i] += 1
      if (!factorise(inner, q)) return nowhere
      for (let i = 0; i < q; i++) logs += 2 * Math.log(inner[i * q + i])
      solveLower(inner, q, carried, width)
      addSquare(carried, q, width, -1, whole)
      if (!along) continue
      solveUpper(inner, q, carried, width)
      const part = parts[g]
      part.set(rows)
      for (let i = 0; i < q; i++)
        for (let k = 0; k < q; k++) {
          const share = product[i * q + k]
          if (share !== 0) for (let c = 0; c < width; c++) part[i * width + c] -= share * carried[k * width + c]
        }
      // Z'V^-1 Z is in it, since Z holds columns of X.
      for (let i = 0; i < q; i++) for (let j = 0; j < q; j++) spreads[g][i * q + j] = part[i * width + random[j]]
    }
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) system[i * size + j] = whole[i * width + j]
    if (!factorise(system, size)) return nowhere
    for (let j = 0; j < size; j++) fixed[j] = whole[size * width + j]
    solveLower(system, size, fixed, 1)
    // Rounding could leave a perfect fit below zero.
    const explained = fixed.reduce((sum, value) => sum + value * value, 0)
    const left = Math.max(whole[width * width - 1] - explained, total * 1e-14, Number.MIN_VALUE)
    solveUpper(system, size, fixed, 1)
    const variance = left / freedom
    if (reml) for (let j = 0; j < size; j++) logs += 2 * Math.log(system[j * size + j])
    const criterion = logs + freedom * (1 + Math.log(2 * Math.PI * variance))
    if (!along) return { criterion, variance, fixed }

    slope.fill(0)
    const toE = new Float64Array(q)
    for (let g = 0; g < groups.length; g++) {
      const part = parts[g]
      for (let i = 0; i < q; i++) {
        let rest = part[i * width + size]
        for (let j = 0; j < size; j++) {
          rest -= part[i * width + j] * fixed[j]
          toX[j * q + i] = part[i * width + j]
        }
        toE[i] = rest
      }
      for (let i = 0; i < q; i++)
        for (let j = 0; j <= i; j++) slope[i * q + j] += spreads[g][i * q + j] - (toE[i] * toE[j]) / variance
      if (!reml) continue
      solveLower(system, size, toX, q)
      addSquare(toX, size, q, -1, slope)
    }
    for (let i = 0; i < q; i++) for (let j = 0; j < i; j++) slope[j * q + i] = slope[i * q + j]
    for (let i = 0; i < q; i++)
      for (let j = 0; j < q; j++) {
        let sum = 0
        for (let k = j; k < q; k++) sum += slope[i * q + k] * root[k * q + j]
        along[i * q + j] = 2 * sum
      }
    return { criterion, variance, fixed }
  }
}

/**
 * What is expected of one group's random effects given its cells (best linear unbiased prediction):
 *   b = D Z' V^-1 (y - X beta) = L (I + L'Z'Z L)^-1 L'Z'(y - X beta): D need not be invertible.
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
