import { expect, test } from 'vitest'
import { z } from 'zod'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { episodes } from '../../core/data/episodes.ts'
import { generators, generatorOf, generatorParams, generatorTaskSet } from '../../core/data/generators/index.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskGenerator } from '../../core/data/generator.ts'
import { rng } from '../../core/rng.ts'
import { count, tableOf } from './tables.ts'

test('sine: amplitude, phase and range of Finn et al.; the same for the same key', () => {
  const sine = generatorOf('sine').generator?.({ noise: 0, phase: 'half-turn', grid: 0 }) as TaskGenerator
  const batch = sine.sample(rng('a'), 500, 10, 50)
  expect([batch.supportX.length, batch.queryX.length]).toEqual([5000, 25_000])
  expect(sine.sample(rng('a'), 500, 10, 50)).toEqual(batch)
  // y = a sin x + b cos x exactly, with a = A cos(phi), b = -A sin(phi): solved from two points, checked on the rest.
  const heights: number[] = []
  for (let task = 0; task < 500; task++) {
    const x = batch.queryX.subarray(task * 50, task * 50 + 50)
    const y = batch.queryY.subarray(task * 50, task * 50 + 50)
    const i = 0
    let j = 1
    while (Math.abs(Math.sin(x[i] - x[j])) < 0.5) j++
    const det = Math.sin(x[i]) * Math.cos(x[j]) - Math.sin(x[j]) * Math.cos(x[i])
    const a = (y[i] * Math.cos(x[j]) - y[j] * Math.cos(x[i])) / det
    const b = (Math.sin(x[i]) * y[j] - Math.sin(x[j]) * y[i]) / det
    for (let k = 0; k < 50; k++) expect(Math.abs(a * Math.sin(x[k]) + b * Math.cos(x[k]) - y[k])).toBeLessThan(1e-4)
    heights.push(Math.hypot(a, b))
    expect(b).toBeLessThan(1e-4)
  }
  expect(Math.min(...heights)).toBeGreaterThan(0.099)
  expect(Math.max(...heights)).toBeLessThan(5.001)
  expect(heights.reduce((s, h) => s + h, 0) / 500).toBeCloseTo(2.55, 0)
  expect(Math.max(...batch.supportX.map(Math.abs))).toBeLessThanOrEqual(5)
})

test('every generator has defaults, a schema, and makes a task set', () => {
  for (const generator of generators) {
    expect(JSON.stringify(z.toJSONSchema(generator.params))).toContain('description')
    const set = generatorTaskSet(generator.id, undefined, rng(1))
    expect(set.table.rows).toBe(generator.shape.tasks * generator.shape.rows)
    expect(generatorTaskSet(generator.id, {}, rng(1)).table.hash).toBe(set.table.hash)
    expect(generatorTaskSet(generator.id, {}, rng(2)).table.hash).not.toBe(set.table.hash)
  }
  const set = generatorTaskSet('sine', {}, rng(1), 7, 5)
  expect(set.tasks.map((task) => task.id)).toEqual(count(7).map((i) => `task=${i + 1}`))
  expect(set.generator?.id).toBe('sine')
  expect(() => generatorOf('cosine')).toThrow(
    /must be one of sine, linear, harmonic, gaussian-process, related-linear, shared-causes. Got "cosine"/,
  )
  expect(() => generatorParams(generatorOf('sine'), { noise: -1 })).toThrow(/data.params.noise of generator "sine"/)
})

test('related linear tasks share their centre: spread 0 is one task', () => {
  const set = generatorTaskSet('related-linear', { spread: 0, noise: 0, features: 2 }, rng(3), 4, 6)
  const [, x1, x2, y] = set.table.columns.map((column) => column.values)
  const det = x1[0] * x2[1] - x1[1] * x2[0]
  const w1 = (y[0] * x2[1] - y[1] * x2[0]) / det
  const w2 = (x1[0] * y[1] - x1[1] * y[0]) / det
  for (let row = 0; row < 24; row++) expect(w1 * x1[row] + w2 * x2[row]).toBeCloseTo(y[row], 4)
})

