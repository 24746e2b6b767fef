import { expect, test } from 'vitest'
import { asBothWays, bothWays, keptWhole } from '../../core/bothWays.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import type { Comparison } from '../../core/stats/comparison.ts'
import { sideBySide } from '../../core/stats/sideBySide.ts'
import { english } from '../../core/words/say.ts'

const names = { random: 'random', whole: 'whole' }
const spec = (roles: object, evaluation: object = {}) =>
  ExperimentSpec.parse({
    name: 'voices',
    data: { hash: 'h', roles: { targets: ['y'], ...roles } },
    methods: [{ id: 'knn' }],
    evaluation,
  })

test('both ways of one spec differ in how rows are dealt and in nothing else', () => {
  const grouped = spec({ group: 'patient', ignore: ['no'] }, { folds: 4, seed: 7 })
  const { random, whole, column } = bothWays(grouped, names)!
  expect(column).toBe('patient')
  expect(whole).toEqual({ ...grouped, name: 'voices · whole' })
  expect(random).toEqual({
    ...spec({ group: null, ignore: ['no', 'patient'] }, { folds: 4, seed: 7 }),
    name: 'voices · random',
  })
  expect([keptWhole(random), keptWhole(whole)]).toEqual([null, 'patient'])
  expect(asBothWays({ spec: whole }, { spec: random })).toEqual({ random: { spec: random }, whole: { spec: whole } })
  expect(asBothWays({ spec: whole }, { spec: grouped })).toBeNull()
})

test('sites that are tasks are left out whole, or their rows are dealt', () => {
  const sites = bothWays(spec({ task: 'site' }, { protocol: 'leave-one-group-out' }), names)!
  expect([sites.random.evaluation.protocol, sites.random.data.roles?.task]).toEqual(['k-fold', 'site'])
  expect(sites.column).toBe('site')
})

test('a column that could be the group is put aside for the one, and kept whole for the other', () => {
  const plain = spec({ ignore: [] })
  expect(bothWays(plain, names)).toBeNull()
  const { random, whole } = bothWays(plain, names, 'patient')!
  expect([random.data.roles?.ignore, random.data.roles?.group]).toEqual([['patient'], null])
  expect([whole.data.roles?.ignore, whole.data.roles?.group]).toEqual([[], 'patient'])
  expect(bothWays(spec({ group: 'patient' }, { testFolds: [[0], [1]] }), names)).toBeNull()
})

/** The figures that Parkinson's voices gave. */
const comparison = (figures: Record<string, [number, number]>, better: 'lower' | 'higher' = 'lower') =>
  ({
    metric: 'rrmse',
    better,
    interval: { rule: 'bootstrap-rows', unit: 'rows', n: 100, approximate: false },
    methods: Object.entries(figures).map(([key, [mean, half]]) => ({
      key,
      id: key,
      label: key,
      overall: { mean, ci95: [mean - half, mean + half], n: 5 },
      perTask: {},
    })),
  }) as unknown as Comparison

test('how much rows at random flatter, with its interval, and what it means', () => {
  const random = comparison({ mean: [1, 0.01], ridge: [0.87, 0.02], knn: [0.46, 0.03] })
  const whole = comparison({ mean: [1.02, 0.04], ridge: [1.1, 0.1], knn: [1.38, 0.04] })
  const side = sideBySide(random, whole, 'subject#')
  const { by, ci95 } = side.rows.find(({ key }) => key === 'knn')!.flatters!
  expect(by).toBeCloseTo(0.92, 12)
  expect(ci95!.map((v) => v.toFixed(12))).toEqual(['0.870000000000', '0.970000000000'])
  expect(side.sentences.map(({ key, params }) => english(key, params))).toEqual([
    'With rows at random knn looks best: RRMSE 0.460 (0.430 to 0.490). On values of "subject#" that it never saw it comes to 1.380 (1.340 to 1.420): rows at random flatter it by 0.920.',
    'There it is no better than mean, which ignores the inputs: it seems to have learned to recognise "subject#".',
  ])
})

test('a difference within its interval is not settled, and the sign follows the metric', () => {
  const side = sideBySide(
    comparison({ ridge: [0.9, 0.05] }, 'higher'),
    comparison({ ridge: [0.87, 0.05] }, 'higher'),
    'site',
  )
  expect(side.rows[0].flatters!.by).toBeCloseTo(0.03, 12)
  expect(side.sentences.map(({ key }) => key)).toEqual(['ways.open'])
  const other = sideBySide(comparison({ ridge: [1, 0.01] }), comparison({ ridge: [0.8, 0.01] }), 'site')
  expect(other.sentences.map(({ key }) => key)).toEqual(['ways.other'])
})
