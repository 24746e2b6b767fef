import { add, broadcastTo, concat, constant, matmul, mul, sqrt, sub, transpose } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { identity, solvePositive } from './solve.ts'

/**
 * Ridge regression of tasks side by side, differentiable, in whichever form has the smaller system:
 *   W = (Z^T Z + lambda I)^-1 Z^T Y  =  Z^T (Z Z^T + lambda I)^-1 Y      (Woodbury)
 * z [task, row, n] and y [task, row, k] of rows that are to count alike; `counts` [task, row, 1] where they do not: they
 * then enter as sqrt(count) z and sqrt(count) y, and a row that only fills up is 0.
 */
export function ridgeHead(z: Expr, y: Expr, counts: Expr | null, lambda: Expr | number, few: boolean): Expr {
  const [ownZ, ownY] = counts ? [mul(z, sqrt(counts)), mul(y, sqrt(counts))] : [z, y]
  const across = transpose(ownZ, [0, 2, 1])
  if (few) return matmul(across, solvePositive(lifted(matmul(ownZ, across), lambda), ownY))
  return solvePositive(lifted(matmul(across, ownZ), lambda), matmul(across, ownY))
}

/** Posterior covariance (Z^T Z + I)^-1 = I - Z^T (Z Z^T + I)^-1 Z of weights with prior N(0, I) and unit noise. */
export function posteriorCovariance(z: Expr, counts: Expr | null, few: boolean): Expr {
  const ownZ = counts ? mul(z, sqrt(counts)) : z
  const across = transpose(ownZ, [0, 2, 1])
  const n = z.shape[2]
  const one = broadcastTo(identity(n), [z.shape[0], n, n])
  if (few) return sub(one, matmul(across, solvePositive(lifted(matmul(ownZ, across), 1), ownZ)))
  return solvePositive(lifted(matmul(across, ownZ), 1), one)
}

const lifted = (gram: Expr, by: Expr | number): Expr => add(gram, mul(identity(gram.shape[1]), by))

/** z with a column of ones, whose weight is the bias. */
export function withOnes(z: Expr): Expr {
  const [tasks, rows] = z.shape
  return concat([z, broadcastTo(constant(1, [1, 1, 1]), [tasks, rows, 1])], 2)
}
