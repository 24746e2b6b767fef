import { describe, expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { UserError, type UserErrorJson } from '../../core/errors.ts'
import { count, tableOf } from './tables.ts'

const roles = (part: Partial<Roles>) => Roles.parse(part)
const table = tableOf({
  site: ['A', 'B', 'A', 'B', 'A', null],
  school: [12, 3, 12, 3, 12, 3],
  x: [1, 2, 3, 4, 5, 6],
  yield: [1.5, 2.5, null, 4.5, 5.5, 6.5],
  ripe: ['no', 'yes', 'no', null, 'yes', 'no'],
  kind: ['a', 'b', 'c', 'a', 'b', 'c'],
})

test('tasks are targets, levels of the task column, or pairs', () => {
  const ids = (part: Partial<Roles>) => buildTaskSet(table, roles(part)).tasks.map((task) => `${task.id} ${task.kind}`)
  expect(ids({ targets: ['yield', 'ripe', 'kind'] })).toEqual(['yield regression', 'ripe binary', 'kind multiclass'])
  expect(ids({ targets: ['yield'], task: 'school' })).toEqual(['school=3 regression', 'school=12 regression'])
  expect(ids({ targets: ['yield', 'ripe'], task: 'site' })).toEqual([
    'yield@site=A regression',
    'yield@site=B regression',
    'ripe@site=A binary',
    'ripe@site=B binary',
  ])
})

test('missing targets and missing tasks are masks; no row is dropped', () => {
  const set = buildTaskSet(table, roles({ targets: ['yield', 'ripe'], task: 'site' }))
  expect(set.table.rows).toBe(6)
  expect([...set.observed]).toEqual([1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0])
  expect([0, 1, 2, 3, 4, 5].map((row) => set.taskOf(row, 1))).toEqual([2, 3, 2, 3, 2, -1])
  expect(set.features.map((f) => table.columns[f].name)).toEqual(['school', 'x', 'kind'])
})

test('a wrongly guessed kind can be set right', () => {
  const set = buildTaskSet(table, roles({ targets: ['school'], kinds: { school: 'category' } }))
  expect(set.tasks).toEqual([{ id: 'school', target: 0, group: null, kind: 'binary', classes: ['3', '12'] }])
  expect([...set.table.columns[1].values]).toEqual([1, 0, 1, 0, 1, 0])
})

function refusal(part: Partial<Roles>, of = table): UserErrorJson {
  try {
    buildTaskSet(of, roles(part))
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return (error as UserError).json
  }
  throw new Error('nothing was refused')
}

describe('refused in words', () => {
  const bad = tableOf({
    x: [1, 2, 3, 4],
    flat: [7, 7, null, 7],
    one: ['a', 'a', 'a', null],
    empty: [null, null, null, null],
    y: [1, 2, 3, 5],
    w: [1, -1, 1, 1],
  })
  test('a constant target', () =>
    expect(refusal({ targets: ['flat'] }, bad)).toEqual({
      code: 'roles.target-constant',
      who: 'target "flat"',
      rule: 'A target must vary: at least 2 different values.',
      got: 'the value 7 in all 3 measured rows',
      remedy: 'Choose another target: there is nothing to predict in this one.',
    }))
  test('a target with one class', () =>
    expect(refusal({ targets: ['one'] }, bad)).toEqual({
      code: 'roles.target-one-class',
      who: 'target "one"',
      rule: 'A target of classes must have at least 2 of them.',
      got: 'only "a"',
      remedy: 'Choose another target, or add rows of another class.',
    }))
  test('all values missing', () => {
    expect(refusal({ targets: ['empty'] }, bad)).toEqual({
      code: 'roles.target-empty',
      who: 'target "empty"',
      rule: 'A target must be measured in at least 2 rows.',
      got: 'no value at all',
      remedy: 'Choose another target, or fill it in.',
    })
    expect(refusal({ targets: ['y'], features: ['empty'] }, bad)).toMatchObject({ code: 'roles.feature-empty' })
  })
  test('1 row', () =>
    expect(refusal({ targets: ['y'] }, tableOf({ x: [1], y: [2] }))).toEqual({
      code: 'roles.rows',
      who: 'the table',
      rule: 'Learning needs at least 2 rows: one to learn from and one to test on.',
      got: '1 row',
      remedy: 'Add rows, or check that the whole table was read.',
    }))
  test('an unknown column', () =>
    expect(refusal({ targets: ['Yield'] }, bad)).toEqual({
      code: 'roles.unknown-column',
      who: 'role "target"',
      rule: 'A role names a column of the table.',
      got: '"Yield"',
      remedy: 'The columns are: x, flat, one, empty, y, w.',
    }))
  test('two roles for one column', () => {
    expect(refusal({ targets: ['y'], features: ['x', 'y'] }, bad)).toEqual({
      code: 'roles.contradiction',
      who: 'column "y"',
      rule: 'A column has one role only, given once.',
      got: '"target" and "feature"',
      remedy: 'Choose one of them.',
    })
    expect(refusal({ targets: ['y', 'y'] }, bad)).toMatchObject({ got: '"target" twice' })
  })
  test('no target, no feature', () => {
    expect(refusal({}, bad)).toMatchObject({ code: 'roles.no-target', got: 'none' })
    expect(refusal({ targets: ['y'], ignore: ['x', 'flat', 'one', 'w'] }, bad)).toMatchObject({
      code: 'roles.no-feature',
    })
  })
  test('negative weights', () =>
    expect(refusal({ targets: ['y'], weight: 'w' }, bad)).toMatchObject({ code: 'roles.weight', got: '-1 in row 2' }))
  test('100,000 distinct values in a nominal target, feature and task column', () => {
    const n = 100_000
    const levels = count(n).map((i) => `name ${i}`)
    const many = tableOf({ x: count(n), y: count(n).map((i) => i % 7) })
    const name = {
      name: 'name',
      kind: 'category' as const,
      values: Int32Array.from(count(n)),
      levels,
      valid: new Uint8Array(n).fill(1),
    }
    const wide = { ...many, columns: [...many.columns, name] }
    expect(refusal({ targets: ['name'] }, wide)).toEqual({
      code: 'roles.target-levels',
      who: 'target "name"',
      rule: 'A target of classes may have at most 1,000 of them.',
      got: '100,000 different values',
      remedy: 'Such a column is mostly a name or a key: ignore it, or join its values into fewer classes.',
    })
    expect(refusal({ targets: ['y'], features: ['name'] }, wide)).toMatchObject({ code: 'roles.feature-levels' })
    expect(refusal({ targets: ['y'], task: 'name' }, wide)).toMatchObject({
      code: 'roles.task-levels',
      got: '100000 different values in 100000 rows',
    })
    // Nobody asked for it: left out without a word.
    expect(buildTaskSet(wide, roles({ targets: ['y'] })).features).toEqual([0])
  })
  test('words as numbers', () =>
    expect(refusal({ targets: ['y'], kinds: { one: 'number' } }, bad)).toMatchObject({
      code: 'roles.not-numbers',
      got: '"a" in row 1',
    }))
})
