import { expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { type Fold } from '../../core/data/fold.ts'
import { innerSplit } from '../../core/data/innerSplits.ts'
import { makeFolds } from '../../core/data/splits.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { Evaluation } from '../../core/experiment.ts'
import { UserError } from '../../core/errors.ts'
import { rng } from '../../core/rng.ts'
import { count, tableOf } from './tables.ts'

const n = 120
const table = tableOf({
  subject: count(n).map((i) => `s${(i * i) % 23}`),
  site: count(n).map((i) => ['A', 'B', 'C', 'D'][i % 4]),
  crew: count(n).map((i) => (i < 8 ? 'all' : `of ${i % 4}`)),
  part: count(n).map((i) => (i < 90 ? 'train' : 'test')),
  number: count(n).map((i) => i % 3),
  x: count(n).map((i) => Math.sin(i)),
  y: count(n).map((i) => i),
  sick: count(n).map((i) => (i % 10 === 0 ? 'yes' : 'no')),
})
const setOf = (roles: Partial<Roles>) => buildTaskSet(table, Roles.parse({ targets: ['y'], ...roles }))
const folds = (set: TaskSet, evaluation: Partial<Evaluation>) => makeFolds(set, Evaluation.parse(evaluation))

/** Every row tests exactly once per repeat, and trains wherever it does not test. */
function partition(made: Fold[], repeats = 1) {
  for (let repeat = 0; repeat < repeats; repeat++) {
    const tested = made.filter((fold) => fold.repeat === repeat).flatMap((fold) => [...fold.test])
    expect(tested.sort((a, b) => a - b)).toEqual(count(n))
  }
  for (const fold of made) {
    expect(fold.train.length + fold.test.length).toBe(n)
    const test = new Set(fold.test)
    expect(fold.train.some((row) => test.has(row))).toBe(false)
  }
}

test('k-fold: a partition per repeat, the same for the same seed, evenly sized', () => {
  const made = folds(setOf({}), { folds: 7, repeats: 3, seed: 5 })
  expect(made.length).toBe(21)
  partition(made, 3)
  for (const fold of made) expect([17, 18]).toContain(fold.test.length)
  expect(folds(setOf({}), { folds: 7, repeats: 3, seed: 5 })).toEqual(made)
  expect(folds(setOf({}), { folds: 7, repeats: 3, seed: 6 })[0].test).not.toEqual(made[0].test)
  expect(made[0].test).not.toEqual(made[7].test)
})

test('k-fold deals classes and tasks evenly', () => {
  const classes = folds(setOf({ targets: ['sick'] }), { folds: 4 })
  partition(classes)
  expect(classes.map((fold) => fold.test.filter((row) => row % 10 === 0).length)).toEqual([3, 3, 3, 3])
  const tasks = folds(setOf({ task: 'site' }), { folds: 5 })
  for (const fold of tasks)
    for (const site of count(4)) expect(fold.test.filter((row) => row % 4 === site).length).toBe(6)
})

test('groups are never split: k-fold, holdout, inner split', () => {
  const set = setOf({ group: 'subject' })
  const blocks = set.blocks as Int32Array
  const apart = (a: Int32Array, b: Int32Array) => {
    const left = new Set(Array.from(a, (row) => blocks[row]))
    expect(b.length).toBeGreaterThan(0)
    expect(Array.from(b, (row) => blocks[row]).some((block) => left.has(block))).toBe(false)
  }
  const made = folds(set, { folds: 5, repeats: 4 })
  partition(made, 4)
  for (const fold of made) apart(fold.train, fold.test)
  for (const fold of folds(set, { protocol: 'holdout', repeats: 10, testFraction: 0.3 })) {
    apart(fold.train, fold.test)
    expect(Math.abs(fold.test.length - 36)).toBeLessThan(12)
  }
  const tasks = Int32Array.of(0)
  const { train, inner } = innerSplit({ set, rows: made[0].train, tasks }, 0.25, rng(1))
  apart(train.rows, inner?.rows as Int32Array)
  expect(train.rows.length + (inner?.rows.length ?? 0)).toBe(made[0].train.length)
})

test('holdout keeps its share of each class', () => {
  for (const fold of folds(setOf({ targets: ['sick'] }), { protocol: 'holdout', testFraction: 0.25, repeats: 5 })) {
    expect(fold.test.length).toBe(30)
    expect(fold.test.filter((row) => row % 10 === 0).length).toBe(3)
  }
})

test('leave-one-group-out takes the group column, else the task column', () => {
  const byTask = folds(setOf({ task: 'site' }), { protocol: 'leave-one-group-out' })
  expect(byTask.map((fold) => [fold.test.length, [...(fold.testTasks ?? [])]])).toEqual([
    [30, [0]],
    [30, [1]],
    [30, [2]],
    [30, [3]],
  ])
  partition(byTask)
  const set = setOf({ task: 'site', group: 'subject' })
  const bySubject = folds(set, { protocol: 'leave-one-group-out' })
  expect(bySubject.length).toBe(new Set(set.blocks).size)
  expect(bySubject[0].testTasks).toBeUndefined()
  expect(() => folds(setOf({}), { protocol: 'leave-one-group-out' })).toThrow(UserError)
})

test('new tasks: whole tasks are held out, and so are the other rows of their subjects', () => {
  const made = folds(setOf({ task: 'site' }), { protocol: 'new-task', testFraction: 0.5, repeats: 3 })
  for (const fold of made) {
    expect(fold.testTasks?.length).toBe(2)
    expect(fold.test.length).toBe(60)
    const held = new Set(fold.testTasks)
    expect(fold.train.some((row) => held.has(row % 4))).toBe(false)
  }
  // The crew "all" worked on every site, so its six other rows may not train either.
  const [fold] = folds(setOf({ task: 'site', group: 'crew' }), { protocol: 'few-shot', testFraction: 0.25 })
  expect([fold.test.length, fold.train.length]).toEqual([30, 84])
  expect(Math.min(...fold.train)).toBe(8 + Number(fold.test.includes(8)))
  const crossed = setOf({ task: 'site', group: 'subject' })
  expect(() => folds(crossed, { protocol: 'few-shot' })).toThrow(/some groups must lie wholly outside/)
  expect(() => folds(setOf({}), { protocol: 'new-task' })).toThrow(/a column must have the role task/)
})

test('a split column is honoured: words give one fold, numbers one each', () => {
  const [fold, ...none] = folds(setOf({ split: 'part' }), { protocol: 'k-fold' })
  expect(none).toEqual([])
  expect([...fold.test]).toEqual(count(30).map((i) => 90 + i))
  const numbered = folds(setOf({ split: 'number' }), {})
  expect(numbered.map((f) => f.test.length)).toEqual([40, 40, 40])
  partition(numbered)
})

test('given test folds are taken as they are, or refused', () => {
  const set = setOf({})
  const made = folds(set, { testFolds: [[5, 3], [119]] })
  expect(made.map((fold) => [...fold.test])).toEqual([[3, 5], [119]])
  expect(made[0].train.length).toBe(118)
  const refused = (testFolds: number[][]) => {
    try {
      folds(set, { testFolds })
    } catch (error) {
      return (error as UserError).json
    }
  }
  expect(refused([[120]])).toEqual({
    code: 'evaluation.test-folds',
    who: 'evaluation.testFolds',
    rule: 'A row number must be below 120.',
    got: '120 in fold 1',
    remedy: 'Give the 0-based row numbers of each fold, in file order.',
  })
  expect(refused([[1, 1]])).toMatchObject({ got: 'row 1 twice in fold 1' })
  expect(refused([[]])).toMatchObject({ got: '0 of 120 rows in fold 1' })
  expect(() => folds(setOf({ group: 'subject' }), { testFolds: [[0, 1]] })).toThrow(/of its group in training/)
})

test('more folds than rows or groups', () => {
  expect(() => folds(setOf({}), { folds: 200 })).toThrow(/at most as many folds as rows \(120\). Got 200/)
  expect(() => folds(setOf({ group: 'site' }), { folds: 5 })).toThrow(/as groups \(4\). Got 5/)
})
