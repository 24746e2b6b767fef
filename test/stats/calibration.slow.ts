import { describe, expect, it } from 'vitest'
import { falseCalls, foundEffects } from './calibrate.ts'

/** Every interval rule, many worlds: without a true effect at most 7 % of calls, over all tasks at most 8 % of misses. */
const TENS = (row: number) => Math.floor(row / 10)
const SHAPES = {
  'rows, one task': { rows: 200, tasks: 1, evaluation: { folds: 5 } },
  'rows, few of them': { rows: 40, tasks: 3, evaluation: { folds: 5 } },
  'rows, lucky folds': { rows: 200, tasks: 3, luck: 0.1, evaluation: { folds: 5 } },
  'rows, ten folds': { rows: 200, tasks: 3, luck: 0.1, evaluation: { folds: 10 } },
  'rows, many tasks': { rows: 100, tasks: 16, luck: 0.05, evaluation: { folds: 5 } },
  'repeated folds': { rows: 100, tasks: 3, luck: 0.05, evaluation: { folds: 5, repeats: 3 } },
  blocks: { rows: 200, tasks: 2, blocks: TENS, evaluation: { folds: 5 } },
  groups: { rows: 200, tasks: 2, blocks: TENS, evaluation: { protocol: 'leave-one-group-out', folds: 20 } },
} as const

describe('verdicts are calibrated', () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    it(name, () => {
      const { rate, overall } = falseCalls(shape, 400)
      expect(rate).toBeLessThanOrEqual(0.07)
      expect(overall).toBeLessThanOrEqual(0.08)
      if (shape.rows >= 100) expect(foundEffects(shape, 60)).toBeGreaterThan(0.7)
    })
  }
})
