import { describe, expect, it } from 'vitest'
import { partialPooling } from '../../core/stats/pooling.ts'
import { rng } from '../../core/rng.ts'
import { falseCalls, foundEffects } from './calibrate.ts'

/** Few worlds here so that the suite stays quick; calibration.slow.ts draws many and every rule. */
describe('verdicts are calibrated', () => {
  it('bootstrap of rows: without a true effect, helps or hurts in at most 7 %', () => {
    const { rate } = falseCalls({ rows: 60, tasks: 3, luck: 0.05, evaluation: { folds: 5 } }, 80)
    expect(rate).toBeLessThanOrEqual(0.07)
  })
  it('repeated folds: without a true effect, helps or hurts in at most 7 %', () => {
    const { rate } = falseCalls({ rows: 60, tasks: 3, luck: 0.05, evaluation: { folds: 5, repeats: 3 } }, 120)
    expect(rate).toBeLessThanOrEqual(0.07)
  })
  it('finds a real effect', () => {
    expect(foundEffects({ rows: 150, tasks: 3, luck: 0.05, evaluation: { folds: 5 } }, 15)).toBeGreaterThan(0.7)
    expect(foundEffects({ rows: 100, tasks: 3, evaluation: { folds: 5, repeats: 3 } }, 20)).toBeGreaterThan(0.7)
  })
})

describe('partial pooling', () => {
  const task = (mean: number, se: number) => ({ mean, se, df: 50, n: 51 })

  it('leaves one task alone and pulls alike tasks together', () => {
    expect(partialPooling([task(0.3, 0.1)], null)).toEqual([task(0.3, 0.1)])
    const pooled = partialPooling(
      [0.1, 0.2, 0.3, 0.2, 0.1, 0.3, 0.2].map((mean) => task(mean, 0.1)),
      null,
    )
    expect(pooled[0].mean).toBeGreaterThan(0.14)
    expect(pooled[0].se).toBeLessThan(0.08)
  })
  it('leaves tasks that plainly differ where they are', () => {
    const pooled = partialPooling([task(-1, 0.05), task(0, 0.05), task(1, 0.05)], null)
    expect(pooled[2].mean).toBeCloseTo(1, 1)
    expect(pooled[2].se).toBeGreaterThan(0.045)
  })
  it('gains nothing from tasks whose errors are the same', () => {
    const alike = Array.from({ length: 8 }, () => task(0.2, 0.1))
    expect(partialPooling(alike, 0.1)[0].se).toBeGreaterThan(0.095)
    expect(partialPooling(alike, null)[0].se).toBeLessThan(0.06)
  })
  it('covers the truth in 95 % where tasks vary, with fewer misses than each task alone costs in width', () => {
    const random = rng('pooling')
    let inside = 0
    let width = 0
    const rounds = 300
    for (let round = 0; round < rounds; round++) {
      const truth = Array.from({ length: 6 }, () => 0.1 + 0.05 * random.normal())
      const pooled = partialPooling(
        truth.map((mean) => task(mean + 0.1 * random.normal(), 0.1)),
        null,
      )
      pooled.forEach(({ mean, se }, i) => {
        inside += Number(Math.abs(mean - truth[i]) < 1.96 * se)
        width += se
      })
    }
    expect(inside / rounds / 6).toBeGreaterThan(0.93)
    expect(width / rounds / 6).toBeLessThan(0.085)
  })
})
