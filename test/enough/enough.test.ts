import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { advise, chanceOf } from '../../core/enough/advice.ts'
import { CALIBRATION } from '../../core/enough/calibration.ts'
import { enough } from '../../core/enough/enough.ts'
import { curves, directions } from '../../core/enough/features.ts'
import { fitPrior, said, weightsGiven } from '../../core/enough/prior.ts'
import { probe } from '../../core/enough/probe.ts'
import { Evaluation } from '../../core/experiment.ts'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { rng } from '../../core/rng.ts'
import { tableOf } from '../data/tables.ts'
import { tried } from './families.ts'
import { calibrate, outcome, usable } from './fit.ts'
import type { Row } from './table.ts'

const table = JSON.parse(readFileSync(new URL('./table.json', import.meta.url), 'utf8')) as Row[]

test('the chances in the program are those of the table, and the record shown is that of the held-out sets', () => {
  expect(calibrate(table)).toEqual(CALIBRATION)
})

test('on at least 20 held-out sets the advice is better than always yes and always no, by hits and by Brier score', () => {
  const { n, advice, always, never } = CALIBRATION.heldOut
  expect(n).toBeGreaterThanOrEqual(20)
  expect(advice.hits).toBeGreaterThan(Math.max(always.hits, never.hits))
  expect(advice.brier).toBeLessThan(Math.min(always.brier, never.brier))
  // Nor better than saying the share of the tried sets each time.
  const rows = usable(table)
  const known = rows.filter((row) => !row.heldOut)
  const share = known.reduce((sum, row) => sum + outcome(row), 0) / known.length
  const held = rows.filter((row) => row.heldOut)
  expect(advice.brier).toBeLessThan(held.reduce((sum, row) => sum + (share - outcome(row)) ** 2, 0) / held.length)
  expect(held.filter(({ name }) => !name.includes('tasks of')).length).toBeGreaterThanOrEqual(4)
})

test('trained five times as long, meta-learning pays on the same held-out sets, and only there', () => {
  const longer = JSON.parse(readFileSync(new URL('./table-3000.json', import.meta.url), 'utf8')) as Row[]
  const before = new Map(table.map((row) => [row.name, row]))
  expect(longer.length).toBeGreaterThanOrEqual(13)
  for (const row of longer) {
    const known = before.get(row.name)
    expect(known?.heldOut, row.name).toBe(true)
    expect(outcome(row), row.name).toBe(outcome(known as Row))
  }
})

/** Tasks of a family as a table with a task column. */
function tasksOf(name: keyof typeof tried, tasks: number, rows: number) {
  const random = rng(`enough test ${name}`)
  const draw = tried[name].draw(random)
  const columns: Record<string, (number | string)[]> = { task: [], x: [], y: [] }
  for (let t = 0; t < tasks; t++) {
    const f = draw(random)
    for (let r = 0; r < rows; r++) {
      const x = 4 * random.uniform() - 2
      columns.task.push(`t${t}`)
      columns.x.push(x)
      columns.y.push(f([x]) + 0.05 * random.normal())
    }
  }
  return buildTaskSet(tableOf(columns), Roles.parse({ targets: ['y'], task: 'task' }))
}
const fewShot = Evaluation.parse({ protocol: 'few-shot', shots: 5 })

const waves = tasksOf('sine', 24, 16)
const said24 = enough(waves, fewShot)

test('two dozen sine waves are enough; the probe sees that lines do not do and curves do; the same answer each time', () => {
  const { advice } = said24
  expect(advice?.chance).toBeGreaterThan(0.7)
  expect(advice?.probe).toMatchObject({ tasks: 18, rows: 16, shots: 5, inputs: 1 })
  expect(advice?.probe.errors.curves).toBeLessThan(0.5 * (advice?.probe.errors.lines ?? 0))
  expect(enough(waves, fewShot)).toEqual(said24)
})

