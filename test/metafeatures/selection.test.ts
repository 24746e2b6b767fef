import { expect, test } from 'vitest'
import { chosen, forestSelector, nearestSelector, singleBest } from '../../core/metafeatures/selection.ts'
import { rng } from '../../core/rng.ts'

/** Which of two learners is better depends on the sign of the first feature alone; the second says nothing. */
const random = rng('selection')
const data = Array.from({ length: 80 }, () => [
  random.normal(),
  100 * random.normal(),
  random.uniform() < 0.1 ? NaN : 1,
])
const performance = data.map(([x]) => [0.7 + 0.1 * Math.sign(x), 0.72, 0.5])
const known = { features: data.slice(0, 60), performance: performance.slice(0, 60) }
const reached = (selector: (features: number[]) => number[]) =>
  data.slice(60).reduce((sum, row, i) => sum + performance[60 + i][chosen(selector(row))], 0) / 20
const oracle = performance.slice(60).reduce((sum, row) => sum + Math.max(...row), 0) / 20

test('a forest per learner finds what decides, where neighbours are led astray and one learner for all is not enough', () => {
  const forest = reached(forestSelector(known, { trees: 50 }, rng('forest')))
  expect(forest).toBeGreaterThan(oracle - 0.005)
  expect(reached(singleBest(known))).toBeLessThan(forest)
  expect(reached(nearestSelector(known, 1))).toBeLessThan(forest)
  expect(reached(forestSelector(known, { trees: 50 }, rng('forest')))).toBe(forest)
})
