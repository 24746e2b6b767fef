import { expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { fitEncoder, fitTargetScaler, loadEncoder, truthOf } from '../../core/data/encoding.ts'
import { Roles } from '../../core/data/roles.ts'
import { tableOf } from './tables.ts'

const table = tableOf({
  flat: [3.1, 3.1, 3.1, 3.1, 9, 9],
  x: [1, 2, 3, 6, 100, null],
  holed: [1, null, 5, 3, null, 7],
  colour: ['red', 'blue', 'red', 'red', 'green', null],
  site: ['A', 'B', 'A', 'B', 'C', 'A'],
  y: [10, 20, 30, null, 1000, 5],
  kind: ['u', 'v', 'u', 'v', 'u', 'v'],
})
const set = buildTaskSet(table, Roles.parse({ targets: ['y', 'kind'], task: 'site' }))
const train = { set, rows: Int32Array.of(0, 1, 2, 3), tasks: Int32Array.from(set.tasks.keys()) }

test('fitted on the training rows alone, with the population sd; new levels and missing cells are zeros', () => {
  const encoder = fitEncoder(train)
  expect(encoder.names).toEqual(['flat', 'x', 'holed', 'holed (missing)', 'colour=red', 'colour=blue'])
  const sdX = Math.sqrt(14 / 4)
  const sdH = Math.sqrt(8 / 3)
  const x = encoder.encode(set, Int32Array.of(0, 1, 4, 5))
  expect(x.length).toBe(24)
  const close = (row: number, wanted: number[]) =>
    wanted.forEach((value, i) => expect(x[row * 6 + i]).toBeCloseTo(value, 12))
  close(0, [0, -2 / sdX, -2 / sdH, 0, 1, 0])
  close(1, [0, -1 / sdX, 0, 1, 0, 1])
  close(2, [0, 97 / sdX, 0, 1, 0, 0])
  close(3, [0, 0, 4 / sdH, 0, 0, 0])
})

test('state survives JSON and reads another table by names', () => {
  const encoder = fitEncoder(train, { taskColumn: true })
  expect(encoder.names.slice(-2)).toEqual(['task=A', 'task=B'])
  const again = loadEncoder(JSON.parse(JSON.stringify(encoder.save())))
  const rows = Int32Array.of(0, 1, 2, 3, 4, 5)
  expect(again.encode(set, rows)).toEqual(encoder.encode(set, rows))

  const other = tableOf({
    colour: ['blue', 'red'],
    y: [1, 2],
    kind: ['v', 'u'],
    holed: ['5', null],
    x: [3, 3],
    site: ['B', 'Z'],
    flat: [1, 2],
  })
  const there = buildTaskSet(other, Roles.parse({ targets: ['y', 'kind'], task: 'site', features: ['x'] }))
  const [a, b] = [encoder.encode(there, Int32Array.of(0)), encoder.encode(there, Int32Array.of(1))]
  expect([...a.slice(3)]).toEqual([0, 0, 1, 0, 1])
  expect(a[2]).toBeCloseTo(2 / Math.sqrt(8 / 3), 12)
  expect([...b.slice(3)]).toEqual([1, 1, 0, 0, 0])
  const narrow = { ...there, table: { ...other, columns: other.columns.slice(0, 4) } }
  expect(() => encoder.encode(narrow, Int32Array.of(0))).toThrow(/column "flat": New rows must have every column/)
})

test('rare levels are left out beyond the limit', () => {
  expect(fitEncoder({ ...train, rows: Int32Array.of(0, 1, 2, 3, 4) }, { maxLevels: 1 }).names).toContain('colour=red')
  expect(fitEncoder({ ...train, rows: Int32Array.of(0, 1, 2, 3, 4) }, { maxLevels: 1 }).names).not.toContain(
    'colour=blue',
  )
})

test('target scale: measured training cells of the wanted tasks only', () => {
  const { mean, sd } = fitTargetScaler(train)
  expect(mean).toEqual([20, 0])
  expect(sd[0]).toBeCloseTo(Math.sqrt(200 / 3), 12)
  expect(sd[1]).toBe(1)
  // Task 0 is y@site=A: rows 0 and 2.
  expect(fitTargetScaler({ ...train, tasks: Int32Array.of(0) })).toEqual({ mean: [20, 0], sd: [10, 1] })
  expect([truthOf(set, 1, 0), truthOf(set, 1, 1)]).toEqual([20, 1])
})
