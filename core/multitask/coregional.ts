import { backwardPacked, factorisePacked, forwardPacked, inversePacked, packedLength } from '../packedCholesky.ts'

/**
 * The intrinsic model of coregionalisation (Bonilla, Chai and Williams 2008): cells (row i, task t) are jointly normal,
 *   cov(y_it, y_js) = B_ts k(x_i, x_j) + [same cell] sigma_t^2 / weight_i,      B = W W' + diag(own)
 *   k(x, z) = exp(-1/2 sum_f ((x_f - z_f) / length_f)^2)
 * with W [task, rank]: tasks share as much as B says. Everything is a function of the logs of lengths, own and sigma^2,
 * and of W, in one vector in the order lengths, W, own, sigma^2.
 */
export type Cells = {
  /** [row, width] */
  x: Float64Array
  width: number
  rows: number
  /** [cell] its row and its task; [cell] the value, mean 0 and sd 1 per task; [cell] or null. */
  row: Int32Array
  task: Int32Array
  y: Float64Array
  weight: Float64Array | null
}
/** `lengths` is 1 (one for all inputs) or the number of inputs. */
export type Shape = { lengths: number; tasks: number; rank: number }
export const sizeOf = ({ lengths, tasks, rank }: Shape): number => lengths + tasks * (rank + 2)

const JITTER = 1e-8

type Parts = {
  /** [input] 1 / length^2 */
  precision: Float64Array
  mix: Float64Array
  own: Float64Array
  noise: Float64Array
  /** [task, task] B */
  between: Float64Array
}

export function partsOf(theta: Float64Array, { lengths, tasks, rank }: Shape, width: number): Parts {
  const mix = theta.slice(lengths, lengths + tasks * rank)
  const own = theta.slice(lengths + tasks * rank, lengths + tasks * (rank + 1)).map(Math.exp)
  const noise = theta.slice(lengths + tasks * (rank + 1)).map(Math.exp)
  const precision = Float64Array.from({ length: width }, (_, f) => Math.exp(-2 * theta[lengths === 1 ? 0 : f]))
  const between = new Float64Array(tasks * tasks)
  for (let t = 0; t < tasks; t++)
    for (let s = 0; s < tasks; s++) {
      let sum = t === s ? own[t] : 0
      for (let r = 0; r < rank; r++) sum += mix[t * rank + r] * mix[s * rank + r]
      between[t * tasks + s] = sum
    }
  return { precision, mix, own, noise, between }
}

/** k of two rows of `a` and `b` that begin at `i` and `j`. */
export function similarity(a: Float64Array, i: number, b: Float64Array, j: number, precision: Float64Array): number {
  let sum = 0
  for (let f = 0; f < precision.length; f++) {
    const d = a[i + f] - b[j + f]
    sum += d * d * precision[f]
  }
  return Math.exp(-0.5 * sum)
}

/** k of all pairs of rows: packed. */
function similarities({ x, rows, width }: Cells, precision: Float64Array): Float64Array {
  const k = new Float64Array(packedLength(rows))
  let at = 0
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) k[at++] = similarity(x, i * width, x, j * width, precision)
  return k
}

const pair = (i: number, j: number) => (i >= j ? packedLength(i) + j : packedLength(j) + i)

/** The covariance of all cells: packed. */
function covariance({ row, task, weight }: Cells, { between, noise }: Parts, tasks: number, k: Float64Array) {
  const cells = row.length
  const whole = new Float64Array(packedLength(cells))
  let at = 0
  for (let i = 0; i < cells; i++) {
    const from = task[i] * tasks
    for (let j = 0; j <= i; j++) whole[at++] = between[from + task[j]] * k[pair(row[i], row[j])]
    whole[at - 1] += noise[task[i]] / (weight ? weight[i] : 1) + JITTER
  }
  return whole
}

export type Factor = { root: Float64Array; answer: Float64Array }

/** The factor of the covariance, and its product with y; null where rounding leaves it indefinite. */
export function* factorOf(cells: Cells, theta: Float64Array, shape: Shape): Generator<void, Factor | null> {
  const parts = partsOf(theta, shape, cells.width)
  const root = covariance(cells, parts, shape.tasks, similarities(cells, parts.precision))
  if (!(yield* factorisePacked(root, cells.y.length))) return null
  const answer = cells.y.slice()
  forwardPacked(root, answer.length, answer)
  backwardPacked(root, answer.length, answer)
  return { root, answer }
}

/**
 * -log p(y), and its slope over theta into `slope`: -1/2 sum G_ij dK_ij with G = a a' - K^-1, a = K^-1 y.
 */
export function likelihood(cells: Cells, theta: Float64Array, shape: Shape, slope: Float64Array): number {
  const { x, width, rows, row, task, y, weight } = cells
  const { lengths, tasks, rank } = shape
  const n = y.length
  const parts = partsOf(theta, shape, width)
  const k = similarities(cells, parts.precision)
  const root = covariance(cells, parts, tasks, k)
  const factoring = factorisePacked(root, n)
  let next = factoring.next()
  while (!next.done) next = factoring.next()
  if (!next.value) return Infinity
  const a = y.slice()
  forwardPacked(root, n, a)
  backwardPacked(root, n, a)
  let value = (n / 2) * Math.log(2 * Math.PI)
  for (let i = 0; i < n; i++) value += 0.5 * y[i] * a[i] + Math.log(root[packedLength(i + 1) - 1])

  const inverse = inversePacked(root, n)
  // Sums of G k over pairs of tasks, and of G B k over pairs of rows.
  const byTask = new Float64Array(tasks * tasks)
  const byRow = new Float64Array(packedLength(rows))
  slope.fill(0)
  const noiseAt = lengths + tasks * (rank + 1)
  let at = 0
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++, at++) {
      const g = a[i] * a[j] - inverse[at]
      const place = pair(row[i], row[j])
      const gk = g * k[place]
      const [t, s] = [task[i] * tasks + task[j], task[j] * tasks + task[i]]
      byTask[t] += gk
      if (i !== j) byTask[s] += gk
      byRow[place] += (i === j ? 1 : 2) * gk * parts.between[t]
      if (i === j) slope[noiseAt + task[i]] -= (0.5 * g * parts.noise[task[i]]) / (weight ? weight[i] : 1)
    }
  let of = 0
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++, of++) {
      const share = 0.5 * byRow[of]
      if (share === 0 || i === j) continue
      for (let f = 0; f < width; f++) {
        const d = x[i * width + f] - x[j * width + f]
        slope[lengths === 1 ? 0 : f] -= share * d * d * parts.precision[f]
      }
    }
  for (let t = 0; t < tasks; t++) {
    slope[lengths + tasks * rank + t] = -0.5 * byTask[t * tasks + t] * parts.own[t]
    for (let s = 0; s < tasks; s++)
      for (let r = 0; r < rank; r++) slope[lengths + t * rank + r] -= byTask[t * tasks + s] * parts.mix[s * rank + r]
  }
  return value
}