test('the level that a task left out is held against is that of the other tasks', () => {
  // Three constant tasks, 0, 1 and 5: each is left out in turn, and the means of the other two are 3, 2.5 and 0.5.
  const levels = [0, 1, 5]
  const columns = { task: [] as string[], x: [] as number[], y: [] as number[] }
  for (let row = 0; row < 36; row++) {
    columns.task.push(`t${row % 3}`)
    columns.x.push(row)
    columns.y.push(levels[row % 3])
  }
  const set = buildTaskSet(tableOf(columns), Roles.parse({ targets: ['y'], task: 'task' }))
  const view = { set, rows: Int32Array.from(columns.x), tasks: Int32Array.from(set.tasks.keys()) }
  const variance = ((0 - 2) ** 2 + (1 - 2) ** 2 + (5 - 2) ** 2) / 2
  expect(probe(view, 3)?.errors.level).toBeCloseTo(((0 - 3) ** 2 + (1 - 2.5) ** 2 + (5 - 0.5) ** 2) / 3 / variance, 9)
})

test('where nothing can be said, the reason is', () => {
  const set = waves
  expect(enough(set, Evaluation.parse({}))).toMatchObject({ advice: null, why: 'not-few-shot' })
  expect(enough(set, { ...fewShot, shots: 30 })).toMatchObject({ advice: null, why: 'few-tasks' })
  expect(enough(tasksOf('sine', 3, 30), fewShot)).toMatchObject({ advice: null, why: 'few-tasks' })
  const plain = buildTaskSet(tableOf({ x: [1, 2, 3, 4], y: [1, 3, 2, 4] }), Roles.parse({ targets: ['y'] }))
  expect(enough(plain, fewShot)).toMatchObject({ advice: null, why: 'classes' })
})

test('the prior of lines is found again from tasks drawn from one, and a task without rows gets its mean', () => {
  const random = rng('prior')
  const [tasks, rows] = [100, 10]
  const x = Float64Array.from({ length: tasks * rows }, () => random.normal())
  const inputs = directions(x, 1)
  const own = Array.from({ length: tasks }, (_, t) => {
    const [slope, level] = [2 + 0.5 * random.normal(), -1 + random.normal()]
    const at = Array.from({ length: rows }, (__, r) => t * rows + r)
    return { at, y: at.map((row) => slope * x[row] + level + 0.3 * random.normal()) }
  })
  const prior = fitPrior(inputs, own)
  expect(prior.m[0]).toBeCloseTo(2, 0)
  expect(prior.m[1]).toBeCloseTo(-1, 0)
  expect(Math.sqrt(prior.S.get(0, 0))).toBeCloseTo(0.5, 0)
  expect(Math.sqrt(prior.S.get(1, 1))).toBeCloseTo(1, 0)
  expect(Math.sqrt(prior.s2)).toBeCloseTo(0.3, 1)
  expect(weightsGiven(prior, inputs, { at: [], y: [] })).toBe(prior.m)
  const w = weightsGiven(prior, inputs, own[0])
  const error = own[0].at.reduce((sum, row, i) => sum + (said(w, inputs, row) - own[0].y[i]) ** 2, 0) / rows
  expect(Math.sqrt(error)).toBeLessThan(0.5)
})

test('many columns become thirty directions of sd 1; random curves stay within 1', () => {
  const random = rng('directions')
  const x = Float64Array.from({ length: 200 * 50 }, () => random.normal())
  const few = directions(x, 50)
  expect(few.width).toBe(31)
  const first = Array.from({ length: 200 }, (_, r) => few.x[r * 31])
  expect(first.reduce((sum, v) => sum + v * v, 0) / 200).toBeCloseTo(1, 6)
  const bent = curves(few, rng('curves'))
  expect(bent.width).toBe(91)
  expect(bent.x.slice(0, 60).every((v) => Math.abs(v) <= 1)).toBe(true)
})

test('a chance rises with what shared curves gain', () => {
  const own = said24.advice!.probe
  expect(chanceOf({ ...own, gain: 1 })).toBeGreaterThan(chanceOf({ ...own, gain: 0 }))
  expect(advise({ ...own, errors: { ...own.errors, lines: 0.01 } }).rival).toBe('lines')
})
