import { expect, test } from 'vitest'
import { covariance } from '../../core/data/generators/gaussianProcess.ts'
import { generatorOf, generatorParams } from '../../core/data/generators/index.ts'
import type { EpisodeBatch, TaskGenerator } from '../../core/data/generator.ts'
import { rng } from '../../core/rng.ts'

const source = (id: string, params: unknown = {}): TaskGenerator => {
  const generator = generatorOf(id)
  return generator.generator?.(generatorParams(generator, params)) as TaskGenerator
}
const own = (values: Float32Array, task: number, n: number) => [...values.subarray(task * n, (task + 1) * n)]
const sd = (values: number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)

/** Least squares of y on the columns, by the normal equations. */
function fit(columns: number[][], y: number[]): { weights: number[]; residual: number } {
  const k = columns.length
  const a = columns.map((u) => [...columns.map((v) => dot(u, v)), dot(u, y)])
  for (let i = 0; i < k; i++)
    for (let r = 0; r < k; r++) {
      if (r === i) continue
      const f = a[r][i] / a[i][i]
      for (let c = i; c <= k; c++) a[r][c] -= f * a[i][c]
    }
  const weights = a.map((row, i) => row[k] / row[i])
  return { weights, residual: sd(y.map((v, n) => v - weights.reduce((sum, w, i) => sum + w * columns[i][n], 0))) }
}
const dot = (u: number[], v: number[]) => u.reduce((sum, value, i) => sum + value * v[i], 0)

test("Reptile's sine: phases all round, 50 grid points, support distinct, 50 queries are the whole grid", () => {
  const batch = source('sine', { phase: 'full-turn', grid: 50 }).sample(rng(1), 400, 10, 50)
  const grid = Array.from({ length: 50 }, (_, i) => Math.fround(-5 + (10 * i) / 49))
  const phases: number[] = []
  for (let task = 0; task < 400; task++) {
    const support = own(batch.supportX, task, 10)
    expect(new Set(support).size).toBe(10)
    expect(support.every((x) => grid.includes(x))).toBe(true)
    const x = own(batch.queryX, task, 50)
    expect([...x].sort((a, b) => a - b)).toEqual(grid)
    const { weights, residual } = fit([x.map(Math.sin), x.map(Math.cos)], own(batch.queryY, task, 50))
    expect(residual).toBeLessThan(1e-5)
    phases.push(Math.atan2(-weights[1], weights[0]))
  }
  // All quarters alike: 100 each, give or take four standard deviations.
  for (let quarter = 0; quarter < 4; quarter++) {
    const from = -Math.PI + (quarter * Math.PI) / 2
    const count = phases.filter((phase) => phase >= from && phase < from + Math.PI / 2).length
    expect(Math.abs(count - 100)).toBeLessThan(35)
  }
})

test('lines: slope and height within three, noise as asked', () => {
  const batch = source('linear').sample(rng(2), 300, 5, 40)
  const found = Array.from({ length: 300 }, (_, task) => {
    const x = own(batch.queryX, task, 40)
    return fit([x, x.map(() => 1)], own(batch.queryY, task, 40))
  })
  for (const i of [0, 1]) {
    const all = found.map(({ weights }) => weights[i])
    expect(Math.max(...all.map(Math.abs))).toBeLessThan(3.2)
    // A uniform number on [-3, 3] has sd sqrt(3).
    expect(sd(all)).toBeCloseTo(Math.sqrt(3), 0)
  }
  expect(sd(found.map(({ residual }) => residual))).toBeCloseTo(0.3 * Math.sqrt(38 / 40), 1)
})

test('harmonic: each task is two frequencies exactly, the second twice the first', () => {
  const batch = source('harmonic', { noise: 0 }).sample(rng(3), 40, 1, 60)
  for (let task = 0; task < 40; task++) {
    const x = own(batch.queryX, task, 60)
    const y = own(batch.queryY, task, 60)
    const left = (w: number) =>
      fit(
        [w, 2 * w].flatMap((f) => [x.map((v) => Math.sin(f * v)), x.map((v) => Math.cos(f * v))]),
        y,
      ).residual
    let best = 5
    for (let w = 5; w <= 7; w += 0.005) if (left(w) < left(best)) best = w
    expect(left(best) / sd(y)).toBeLessThan(0.05)
  }
})

test.each(['rbf', 'periodic', 'matern'] as const)('%s draws have the covariance that they promise', (kernel) => {
  const params = { kernel, length: 0.7, height: 2, period: 1.5, noise: 0 }
  const batch: EpisodeBatch = source('gaussian-process', params).sample(rng(kernel), 20_000, 1, 1)
  // Products of the two rows, gathered by distance: their mean is the covariance at that distance.
  const bins = Array.from({ length: 8 }, () => ({ n: 0, product: 0, wanted: 0 }))
  for (let i = 0; i < 20_000; i++) {
    const r = Math.abs(batch.supportX[i] - batch.queryX[i])
    const bin = bins[Math.min(7, Math.floor(r / 0.5))]
    bin.n++
    bin.product += batch.supportY[i] * batch.queryY[i]
    bin.wanted += covariance(params, r)
  }
  // sd of a product is at most sqrt(2) height^2 = 5.7: five standard errors.
  for (const { n, product, wanted } of bins)
    expect(Math.abs(product - wanted) / n).toBeLessThan((5 * 5.7) / Math.sqrt(n))
  expect(sd([...batch.supportY])).toBeCloseTo(2, 1)
  expect(covariance(params, 0)).toBe(4)
})

test('kernels at known places', () => {
  const at = (kernel: 'rbf' | 'periodic' | 'matern', r: number) =>
    covariance({ kernel, length: 1, height: 1, period: 1, noise: 0 }, r)
  expect(at('rbf', 1)).toBeCloseTo(Math.exp(-0.5), 12)
  expect(at('periodic', 1)).toBeCloseTo(1, 12)
  expect(at('periodic', 0.5)).toBeCloseTo(Math.exp(-2), 12)
  // scikit-learn: Matern(length_scale=1, nu=2.5) at distance 1.
  expect(at('matern', 1)).toBeCloseTo(0.5239941088318203, 12)
})

test('periodic functions on a grid of their period stay factorisable', () => {
  const batch = source('gaussian-process', { kernel: 'periodic', length: 3, noise: 0 }).sample(rng(4), 20, 50, 50)
  expect([...batch.supportY, ...batch.queryY].every(Number.isFinite)).toBe(true)
})
