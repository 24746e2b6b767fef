import { dot } from '../dot.ts'

/** Small linear algebra on a Gram matrix [task, task] of task gradients. */

/** G w: the inner product of each task's gradient with the direction of these weights. */
export function times(gram: Float64Array, w: ArrayLike<number>): Float64Array {
  const n = w.length
  const out = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let j = 0; j < n; j++) sum += gram[i * n + j] * w[j]
    out[i] = sum
  }
  return out
}

/** Length of the direction of these weights: sqrt(w' G w). */
export const lengthOf = (gram: Float64Array, w: ArrayLike<number>): number =>
  Math.sqrt(Math.max(0, dot(w, times(gram, w))))

/** [task] lengths of the gradients. */
export const norms = (gram: Float64Array, n: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => Math.sqrt(Math.max(0, gram[i * n + i])))

export function trace(gram: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += gram[i * n + i]
  return sum
}

/** A copy with `by` added along the diagonal. */
export function ridged(gram: Float64Array, n: number, by: number): Float64Array {
  const out = gram.slice()
  for (let i = 0; i < n; i++) out[i * n + i] += by
  return out
}

export const filled = (n: number, value: number): Float64Array => new Float64Array(n).fill(value)

/** exp(x_t) / sum of exp(x). */
export function softmax(x: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(x)
  const largest = Math.max(...values)
  const e = values.map((v) => Math.exp(v - largest))
  const total = e.reduce((sum, v) => sum + v, 0)
  return e.map((v) => v / total)
}
