import { expect, test } from 'vitest'
import { createHash } from 'node:crypto'
import { hashColumns } from '../../core/data/hash.ts'
import { DatasetSummary, summarise } from '../../core/data/summary.ts'
import type { Column } from '../../core/data/table.ts'
import { openSample, samples } from '../../electron/lab/importers/samples.ts'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { propose } from '../../core/propose.ts'
import { count, tableOf } from './tables.ts'

test('a summary says kind, spread, missing cells, examples', () => {
  const table = tableOf({ x: [1, 2, null, 4, 4], c: ['a', 'b', 'b', null, 'b'], empty: [null, null, null, null, null] })
  const summary = summarise(table, [{ code: 'w', text: 'w' }])
  expect(DatasetSummary.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary)
  const [x, c, empty] = summary.columns
  expect(x).toMatchObject({ kind: 'number', missing: 1, distinct: 3, distinctExact: true, examples: ['1', '2', '4'] })
  expect(x.numbers).toEqual({ min: 1, max: 4, mean: 2.75, sd: Math.sqrt(1.6875), integers: true })
  expect(x.histogram).toEqual({ edges: [0.5, 1.5, 2.5, 3.5, 4.5], counts: [1, 1, 0, 2] })
  expect(c.top).toEqual([
    { value: 'b', count: 3 },
    { value: 'a', count: 1 },
  ])
  expect(empty).toMatchObject({ missing: 5, distinct: 0, numbers: null, histogram: null, why: { code: 'empty' } })
  expect(summary.sample[2]).toEqual([null, 'b', null])
})

test('histograms hold every value in at most 20 bins; many distinct values are a lower bound', () => {
  const values = count(50_000).map((i) => Math.sqrt(i))
  const [x] = summarise(tableOf({ x: values })).columns
  expect(x.histogram?.counts.length).toBe(20)
  expect(x.histogram?.counts.reduce((sum, n) => sum + n, 0)).toBe(50_000)
  expect([x.distinct, x.distinctExact]).toEqual([10_000, false])
})

test('the hash is of the content alone', () => {
  const column = (values: number[], levels: string[], shared = false): Column => {
    const buffer = shared ? new SharedArrayBuffer(16) : new ArrayBuffer(16)
    const codes = new Int32Array(buffer)
    codes.set(values)
    return { name: 'c', kind: 'category', values: codes, levels, valid: Uint8Array.of(1, 1, 0, 1) }
  }
  const hash = hashColumns(4, [column([0, 1, 0, 1], ['a', 'b'])])
  expect(hash).toBe(hashColumns(4, [column([2, 0, 1, 0], ['b', 'unused', 'a'], true)]))
  expect(hash).toBe(hashColumns(4, [column([0, 1, 0, 1], ['a', 'b'])], createHash('sha256')))
  expect(hash).not.toBe(hashColumns(4, [column([1, 0, 0, 0], ['a', 'b'])]))
  const n = count(70_000)
  const long = tableOf({ x: n.map((i) => i / 3) })
  const other = tableOf({ x: n.map((i) => (i === 69_999 ? 0 : i / 3)) })
  expect(long.hash).not.toBe(other.hash)
  expect(long.hash).not.toBe(tableOf({ y: n.map((i) => i / 3) }).hash)
  expect(tableOf({ x: [0, -0] }).hash).toBe(tableOf({ x: [-0, 0] }).hash)
  expect(tableOf({ x: [0, null] }).hash).not.toBe(tableOf({ x: [0, 0] }).hash)
})

test('the samples: what they hold, and roles that can be run', async () => {
  const shapes: Record<string, [number, number, string[]]> = {
    cars: [406, 9, ['Miles_per_Gallon@Origin=USA', 'Acceleration@Origin=Japan']],
    penguins: [344, 7, ['Body Mass (g)', 'Species', 'Sex']],
    barley: [120, 4, ['site=Morris', 'site=Duluth']],
  }
  for (const { id } of samples) {
    const { sample, table, summary } = await openSample(id)
    const [rows, columns, tasks] = shapes[id]
    expect([table.rows, table.columns.length]).toEqual([rows, columns])
    const ids = buildTaskSet(table, sample.roles).tasks.map((task) => task.id)
    for (const task of tasks) expect(ids).toContain(task)
    expect(buildTaskSet(table, propose(summary).roles).tasks.length).toBeGreaterThan(0)
  }
  const { summary } = await openSample('cars')
  const missing = Object.fromEntries(summary.columns.map((c) => [c.name, c.missing]))
  expect(missing).toMatchObject({ Miles_per_Gallon: 8, Horsepower: 6, Year: 0 })
  const year = summary.columns.find((c) => c.name === 'Year')
  expect(year?.numbers).toMatchObject({ min: 1970, max: 1982 })
  await expect(openSample('iris')).rejects.toThrow(/must be one of cars, penguins, barley. Got "iris"/)
})
