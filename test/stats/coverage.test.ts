import { describe, expect, it } from 'vitest'
import { Evaluation } from '../../core/experiment.ts'
import type { TestPredictions } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'
import { evidenceOf, type RunLike } from '../../core/stats/evidence.ts'
import { average, crossed, nadeauBengio, variance } from '../../core/stats/intervals.ts'
import { measureBy, testOverTrain } from '../../core/stats/measure.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import { coverageOf, judged, runOf } from './coverage.ts'

/**
 * Splits of made-up rows: a row adds `u` where it is tested and `v` to the model that learned from it (a mean over the
 * training rows), so that both sources of variance are known. coverage.slow.ts does it with real methods.
 */
const ROWS = 60
const SPLITS = 20

function linear(seed: number, share: number) {
  const random = rng(`linear/${seed}`)
  const learned = Math.round(share * ROWS)
  const u = Array.from({ length: ROWS }, () => random.normal())
  const v = Array.from({ length: ROWS }, () => random.normal())
  const trained = Array.from({ length: SPLITS }, () => random.permutation(ROWS).slice(0, learned))
  const said = new Map<string, TestPredictions>()
  const evidence = ['a', 'b'].map((id) => {
    const runs = trained.map((train, split): RunLike => {
      const model = average(Array.from(train, (row) => v[row]))
      const test = Int32Array.from({ length: ROWS }, (_, row) => row).filter((row) => !train.includes(row))
      // Far above 0, so that the absolute error is the figure itself.
      const values = Float64Array.from(test, (row) => 50 + (id === 'a' ? u[row] + model : 0))
      const run = runOf(`${id}/${split}`, id, split, 0, {
        mae: { value: null, perTask: { y: average([...values]) } },
      })
      said.set(run.id, {
        tasks: [{ id: 'y', target: 0, kind: 'regression', classes: null, plain: [0] }],
        rows: test,
        episode: new Int32Array(test.length),
        weight: null,
        targets: [
          {
            width: 1,
            task: new Int32Array(test.length),
            truth: new Float64Array(test.length),
            observed: new Uint8Array(test.length).fill(1),
            values,
          },
        ],
      })
      return run
    })
    return evidenceOf(id, runs, METRICS.mae, () => null)
  })
  const evaluation = Evaluation.parse({ protocol: 'holdout', testFraction: 1 - share, repeats: SPLITS })
  const lists = trained.map((train) => Array.from({ length: ROWS }, (_, row) => row).filter((r) => !train.includes(r)))
  return { evidence, evaluation, lists, predictions: (run: RunLike) => said.get(run.id) ?? null }
}

describe('random splits with more test rows than training rows', () => {
  const DRAWS = 150
  const draws = Array.from({ length: DRAWS }, (_, seed) => {
    const { evidence, evaluation, predictions } = linear(seed, 0.1)
    return judged(evidence, predictions, evaluation, METRICS.mae)
  })

  it('hold the truth, where independence holds it too seldom and Nadeau and Bengio are wide beyond use', () => {
    const { ours, nadeauBengio: nb, independent } = coverageOf(draws)
    expect(ours.covers).toBeGreaterThan(0.9)
    expect(ours.width).toBeGreaterThan(0.9)
    expect(ours.width).toBeLessThan(1.3)
    expect(independent.covers).toBeLessThan(0.85)
    expect(nb.width).toBeGreaterThan(4)
  })

  it('have the standard error that is due', () => {
    const due = variance(draws.map(({ ours }) => ours.mean))
    expect(average(draws.map(({ ours }) => ours.se ** 2)) / due).toBeGreaterThan(0.75)
    expect(average(draws.map(({ ours }) => ours.se ** 2)) / due).toBeLessThan(1.35)
  })
})

describe('lists of test rows', () => {
  const about = (testFolds: number[][], rows?: number) => {
    const { evidence, predictions } = linear(1, 0.1)
    const evaluation = Evaluation.parse({ testFolds })
    return measureBy({ evaluation, evidence, metric: METRICS.mae, predictions, blocks: null, rows })
  }
  it('are splits where they overlap, and counted as they are', () => {
    const { lists } = linear(1, 0.1)
    expect(about(lists).rule).toEqual({ rule: 'crossed-rows', unit: 'folds', n: SPLITS, approximate: true })
    expect(about(lists).ratio).toBeCloseTo(9, 10)
  })
  it('are folds where they do not', () => {
    const folds = [0, 1, 2].map((f) => Array.from({ length: 20 }, (_, i) => 3 * i + f))
    expect(about(folds).rule.rule).toBe('bootstrap-rows')
    expect(about(folds).ratio).toBeCloseTo(0.5, 10)
  })
  it('leave rows that are never tested to training', () => {
    const evaluation = Evaluation.parse({ testFolds: [[0, 1, 2], [1, 2, 3]] }) // prettier-ignore
    expect(testOverTrain(evaluation)).toBeCloseTo(3, 10)
    expect(testOverTrain(evaluation, 10)).toBeCloseTo(3 / 7, 10)
    expect(about([[0, 1, 2], [1, 2, 3]], 10).rule.rule).toBe('nadeau-bengio') // prettier-ignore
  })
})

it('is Nadeau and Bengio where both sets overlap by half, and independence where training sets share nothing', () => {
  const perFold = [1, 2, 4, 3, 2.5]
  const n = 100
  const ofUnits = 0.01
  const even = crossed({ perFold, ofUnits, n }, { test: 0.5, train: 0.5 })!
  expect(even.se ** 2).toBeCloseTo(nadeauBengio(perFold, 1)!.se ** 2, 10)
  const apart = crossed({ perFold, ofUnits: 0, n }, { test: 0.9, train: 0 })!
  expect(apart.se ** 2).toBeCloseTo(variance(perFold) / 5, 12)
})
