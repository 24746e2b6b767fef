import { add, cast, div, equal, loop, matmul, mul, range, reshape, stopGradient, sub, sum } from '../engine/index.ts'
import type { Dim, Expr } from '../engine/index.ts'

/**
 * Linear systems of tasks side by side, in the graph: A x = b with A [task, n, n] symmetric positive definite.
 *
 * The inverse N comes from Gauss-Jordan elimination, a loop of n steps; without pivots, which such matrices do not
 * need. It is taken as a constant, and one step of refinement gives value and gradient at once:
 *   x = N b + N (b - A N b)  with every N and the first N b held fixed, so that  dx = N (db - dA x),
 * the rule of implicit differentiation. Exact for gradients; not for gradients of gradients.
 */
export function solvePositive(a: Expr, b: Expr): Expr {
  const inverse = inverseOf(stopGradient(a))
  const first = stopGradient(matmul(inverse, b))
  return add(first, matmul(inverse, sub(b, matmul(a, first))))
}

/**
 * A^-1 in place: step k takes row and column k out of every matrix, with p = m[k, k], c and r column and row without it:
 *   m' = m (row and column k zero) + (e_k - c) (r + e_k)^T / p
 */
function inverseOf(a: Expr): Expr {
  const n = a.shape[1]
  const places = range(n)
  const { state } = loop({
    count: n,
    state: [a],
    body(k, [m]) {
      const own = cast(equal(places, cast(k, 'float')), 'float')
      const [across, down] = [reshape(own, [1, 1, n]), reshape(own, [1, n, 1])]
      const [row, column] = [matmul(across, m), matmul(m, down)]
      const pivot = sum(mul(row, across), [2], true)
      const [keepAcross, keepDown] = [sub(1, across), sub(1, down)]
      const kept = mul(m, mul(keepDown, keepAcross))
      const swept = matmul(sub(down, mul(column, keepDown)), div(add(mul(row, keepAcross), across), pivot))
      return { state: [add(kept, swept)] }
    },
  })
  return stopGradient(state[0])
}

/** The identity [1, n, n]. */
export const identity = (n: Dim): Expr =>
  cast(equal(reshape(range(n), [1, n, 1]), reshape(range(n), [1, 1, n])), 'float')
