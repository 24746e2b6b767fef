import { describe, expect, test } from 'vitest'
import type { Comparison } from '../../core/stats/comparison.ts'
import { alike } from '../../renderer/views/compare/alike.ts'
import { findTasks } from '../../renderer/views/compare/findTasks.ts'
import {
  heatPicture,
  methodPicture,
  shadesOf,
  taskDifferences,
  taskPicture,
} from '../../renderer/views/compare/pictures.ts'
import { filterRows, runRows, sortRows } from '../../renderer/views/compare/runRows.ts'
import { fakeLab } from './stage/fakeLab.ts'

const schools = Array.from({ length: 139 }, (_, i) => ({ id: `exam@school=${i + 1}` }))

describe('the task finder', () => {
  test('finds any of 139 tasks in at most five keys: Ctrl+F, three digits, Enter', () => {
    for (const { id } of schools) {
      const typed = id.slice(id.indexOf('=') + 1)
      expect(1 + typed.length + 1).toBeLessThanOrEqual(5)
      expect(findTasks(schools, typed)[0].id).toBe(id)
    }
  })

  test('knows whole names, parts, and letters in order; nothing matches nonsense', () => {
    expect(findTasks(schools, '')).toHaveLength(139)
    expect(findTasks(schools, 'EXAM@school=7')[0].id).toBe('exam@school=7')
    expect(findTasks([{ id: 'Miles_per_Gallon' }, { id: 'Acceleration' }], 'mpg').map((t) => t.id)).toEqual(['Miles_per_Gallon']) // prettier-ignore
    expect(findTasks(schools, 'zzz')).toEqual([])
  })
})

describe('pictures of a comparison', () => {
  const lab = fakeLab()
  const load = async (id: string): Promise<Comparison> => lab.call('experiment.compare', { ids: [id] })

  test('differences are sorted by effect, name, rows', async () => {
    const c = await load('school')
    const by = (sort: 'effect' | 'name' | 'rows') => taskDifferences(c, 'hard-sharing', 'single-task-mlp', sort)
    const effects = by('effect').map((d) => d.effect as number)
    expect(effects).toHaveLength(139)
    expect(effects).toEqual([...effects].sort((a, b) => b - a))
    expect(
      by('name')
        .slice(0, 3)
        .map((d) => d.task),
    ).toEqual(['exam@school=1', 'exam@school=2', 'exam@school=3'])
    const rows = new Map(c.tasks.map((t) => [t.id, t.rows]))
    const counts = by('rows').map((d) => rows.get(d.task as string) as number)
    expect(counts).toEqual([...counts].sort((a, b) => b - a))
  })

  test('the interval picture has the figures of the comparison, its zero and its band', async () => {
    const c = await load('cars')
    const shown = taskDifferences(c, 'hard-sharing', 'single-task-mlp', 'name')
    const picture = taskPicture(c, shown, 'en')
    expect(picture.band).toEqual([-0.03, 0.03])
    expect(picture.rows.map((r) => [r.label, r.mean, r.ci])).toEqual(shown.map((d) => [d.task, d.effect, d.ci95]))
    expect(picture.rows[0].note).toBe('helps')
    expect(picture.rows.map((r) => r.hue.index)).toEqual([1, 0])
    expect(taskPicture(c, shown, 'zh').rows[0].note).toBe('有益')
  })

  test('methods stand best first, and unsorted where they must not be ranked', async () => {
    const c = await load('cars')
    expect(methodPicture(c).rows[0].id).toBe('hard-sharing')
    expect(methodPicture({ ...c, better: 'higher' }).rows[0].id).toBe('mean')
    const apart = { ...c, differs: { field: 'data', values: ['a', 'b'] } }
    expect(methodPicture(apart).rows.map((r) => r.id)).toEqual(c.methods.map((m) => m.key))
  })

  test('shades compare within one task: best +1, worst −1, missing null', async () => {
    const c = await load('cars')
    for (const row of shadesOf(c)) {
      expect(Math.max(...(row as number[]))).toBe(1)
      expect(Math.min(...(row as number[]))).toBe(-1)
    }
    const [first] = c.methods
    const missing = { ...c, methods: [{ ...first, perTask: {} }, ...c.methods.slice(1)] }
    expect(shadesOf(missing)[0][0]).toBeNull()
    const heat = heatPicture(c, 'name', () => true)
    expect(heat.values[0][0]).toBe(c.methods[0].perTask[heat.rows[0]].mean)
    expect(heatPicture(c, 'alike', (id) => id === 'Acceleration').rows).toEqual(['Acceleration'])
  })
})

test('alike rows become neighbours', () => {
  const order = alike([[0, 0], [10, 10], [0, 1], [10, 9], [5, 5]]) // prettier-ignore
  expect([...order].sort()).toEqual([0, 1, 2, 3, 4])
  expect(Math.abs(order.indexOf(0) - order.indexOf(2))).toBe(1)
  expect(Math.abs(order.indexOf(1) - order.indexOf(3))).toBe(1)
})

test('the runs table filters by words and sorts with missing values last', async () => {
  const { runs } = await fakeLab().call('experiment.get', { id: 'cars' })
  const rows = runRows(runs, 'rmse', (run) => run.methodKey)
  expect(rows).toHaveLength(30)
  expect(filterRows(rows, 'ridge done')).toHaveLength(6)
  expect(filterRows(rows, 'ridge failed')).toHaveLength(0)
  for (const down of [false, true]) {
    const sorted = sortRows(rows, 'value', down).map((row) => row.value)
    expect(sorted.slice(-5)).toEqual([null, null, null, null, null])
    const known = sorted.slice(0, 25) as number[]
    expect(known).toEqual([...known].sort((a, b) => (down ? b - a : a - b)))
  }
})
