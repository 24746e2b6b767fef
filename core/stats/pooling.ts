import type { Measured } from './intervals.ts'

/**
 * Partial pooling of per-task effects. Many tasks measured roughly say more about each one than it says alone:
 *   y_i = mu + tau u_i + s_i (sqrt(rho) c + sqrt(1 - rho) e_i),   u, c, e ~ N(0, 1)
 * mu is the common effect, tau how much tasks differ, s_i the standard error of task i, and rho the correlation of the
 * errors of tasks that were measured on the same rows or folds: that part no pooling removes. rho comes from the
 * standard error of the mean over tasks, which is measured directly. tau is averaged over its posterior on a grid
 * (Gelman et al., BDA3, 5.4; prior half-Cauchy at the typical standard error, Gelman 2006) instead of being put to one
 * estimate, which with two or three tasks is too often zero. The pooled effect of a task given tau is the best linear
 * prediction; its variance adds that of mu (Morris 1983). One task stays as it was measured.
 */
export type Pooled = { mean: number; se: number; df: number; n: number }[]

const GRID = 60

/** `overallSe`: the measured standard error of the plain mean over these tasks, null where it is not known (rho = 0). */
export function partialPooling(tasks: readonly Measured[], overallSe: number | null): Pooled {
  if (tasks.length < 2) return tasks.map((task) => ({ ...task }))
  const y = tasks.map((task) => task.mean)
  const floor = 1e-9 * Math.max(...tasks.map((task) => Math.max(task.se, Math.abs(task.mean))), 1e-300)
  const s = tasks.map((task) => Math.max(task.se, floor))
  const rho = overallSe === null ? 0 : correlation(s, overallSe)
  const typical = [...s].sort((a, b) => a - b)[Math.floor(s.length / 2)]
  // Quantiles of the half-Cauchy prior, so every grid point has the same prior weight.
  const taus = Array.from({ length: GRID }, (_, i) => typical * Math.tan((Math.PI / 2) * ((i + 0.5) / GRID)))
  const given = taus.map((tau) => posterior(y, s, tau, rho))
  const best = Math.max(...given.map((g) => g.logLikelihood))
  const weight = given.map((g) => Math.exp(g.logLikelihood - best))
  const total = weight.reduce((sum, w) => sum + w, 0)
  return tasks.map((task, i) => {
    const mean = given.reduce((sum, g, j) => sum + weight[j] * g.mean[i], 0) / total
    const variance = given.reduce((sum, g, j) => sum + weight[j] * (g.variance[i] + (g.mean[i] - mean) ** 2), 0) / total
    return { mean, se: Math.sqrt(variance), df: task.df, n: task.n }
  })
}

/** The common correlation that makes the variance of the mean what it was measured to be, kept in [0, 0.99]. */
function correlation(s: readonly number[], overallSe: number): number {
  const sum = s.reduce((total, value) => total + value, 0)
  const own = s.reduce((total, value) => total + value ** 2, 0)
  return Math.min(0.99, Math.max(0, ((s.length * overallSe) ** 2 - own) / (sum ** 2 - own)))
}

/** Everything given tau. Covariance = diag(d) + rho s s', inverted by Sherman and Morrison. */
function posterior(y: readonly number[], s: readonly number[], tau: number, rho: number) {
  const d = s.map((value) => tau * tau + (1 - rho) * value * value)
  const scale = 1 + rho * s.reduce((sum, value, i) => sum + (value * value) / d[i], 0)
  const solve = (b: readonly number[]) => {
    const shared = (rho * s.reduce((sum, value, i) => sum + (value * b[i]) / d[i], 0)) / scale
    return b.map((value, i) => (value - shared * s[i]) / d[i])
  }
  const ones = solve(y.map(() => 1))
  const information = ones.reduce((sum, value) => sum + value, 0)
  const mu = y.reduce((sum, value, i) => sum + value * ones[i], 0) / information
  const residual = y.map((value) => value - mu)
  const solved = solve(residual)
  const logDeterminant = d.reduce((sum, value) => sum + Math.log(value), Math.log(scale))
  const misfit = residual.reduce((sum, value, i) => sum + value * solved[i], 0)
  return {
    logLikelihood: -0.5 * (logDeterminant + misfit + Math.log(information)),
    mean: solved.map((value) => mu + tau * tau * value),
    variance: d.map((value, i) => {
      const inverse = 1 / value - (rho * (s[i] / value) ** 2) / scale
      return Math.max(0, tau ** 2 - tau ** 4 * inverse) + (1 - tau * tau * ones[i]) ** 2 / information
    }),
  }
}
