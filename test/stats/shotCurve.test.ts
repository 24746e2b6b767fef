import { expect, test } from 'vitest'
import { metricOf, type Metric } from '../../core/stats/metrics.ts'
import { atShots, rowsFor, shotCurves, type Runner } from '../../core/stats/shotCurve.ts'

const rmse = metricOf('rmse') as Metric
const SHOTS = [1, 10, 100]

/** A runner with one run: `error(task, shots)` for the tasks that have so many rows. */
function runner(id: string, error: (task: number, shots: number) => number | null, more: Partial<Runner> = {}): Runner {
  const metrics = Object.fromEntries(
    SHOTS.map((shots) => {
      const figures = [0, 1, 2, 3].flatMap((task) => {
        const value = error(task, shots)
        return value === null ? [] : [[`task=${task}`, value] as const]
      })
      return [atShots('rmse', shots), { value: null, perTask: Object.fromEntries(figures) }]
    }),
  )
  const run = {
    id,
    experiment: 'e',
    methodKey: id,
    method: { id, params: {} },
    seed: 1,
    repeat: 0,
    fold: 0,
    status: 'done' as const,
    seconds: 1,
    parameters: 1,
    metrics,
  }
  return { key: id, id, label: id, baseline: true, alone: true, runs: [run], ...more }
}
const learner = { baseline: false, alone: false }
/** Alone: 4, 3, 2 at 1, 10, 100 rows; a task is a little easier or harder. */
const alone = runner('ridge', (task, shots) => 4 - Math.log10(shots) + 0.1 * task)

test('rows are read off between the points, on a scale of logarithms', () => {
  expect(rowsFor(SHOTS, [4, 3, 2], 2.5)).toBeCloseTo(10 ** 1.5, 10)
  expect(rowsFor(SHOTS, [4, 3, 2], 5)).toBe(1)
  expect(rowsFor(SHOTS, [4, 3, 2], 1)).toBeNull()
  expect(rowsFor(SHOTS, [2, 3, 2.5], 2.2)).toBe(1)
})

test('what a learner brings with one row is worth as many rows alone', () => {
  const curves = shotCurves(SHOTS, [alone, runner('maml', (task) => 2.5 + 0.1 * task, learner)], rmse)
  expect(curves.tasks).toBe(4)
  expect(curves.baseline).toBe('ridge')
  expect(curves.worth).toMatchObject({ method: 'maml', alone: 'ridge', rows: 1, more: false })
  expect(curves.worth?.equals).toBeCloseTo(10 ** 1.5, 8)
  const against = curves.methods.find(({ key }) => key === 'maml')?.against
  expect(against?.map(({ effect }) => Number(effect.toFixed(10)))).toEqual([1.5, 0.5, -0.5])
  expect(curves.methods[0].points.map(({ mean }) => Number(mean.toFixed(10)))).toEqual([4.15, 3.15, 2.15])
})

test('a learner that is never reached, and one that brings nothing', () => {
  const never = shotCurves(SHOTS, [alone, runner('maml', (task) => 1 + 0.1 * task, learner)], rmse).worth
  expect(never).toMatchObject({ more: true, equals: 100 })
  const nothing = shotCurves(SHOTS, [alone, runner('maml', (task) => 9 + 0.1 * task, learner)], rmse).worth
  expect(nothing).toMatchObject({ more: false, rows: 1, equals: 1 })
})

test('every point is over the same tasks; a point that few tasks reach is left out', () => {
  const small = (task: number, shots: number) => (shots === 100 && task > 0 ? null : 4 - Math.log10(shots) + task)
  const curves = shotCurves(SHOTS, [runner('ridge', small), runner('maml', small, learner)], rmse)
  expect(curves.shots).toEqual([1, 10])
  const half = (task: number, shots: number) => (shots === 100 && task > 1 ? null : 4 - Math.log10(shots) + task)
  const both = shotCurves(SHOTS, [runner('ridge', half), runner('maml', half, learner)], rmse)
  expect([both.shots, both.tasks]).toEqual([SHOTS, 2])
  expect(both.methods[0].points[0].mean).toBe(4.5)
})

test('higher is better: the sign of an improvement turns', () => {
  const r2 = { ...rmse, better: 'higher' as const }
  const curves = shotCurves(
    SHOTS,
    [
      runner('ridge', (task, shots) => 0.1 * Math.log10(shots) + 0.01 * task),
      runner('maml', (task) => 0.15 + 0.01 * task, learner),
    ],
    r2,
  )
  expect(curves.methods[1].against[0].effect).toBeCloseTo(0.15, 10)
  expect(curves.worth?.equals).toBeCloseTo(10 ** 1.5, 8)
})
