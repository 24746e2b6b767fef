import { expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import { expand } from '../../core/expand.ts'
import { Evaluation, ExperimentSpec } from '../../core/experiment.ts'
import { rng } from '../../core/rng.ts'
import { rowSteps } from '../../core/rowSteps.ts'
import { fold, train } from '../../core/run.ts'
import type { RunLike } from '../../core/stats/evidence.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import { endsOf, rowCurves } from '../../core/stats/rowCurve.ts'
import { trialData } from '../../core/trialData.ts'
import { count, tableOf } from '../data/tables.ts'

const random = rng('rows')
const n = 120
const table = tableOf({
  a: count(n).map(() => random.normal()),
  site: count(n).map((i) => 'ABC'[i % 3]),
  y: count(n).map(() => random.normal()),
})
const roles = Roles.parse({ targets: ['y'], task: 'site' })
const set = buildTaskSet(table, roles)
const spec = (rowCurve: number[]) =>
  ExperimentSpec.parse({
    data: { hash: 'h', roles },
    methods: [{ id: 'ridge' }, { id: 'single-task-mlp', params: { epochs: 2, hidden: [3] } }],
    twins: false,
    metrics: ['rmse'],
    evaluation: { folds: 4, rowCurve },
  })

test('so many rows of every task, the smaller within the larger, the same for every method', () => {
  const trials = expand(spec([20, 5, 10, 500]), set)
  const [ridge, network] = ['ridge', 'single-task-mlp'].map((id) => trials.find((t) => t.methodKey === id)!)
  const data = trialData(ridge, set)
  const steps = rowSteps(ridge, set, data)
  expect(steps.map(({ rows }) => rows)).toEqual([5, 10, 20])
  const test = new Set([...data.test!].flatMap(({ query }) => [...query.rows]))
  let before: number[] = []
  for (const { rows, train, inner } of steps) {
    const all = [...train.rows, ...(inner?.rows ?? [])]
    expect(all.length).toBe(3 * rows)
    for (const task of [0, 1, 2]) expect(all.filter((row) => set.group![row] === task).length).toBe(rows)
    expect(all.some((row) => test.has(row))).toBe(false)
    expect(before.every((row) => all.includes(row))).toBe(true)
    before = all
  }
  expect(rowSteps(network, set, trialData(network, set)).map(({ train }) => train.rows)).toEqual(
    steps.map(({ train }) => train.rows),
  )
  expect(
    rowSteps(
      trials.find((t) => t.fold === 'all')!,
      set,
      data,
    ),
  ).toEqual([])
})

test('runs record a figure at every size beside the whole one, which stays what it was', async () => {
  const figures = async (rowCurve: number[]) => {
    const events = []
    for await (const { event } of train(expand(spec(rowCurve), set)[0], set, referenceRuntime())) events.push(event)
    return fold(events).metrics
  }
  const [plain, curve] = [await figures([]), await figures([5, 20])]
  expect(Object.keys(curve)).toEqual(['rmse', 'rmse@5', 'rmse@20'])
  expect(curve.rmse).toEqual(plain.rmse)
  expect(Object.keys(curve['rmse@5'].perTask)).toEqual(['site=A', 'site=B', 'site=C'])
})

/** Figures by size, of four folds that differ by a little. */
function runs(id: string, at: Record<number, number>, spread = 0.01): RunLike[] {
  return count(4).map((f) => ({
    id: `${id}${f}`,
    experiment: 'e',
    methodKey: id,
    method: { id, params: {} },
    seed: 1,
    repeat: 0,
    fold: f,
    status: 'done',
    seconds: 1,
    parameters: 1,
    metrics: Object.fromEntries(
      Object.entries(at).map(([rows, value]) => {
        const own = value + spread * (f - 1.5)
        return [`rmse@${rows}`, { value: own, perTask: { A: own } }]
      }),
    ),
  }))
}

test('sharing helps up to a size, and no longer at the next', () => {
  const methods = [
    {
      key: 'single-task-mlp',
      id: 'single-task-mlp',
      label: 'Alone',
      runs: runs('single-task-mlp', { 5: 2, 20: 1.5, 80: 1 }),
    },
    {
      key: 'hard-sharing',
      id: 'hard-sharing',
      label: 'Shared',
      runs: runs('hard-sharing', { 5: 1.4, 20: 1.2, 80: 1 }, 0.02),
    },
    { key: 'knn', id: 'knn', label: 'Incomplete', runs: runs('knn', { 5: 2 }) },
  ]
  const curves = rowCurves([80, 5, 20, 400], methods, METRICS.rmse, Evaluation.parse({ folds: 4 }))
  expect(curves.rows).toEqual([5, 20, 80])
  expect(curves.methods.map(({ key }) => key)).toEqual(['single-task-mlp', 'hard-sharing'])
  expect(curves.methods[1].points.map(({ mean }) => Number(mean.toFixed(9)))).toEqual([1.4, 1.2, 1])
  const [own] = curves.sharing
  expect(own).toMatchObject({ method: 'hard-sharing', against: 'single-task-mlp', helpsUpTo: 20, stopsAt: 80 })
  expect(own.points[0].effect).toBeCloseTo(0.6, 12)
  // Nadeau and Bengio over four folds: s of the paired differences .01 * (-1.5, -.5, .5, 1.5), ratio 1/3, t(3) = 3.182.
  const half = 3.182446305284263 * Math.sqrt(((2 * (0.015 ** 2 + 0.005 ** 2)) / 3) * (1 / 4 + 1 / 3))
  expect((own.points[0].ci95![1] - own.points[0].ci95![0]) / 2).toBeCloseTo(half, 9)
})

test('where sharing always helps, never does, or hurts', () => {
  const at = (...cis: [number, number][]) => cis.map((ci95, i) => ({ rows: 10 * (i + 1), effect: 0, ci95 }))
  expect(endsOf(at([1, 2], [0.5, 1]))).toEqual({ helpsUpTo: 20, stopsAt: null, hurtsFrom: null })
  expect(endsOf(at([-1, 2], [-1, 1]))).toEqual({ helpsUpTo: null, stopsAt: null, hurtsFrom: null })
  expect(endsOf(at([-1, 2], [-2, -1], [-3, -2]))).toEqual({ helpsUpTo: null, stopsAt: null, hurtsFrom: 20 })
  expect(endsOf(at([1, 2], [-2, -1]))).toEqual({ helpsUpTo: 10, stopsAt: 20, hurtsFrom: 20 })
})