test('shared causes: missing cells are masks', () => {
  const set = generatorTaskSet('shared-causes', { missing: 0.5, targets: 3 }, rng(1), 1, 400)
  const share = set.observed.reduce((sum, cell) => sum + cell, 0) / set.observed.length
  expect(share).toBeGreaterThan(0.44)
  expect(share).toBeLessThan(0.56)
})

test('episodes of rows: support and query are disjoint rows of one task', () => {
  const n = 60
  const table = tableOf({
    site: count(n).map((i) => ['A', 'B', 'C'][i % 3]),
    x: count(n),
    y: count(n).map((i) => 2 * i),
  })
  const set = buildTaskSet(table, Roles.parse({ targets: ['y'], task: 'site' }))
  const source = episodes({ set, rows: Int32Array.from(count(n)), tasks: Int32Array.of(0, 2) })
  const sd = Math.sqrt((n * n - 1) / 12)
  const row = (x: number) => Math.round(x * sd + (n - 1) / 2)
  const batch = source.sample(rng(1), 4, 5, 20)
  for (let e = 0; e < 4; e++) {
    const support = Array.from(batch.supportX.subarray(e * 5, e * 5 + 5), row)
    const query = Array.from(batch.queryX.subarray(e * 20, e * 20 + 20), row)
    expect(new Set([...support, ...query].map((r) => r % 3)).size).toBe(1)
    expect(support[0] % 3).not.toBe(1)
    expect(new Set(support).size).toBe(5)
    // 15 rows are left for 20 queries: five come twice, none from the support.
    expect(new Set(query).size).toBe(15)
    expect(query.some((r) => support.includes(r))).toBe(false)
  }
  expect(() => source.sample(rng(1), 1, 20, 1)).toThrow(/20 shots, and at most 20 rows in a task/)
  // Three rows of A cannot fill five shots: they come again, so that whoever takes no notice of weights sees rows of A.
  const rows = Int32Array.from(count(n)).filter((i) => i % 3 === 2 || (i % 3 === 0 && i < 9))
  const short = episodes({ set, rows, tasks: Int32Array.of(0, 2) }).sample(rng(1), 2, 5, 2)
  const e = [0, 1].find((k) => short.supportWeight!.subarray(k * 5, k * 5 + 5).includes(0))!
  const own = Array.from(short.supportX.subarray(e * 5, e * 5 + 5))
  expect([new Set(own).size, own[2], own[3], own[4]]).toEqual([2, own[0], own[1], own[0]])
  expect(short.supportY[e * 5 + 2]).toBe(short.supportY[e * 5])
})

test('episodes of rows that have weights: rows count by their share of them, within support and query set each', () => {
  const n = 60
  const table = tableOf({
    site: count(n).map((i) => 'AB'[i % 2]),
    x: count(n),
    y: count(n).map((i) => 2 * i),
    w: count(n).map((i) => (i < 10 ? 0 : i)),
  })
  const set = buildTaskSet(table, Roles.parse({ targets: ['y'], task: 'site', weight: 'w' }))
  const batch = episodes({ set, rows: Int32Array.from(count(n)), tasks: Int32Array.of(0, 1) }).sample(rng(1), 4, 5, 40)
  const sd = Math.sqrt((n * n - 1) / 12)
  for (const [each, xs, weights] of [
    [5, batch.supportX, batch.supportWeight!],
    [40, batch.queryX, batch.queryWeight!],
  ] as const)
    for (let e = 0; e < 4; e++) {
      const [own, shares] = [xs, weights].map((all) => Array.from(all.subarray(e * each, (e + 1) * each)))
      const given = own.map((x) => Math.round(x * sd + (n - 1) / 2)).map((i) => (i < 10 ? 0 : i))
      const total = given.reduce((a, b) => a + b)
      shares.forEach((share, k) => expect(share).toBeCloseTo(given[k] / total, 6))
    }
})
