import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { filled, ridged, times, trace } from './gram.ts'

/**
 * The weights w > 0 with (G w)_t = w_t^(-1/alpha) for every task: what each gains from the direction is a power of what
 * it was given. alpha = 1 is Nash's bargain (Navon et al. 2022), others are alpha-fairness (Ban and Ji 2024). They
 * minimise the convex 1/2 w' G w - sum of w^(1 - b) / (1 - b), b = 1 / alpha (of log w where b = 1): Newton's method
 * with steps that stay positive. G is divided by its mean diagonal, which only scales w, and has a ridge of 1e-8, so
 * that there is an answer where no direction helps every task.
 */
export function fairWeights(gram: Float64Array, n: number, alpha: number): Float64Array {
  const scale = trace(gram, n) / n
  if (!(scale > 0)) return filled(n, 1)
  const a = ridged(
    gram.map((value) => value / scale),
    n,
    1e-8,
  )
  const b = 1 / alpha
  const potential = (w: Float64Array) => {
    const aw = times(a, w)
    let sum = 0
    for (let i = 0; i < n; i++) sum += (w[i] * aw[i]) / 2 - (b === 1 ? Math.log(w[i]) : w[i] ** (1 - b) / (1 - b))
    return sum
  }
  let w = filled(n, 1)
  let value = potential(w)
  for (let round = 0; round < 100; round++) {
    const slope = times(a, w).map((v, i) => v - w[i] ** -b)
    const curvature = a.slice()
    for (let i = 0; i < n; i++) curvature[i * n + i] += b * w[i] ** (-b - 1)
    const solver = new CholeskyDecomposition(Matrix.from1DArray(n, n, curvature))
    if (!solver.isPositiveDefinite()) break
    const step = solver.solve(Matrix.columnVector(slope)).to1DArray()
    const decrement = step.reduce((sum, s, i) => sum + s * slope[i], 0)
    if (!(decrement > 1e-22)) break
    // At most nine tenths of the way to zero, then halved until the potential falls.
    let size = 1
    step.forEach((s, i) => (size = s > 0 ? Math.min(size, (0.9 * w[i]) / s) : size))
    let moved = false
    for (let half = 0; half < 60 && !moved; half++, size /= 2) {
      const next = w.map((v, i) => v - size * step[i])
      const after = potential(next)
      if (!(after <= value - 1e-4 * size * decrement)) continue
      w = next
      value = after
      moved = true
    }
    if (!moved) break
  }
  // (G w)_t = w_t^-b in the given scale: w' = s w with scale s w = (s w)^-b, s = scale^(-1 / (1 + b)).
  const s = scale ** (-1 / (1 + b))
  return w.map((v) => v * s)
}
