import { describe, expect, it } from 'vitest'
import type { Task, TaskSet } from '../../core/data/taskSet.ts'
import { scorePredictions } from '../../core/stats/score.ts'

/** Six rows, a number target, a class target, a task column with levels a and b; row 5 has no number. */
function small(): TaskSet {
  const rows = 6
  const group = Int32Array.of(0, 0, 0, 1, 1, 1)
  const tasks: Task[] = [
    { id: 'y@s=a', target: 0, group: 0, kind: 'regression' },
    { id: 'y@s=b', target: 0, group: 1, kind: 'regression' },
    { id: 'c@s=a', target: 1, group: 0, kind: 'binary', classes: ['no', 'yes'] },
    { id: 'c@s=b', target: 1, group: 1, kind: 'binary', classes: ['no', 'yes'] },
  ]
  return {
    table: {
      hash: 'h',
      rows,
      columns: [
        {
          name: 'y',
          kind: 'number',
          values: Float64Array.of(1, 2, 3, 10, 20, NaN),
          valid: Uint8Array.of(1, 1, 1, 1, 1, 0),
        },
        {
          name: 'c',
          kind: 'category',
          values: Int32Array.of(0, 1, 0, 0, 1, 0),
          levels: ['yes', 'no'],
          valid: new Uint8Array(rows).fill(1),
        },
      ],
    },
    features: [],
    targets: [0, 1],
    tasks,
    taskOf: (row, target) => target * 2 + group[row],
    observed: Uint8Array.of(1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1),
    group,
    groups: ['a', 'b'],
    blocks: null,
    split: null,
    weight: null,
  }
}

describe('scorePredictions', () => {
  const set = small()
  const tasks = Int32Array.of(0, 1, 2, 3)
  const train = { set, rows: Int32Array.of(0, 1, 3), tasks }
  const test = { set, rows: Int32Array.of(2, 4, 5), tasks }
  const predictions = {
    rows: test.rows,
    targets: [
      { target: 0, width: 1, values: Float64Array.of(2.5, 18, 99) },
      { target: 1, width: 1, values: Float64Array.of(0.75, 0.5, 0.5) },
    ],
  }

  it('scores measured cells only, against what the training rows know', () => {
    const scores = scorePredictions({ test, train, predictions, metrics: ['rmse', 'arrmse', 'brier', 'skill'] })
    expect(scores.rmse).toEqual({ value: 1.25, perTask: { 'y@s=a': 0.5, 'y@s=b': 2 } })
    // Training means are 1.5 and 10: RRMSE .5/1.5 and 2/10.
    expect(scores.arrmse.perTask['y@s=a']).toBeCloseTo(1 / 3, 12)
    expect(scores.arrmse.perTask['y@s=b']).toBeCloseTo(0.2, 12)
    expect(scores.arrmse.value).toBeCloseTo((1 / 3 + 0.2) / 2, 12)
    // Classes are [no, yes] whatever the order of the levels: rows 2, 4, 5 say yes, no, yes.
    expect(scores.brier.perTask).toEqual({ 'c@s=a': 0.0625, 'c@s=b': 0.25 })
    expect(scores.brier.value).toBeCloseTo(0.15625, 12)
    expect(Object.keys(scores.skill.perTask)).toEqual(['y@s=a', 'y@s=b', 'c@s=a', 'c@s=b'])
  })

  it('gives null where a model says nothing of a measured cell', () => {
    const partly = { ...predictions, targets: [{ target: 0, width: 1, values: Float64Array.of(2.5, NaN, 1) }] }
    const { rmse } = scorePredictions({ test, train, predictions: partly, metrics: ['rmse'] })
    expect(rmse).toEqual({ value: null, perTask: { 'y@s=a': 0.5, 'y@s=b': null } })
  })

  it('refuses an unknown metric by name', () => {
    expect(() => scorePredictions({ test, train, predictions, metrics: ['rmsee'] })).toThrow(/rmsee/)
  })
})
