import { expect, test } from 'vitest'
import { unexplained } from '../../core/data/unexplained.ts'
import { expand, summaryOf } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { Estimator } from '../../electron/lab/estimate.ts'
import type { Workspace } from '../../electron/lab/workspace/workspace.ts'
import { mixedTargets, sites } from '../methods/toys.ts'

/** A workspace that remembers speeds and nothing else. */
function memory() {
  const rows = new Map<string, { method: string; runtime: string; units: number; seconds: number; runs: number }>()
  const records = {
    speeds: () => [...rows.values()],
    addSpeed(method: string, runtime: string, units: number, seconds: number) {
      const row = rows.get(`${method}/${runtime}`) ?? { method, runtime, units: 0, seconds: 0, runs: 0 }
      row.units += units
      row.seconds += seconds
      row.runs++
      rows.set(`${method}/${runtime}`, row)
    },
  }
  return { records } as unknown as Workspace
}
const set = sites('number')
const summary = { ...summaryOf(set), unexplained: unexplained(set) }
const other = { ...summaryOf(mixedTargets(['number'])), unexplained: 0.9 }
const trialOf = (id: string, evaluation: object = {}, params: object = {}) =>
  expand(ExperimentSpec.parse({ data: { hash: 'toy' }, methods: [{ id, params }], evaluation, twins: false }), set)[0]

test('what runs took is remembered: of the method on these data first, then of the method, then of its like', () => {
  const workspace = memory()
  const estimator = new Estimator(workspace)
  const hard = trialOf('hard-sharing')
  const said = estimator.seconds(hard, summary, 'native')
  const elsewhere = estimator.seconds(hard, other, 'native')
  const film = estimator.seconds(trialOf('film'), summary, 'native')
  const ridge = estimator.seconds(trialOf('ridge'), summary, 'native')
  for (let k = 0; k < 20; k++) estimator.learn(hard, summary, 'native', 4 * said)
  for (let k = 0; k < 20; k++) estimator.learn(hard, other, 'native', elsewhere)
  for (const each of [estimator, new Estimator(workspace)]) {
    expect(each.seconds(hard, summary, 'native') / said).toBeGreaterThan(3)
    expect(each.seconds(hard, other, 'native') / elsewhere).toBeLessThan(1.5)
    // A like method is slower than was thought, too; plain code is not.
    expect(each.seconds(trialOf('film'), summary, 'native') / film).toBeGreaterThan(1.5)
    expect(each.seconds(trialOf('ridge'), summary, 'native')).toBe(ridge)
    expect(each.seconds(hard, summary, 'wasm')).toBeGreaterThan(0)
  }
})

test('more rows, more folds, dropout and more looking for parameters take longer', () => {
  const estimator = new Estimator(memory())
  const seconds = (...about: Parameters<typeof trialOf>) => estimator.seconds(trialOf(...about), summary, 'native')
  expect(seconds('hard-sharing', { folds: 10 })).toBeGreaterThan(seconds('hard-sharing', { folds: 2 }))
  expect(seconds('hard-sharing', {}, { dropout: 0.5 })).toBeGreaterThan(seconds('hard-sharing'))
  expect(seconds('hard-sharing', {}, { balancer: 'pcgrad' })).toBeGreaterThan(seconds('hard-sharing'))
  expect(seconds('hard-sharing', {}, { epochs: 20 })).toBeLessThan(seconds('hard-sharing'))
  expect(estimator.before(['ridge'], true)).toBeGreaterThan(estimator.before(['ridge'], false))
  expect(estimator.before(['ridge', 'film'], false)).toBeGreaterThan(estimator.before(['ridge', 'ridge'], false))
})

test('fits on subsets count the rows of their own tasks', () => {
  const estimator = new Estimator(memory())
  const [small, large] = [set.tasks.slice(0, 3), set.tasks.slice(3, 6)].map((tasks) => tasks.map(({ id }) => id))
  const spec = (tasks: string[]) =>
    ExperimentSpec.parse({
      data: { hash: 'toy' },
      methods: [{ id: 'hard-sharing' }],
      twins: false,
      relations: { designs: ['pairs'], tasks },
    })
  const counted = { ...summary, taskRows: set.tasks.map(({ id }) => ({ id, rows: large.includes(id) ? 400 : 40 })) }
  const seconds = (tasks: string[], about: typeof summary) =>
    expand(spec(tasks), set)
      .filter(({ relations }) => relations)
      .reduce((sum, trial) => sum + estimator.seconds(trial, about, 'native'), 0)
  expect(seconds(large, counted)).toBeGreaterThan(1.5 * seconds(small, counted))
  // Where nobody counted, all are of usual size.
  expect(seconds(large, { ...summary })).toBe(seconds(small, { ...summary }))
})

test('a table without noise is told from one with it', () => {
  const at = (noise: number) => {
    const base = mixedTargets(['number'], 0)
    const columns = base.table.columns.map((column, c) =>
      c === base.targets[0] && column.kind === 'number'
        ? {
            ...column,
            values: Float64Array.from(column.values, (_, row) => {
              const [x1, x2] = [0, 1].map((k) => Number(base.table.columns[k].values[row]))
              return Math.sin(x1 / 9) + x2 + noise * ((((row * 7919) % 101) - 50) / 15)
            }),
          }
        : column,
    )
    return unexplained({ ...base, targets: [base.targets[0]], table: { ...base.table, columns } }) as number
  }
  expect(at(0)).toBeLessThan(0.6)
  expect(at(3)).toBeGreaterThan(0.9)
  expect(unexplained(mixedTargets(['two']))).toBeNull()
})
