import { filled, times, trace } from './gram.ts'
import { nonNegative } from './nonNegative.ts'

/**
 * The weights w >= 0, sum 1, of the shortest vector in the convex hull of the gradients: min w' G w (Wolfe 1976).
 * With z = s w, min over z >= 0 of z' G z + (1 - sum z)^2 has its best s at q / (1 + q) of q = w' G w, which rises with
 * q: so the same w solves both, and the second is non-negative least squares.
 */
export function minNorm(gram: Float64Array, n: number): Float64Array {
  const scale = trace(gram, n) / n
  if (!(scale > 0)) return filled(n, 1 / n)
  const z = nonNegative(
    gram.map((value) => value / scale + 1),
    filled(n, 1),
  )
  const total = z.reduce((sum, value) => sum + value, 0)
  return total > 0 ? z.map((value) => value / total) : filled(n, 1 / n)
}

/**
 * The least v >= lower of v' G v: the weights of the projection onto the cone that conflicts with no task (Quinton and
 * Rey 2024, dual form). G is first divided by its trace and given a ridge, as the authors do.
 */
export function shortestAbove(gram: Float64Array, lower: Float64Array): Float64Array {
  const n = lower.length
  const scale = trace(gram, n)
  if (!(scale > 0)) return lower.slice()
  const a = gram.map((value, at) => value / scale + (at % (n + 1) === 0 ? RIDGE : 0))
  const z = nonNegative(
    a,
    times(a, lower).map((value) => -value),
  )
  return lower.map((value, i) => value + z[i])
}
const RIDGE = 1e-4
