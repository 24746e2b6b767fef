import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nearestSelector, singleBest } from '../../core/metafeatures/selection.ts'
import { has, judged, scenario, shared } from './aslib.ts'

/**
 * Algorithm selection on ASlib's OPENML-WEKA-2017, its own ten folds: mean accuracy of the chosen learner over 105 data
 * sets, beside figures that scikit-learn gave, which must agree exactly.
 */
type Figures = { mean_accuracy: Record<string, number> }

test.skipIf(!has)(
  'the single best learner, the oracle and nearest neighbours are exactly where scikit-learn has them',
  () => {
    const published = JSON.parse(readFileSync(`${shared}reference/aslib-selection.json`, 'utf8')) as Figures
    const all = scenario().flatMap(({ asked }) => asked)
    expect([all.length, all[0].truth.length]).toEqual([105, 30])
    const single = judged(singleBest)
    expect(single.accuracy).toBeCloseTo(published.mean_accuracy['single best'], 10)
    expect(single.agreement).toBeCloseTo(0.524, 2)
    const oracle = all.reduce((sum, { truth }) => sum + Math.max(...truth), 0) / all.length
    expect(oracle).toBeCloseTo(published.mean_accuracy.oracle, 10)
    expect(judged((known) => nearestSelector(known, 1)).accuracy).toBeCloseTo(published.mean_accuracy['1-NN'], 10)
    expect(judged((known) => nearestSelector(known, 5)).accuracy).toBeCloseTo(
      published.mean_accuracy['5-NN mean accuracy'],
      10,
    )
  },
)
