import { describe, expect, it } from 'vitest'
import { gramOf } from '../../core/classical/gram.ts'
import { solvePositive } from '../../core/classical/ridge.ts'
import { lcg } from '../bench/lcg.ts'

describe('second moments', () => {
  it.each([
    [150, 5, true],
    [64, 8, false],
    [63, 1, true],
    [3, 9, false],
  ])('of %d rows and %d inputs (weights: %s) are the sums of their definition', (rows, width, weighted) => {
    const x = Float64Array.from(lcg(1).array(2 * rows * width, 3))
    const at = Int32Array.from({ length: rows }, (_, i) => 2 * i + 1)
    const y = Float64Array.from(lcg(2).array(rows))
    const weight = weighted ? Float64Array.from({ length: rows }, (_, i) => 0.5 + (i % 3)) : null
    const found = gramOf(x, width, { at, y, weight })
    const w = Float64Array.from({ length: rows }, (_, i) => weight?.[i] ?? 1)
    const total = w.reduce((a, b) => a + b)
    const over = (f: (i: number) => number) => w.reduce((sum, own, i) => sum + own * f(i), 0)
    const off = (i: number, j: number) => x[at[i] * width + j] - over((r) => x[at[r] * width + j]) / total
    const mean = over((i) => y[i]) / total
    expect(found.total).toBeCloseTo(total, 10)
    expect(found.mean).toBeCloseTo(mean, 10)
    for (let j = 0; j < width; j++) {
      expect(found.moment[j]).toBeCloseTo(
        over((i) => off(i, j) * (y[i] - mean)),
        8,
      )
      for (let k = 0; k < width; k++)
        expect(found.gram[j * width + k]).toBeCloseTo(
          over((i) => off(i, j) * off(i, k)),
          8,
        )
    }
  })

  it('lose nothing where the first rows are far from the others, or a column stands high', () => {
    const rows = 5000
    const x = Float64Array.from(lcg(4).array(rows * 2), (v, i) => v + (i % 2 ? 1e6 : i < 128 ? 1e4 : 0))
    const y = Float64Array.from(lcg(5).array(rows), (v, i) => v + (i < 64 ? 1e4 : 0))
    const found = gramOf(x, 2, { at: Int32Array.from({ length: rows }, (_, i) => i), y, weight: null })
    const column = (j: number) => Float64Array.from(y, (_, i) => x[2 * i + j])
    const centred = (v: Float64Array) => {
      const mean = v.reduce((a, b) => a + b) / rows
      return v.map((a) => a - mean)
    }
    const [a, b, c] = [column(0), column(1), y].map(centred)
    const dot = (u: Float64Array, v: Float64Array) => u.reduce((sum, own, i) => sum + own * v[i], 0)
    const near = (is: number, wanted: number, scale: number) =>
      expect(Math.abs(is - wanted)).toBeLessThan(1e-10 * scale)
    near(found.gram[0], dot(a, a), dot(a, a))
    near(found.gram[3], dot(b, b), dot(b, b))
    near(found.gram[1], dot(a, b), Math.sqrt(dot(a, a) * dot(b, b)))
    near(found.moment[1], dot(b, c), Math.sqrt(dot(b, b) * dot(c, c)))
  })

  it('find room for a thousand columns', () => {
    const x = Float64Array.from(lcg(6).array(3 * 1000))
    const found = gramOf(x, 1000, { at: Int32Array.of(0, 2), y: Float64Array.of(1, 3), weight: null })
    const half = (j: number) => (x[2000 + j] - x[j]) / 2
    for (const [j, k] of [
      [0, 0],
      [999, 998],
      [17, 503],
    ])
      expect(found.gram[j * 1000 + k]).toBeCloseTo(2 * half(j) * half(k), 10)
  })

  it('solves what is positive definite, and lifts what is not', () => {
    const full = Float64Array.of(4, 0, 0, 2, 3, 0, 2, 2, 5)
    const [a, b, c] = solvePositive(full, Float64Array.of(8, 7, 9), 0)
    expect([4 * a + 2 * b + 2 * c, 2 * a + 3 * b + 2 * c, 2 * a + 2 * b + 5 * c].map((v) => +v.toFixed(12))).toEqual([
      8, 7, 9,
    ])
    const twins = solvePositive(Float64Array.of(1, 0, 1, 1), Float64Array.of(1, 1), 0)
    expect(twins[0] + twins[1]).toBeCloseTo(1, 6)
    expect(solvePositive(new Float64Array(0), new Float64Array(0), 1)).toEqual(new Float64Array(0))
  })
})
