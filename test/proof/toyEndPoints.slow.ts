import { describe, expect, it } from 'vitest'
import { direction, objectives } from '../balancers/toy.ts'
import type { Point, Rule } from '../balancers/toy.ts'

/** The end points of toy-two-objectives.txt. */

/** Adam with a rate of 0.001, as PyTorch has it. */
function descend(rule: Rule, start: Point, steps = 100_000): Point {
  const x = [...start] as [number, number]
  const m = [0, 0]
  const v = [0, 0]
  for (let t = 1; t <= steps; t++) {
    const d = direction(rule, x)
    for (let k = 0; k < 2; k++) {
      m[k] = 0.9 * m[k] + 0.1 * d[k]
      v[k] = 0.999 * v[k] + 0.001 * d[k] ** 2
      x[k] -= (0.001 * (m[k] / (1 - 0.9 ** t))) / (Math.sqrt(v[k] / (1 - 0.999 ** t)) + 1e-8)
    }
  }
  return x
}
const STARTS: Point[] = [
  [-8.5, 7.5],
  [-8.5, -5],
  [9, 9],
]
const meanAt = (at: Point) => (objectives(at).losses[0] + objectives(at).losses[1]) / 2
const apart = (a: Point, b: Point) => Math.hypot(a[0] - b[0], a[1] - b[1])

describe('after 100,000 steps', () => {
  it('the mean gradient reaches its minimum from one start and stalls from two', () => {
    const ends = STARTS.map((start) => descend('mean', start))
    expect(apart(ends[1], [0, -8.3551])).toBeLessThan(2e-4)
    expect(Math.abs(meanAt(ends[1]) + 15.0916)).toBeLessThan(1e-4)
    // Where it stalls it jumps about a singularity of the logarithm: 1e-12 added to the start moves the end by 0.03 and
    // the mean by more than 1, so that the file's figures (3.2081 and 3.6255) can be met in place only.
    expect(apart(ends[0], [-5.0457, 2.147])).toBeLessThan(0.05)
    expect(apart(ends[2], [5.022, 2.31])).toBeLessThan(0.05)
    for (const k of [0, 2]) expect(meanAt(ends[k])).toBeGreaterThan(0)
  })
  it('CAGrad reaches the minimum of the mean from all three', () => {
    for (const start of STARTS) {
      const end = descend('CAGrad', start)
      expect(apart(end, [0, -8.3551]), JSON.stringify(end)).toBeLessThan(2e-4)
      for (const loss of objectives(end).losses) expect(Math.abs(loss + 15.0916), `${loss}`).toBeLessThan(5e-4)
    }
  })
  it('MGDA and PCGrad stop near the Pareto set, at points that depend on the start', () => {
    for (const rule of ['MGDA', 'PCGrad'] as const) {
      const ends = STARTS.map((start) => descend(rule, start))
      for (const [x1, x2] of ends) {
        expect(Math.abs(x1)).toBeLessThan(7.01)
        expect(Math.abs(x2 + 8.4)).toBeLessThan(0.1)
      }
      expect(Math.max(...ends.map(([x1]) => x1)) - Math.min(...ends.map(([x1]) => x1))).toBeGreaterThan(1)
    }
  })
})
