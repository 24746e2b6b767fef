import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { z } from 'zod'
import { emptyBatch, type DataGenerator } from './kind.ts'

/**
 * Draws of a Gaussian process (Rasmussen and Williams 2006, chapter 4): each task is one function f ~ GP(0, k), seen
 * at x ~ U[-2, 2] with noise. With r = |x - x'| and length l, height s:
 *   rbf       k = s^2 exp(-r^2 / (2 l^2))
 *   periodic  k = s^2 exp(-2 sin^2(pi r / period) / l^2)
 *   matern    k = s^2 (1 + sqrt(5) r / l + 5 r^2 / (3 l^2)) exp(-sqrt(5) r / l)     (smoothness 5/2)
 * Support and query rows of a task are one joint draw: y = L z with L L' = K.
 */
const Params = z.strictObject({
  kernel: z
    .enum(['rbf', 'periodic', 'matern'])
    .default('rbf')
    .describe('How smooth the functions are: very, repeating, or rougher.'),
  length: z.number().min(0.01).max(10).default(0.4).describe('Distance over which a function changes.'),
  height: z.number().min(0.01).max(100).default(1).describe('Standard deviation of the functions.'),
  period: z.number().min(0.01).max(10).default(1).describe('After which distance a periodic function repeats.'),
  noise: z.number().min(0).max(10).default(0.02).describe('Standard deviation of the noise on y.'),
})
type Params = z.infer<typeof Params>

/** Keeps the factorisation alive where rows (nearly) coincide; far below any noise that shows. */
const JITTER = 1e-6

export const gaussianProcess: DataGenerator<Params> = {
  id: 'gaussian-process',
  title: 'Smooth random functions',
  about: 'Every task is a random function drawn from a Gaussian process: nearby inputs have similar answers.',
  params: Params,
  shape: { tasks: 100, rows: 20 },
  generator: (params) => ({
    id: 'gaussian-process',
    params,
    features: ['x'],
    target: 'y',
    sample(rng, tasks, shots, queries) {
      const batch = emptyBatch(tasks, shots, queries, 1)
      const rows = shots + queries
      for (let task = 0; task < tasks; task++) {
        const x = Float32Array.from({ length: rows }, () => -2 + 4 * rng.uniform())
        const z = Float64Array.from({ length: rows }, () => rng.normal())
        const root = rootOf(params, x)
        const y = Float32Array.from(x, (_, i) => {
          let sum = params.noise ? params.noise * rng.normal() : 0
          for (let j = 0; j <= i; j++) sum += root.get(i, j) * z[j]
          return sum
        })
        batch.supportX.set(x.subarray(0, shots), task * shots)
        batch.supportY.set(y.subarray(0, shots), task * shots)
        batch.queryX.set(x.subarray(shots), task * queries)
        batch.queryY.set(y.subarray(shots), task * queries)
      }
      return batch
    },
  }),
}

/** The covariance of f at distance r. */
export function covariance({ kernel, length, height, period }: Params, r: number): number {
  const variance = height * height
  if (kernel === 'rbf') return variance * Math.exp(-(r * r) / (2 * length * length))
  if (kernel === 'periodic') return variance * Math.exp(-2 * (Math.sin((Math.PI * r) / period) / length) ** 2)
  const q = (Math.sqrt(5) * r) / length
  return variance * (1 + q + (q * q) / 3) * Math.exp(-q)
}

function rootOf(params: Params, x: Float32Array): Matrix {
  const k = new Matrix(x.length, x.length)
  const jitter = JITTER * params.height ** 2
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j <= i; j++) {
      const value = covariance(params, Math.abs(x[i] - x[j])) + (i === j ? jitter : 0)
      k.set(i, j, value)
      k.set(j, i, value)
    }
  return new CholeskyDecomposition(k).lowerTriangularMatrix
}
