import { times } from './gram.ts'

/**
 * The z >= 0 that minimises 1/2 z' A z - b' z, for a symmetric positive (semi)definite A [n, n]: the active-set method
 * for non-negative least squares (Lawson and Hanson 1974), exact up to rounding. A ridge of 1e-13 of the mean diagonal
 * keeps it defined where A is singular.
 */
export function nonNegative(a: Float64Array, b: Float64Array): Float64Array {
  const n = b.length
  let diagonal = 0
  for (let i = 0; i < n; i++) diagonal += a[i * n + i] / n
  const ridge = 1e-13 * diagonal
  const z = new Float64Array(n)
  const free: number[] = []
  const tolerance = 1e-12 * Math.max(...b.map(Math.abs), diagonal * 1e-12)
  for (let round = 0; round < 10 * n + 10; round++) {
    const az = times(a, z)
    let enter = -1
    let steepest = tolerance
    for (let i = 0; i < n; i++) {
      if (free.includes(i) || b[i] - az[i] <= steepest) continue
      steepest = b[i] - az[i]
      enter = i
    }
    if (enter < 0) return z
    free.push(enter)
    while (free.length) {
      const wanted = solveFree(a, b, free, ridge)
      if (wanted.every((value) => value > 0)) {
        free.forEach((i, k) => (z[i] = wanted[k]))
        break
      }
      // As far as the first bound; what stands on it leaves the free set.
      let share = 1
      free.forEach((i, k) => {
        if (wanted[k] <= 0) share = Math.min(share, z[i] / (z[i] - wanted[k]))
      })
      if (!(share >= 0)) share = 0
      free.forEach((i, k) => (z[i] += share * (wanted[k] - z[i])))
      const before = free.length
      for (let k = free.length - 1; k >= 0; k--)
        if (wanted[k] <= 0 && z[free[k]] <= 1e-15 * Math.max(...z)) {
          z[free[k]] = 0
          free.splice(k, 1)
        }
      if (free.length === before) return z
    }
  }
  return z
}

/** Cholesky on the free rows and columns. */
function solveFree(a: Float64Array, b: Float64Array, free: number[], ridge: number): Float64Array {
  const n = b.length
  const m = free.length
  const l = new Float64Array(m * m)
  for (let i = 0; i < m; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[free[i] * n + free[j]] + (i === j ? ridge : 0)
      for (let k = 0; k < j; k++) sum -= l[i * m + k] * l[j * m + k]
      l[i * m + j] = i === j ? Math.sqrt(Math.max(sum, ridge, Number.MIN_VALUE)) : sum / l[j * m + j]
    }
  const x = Float64Array.from(free, (i) => b[i])
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < i; k++) x[i] -= l[i * m + k] * x[k]
    x[i] /= l[i * m + i]
  }
  for (let i = m - 1; i >= 0; i--) {
    for (let k = i + 1; k < m; k++) x[i] -= l[k * m + i] * x[k]
    x[i] /= l[i * m + i]
  }
  return x
}
