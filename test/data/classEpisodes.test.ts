import { describe, expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { classEpisodes } from '../../core/data/classEpisodes.ts'
import type { ClassRows } from '../../core/data/classEpisodes.ts'
import { classParts } from '../../core/data/classParts.ts'
import { shortClasses } from '../../core/data/shortClasses.ts'
import { makeFolds } from '../../core/data/splits.ts'
import { Roles } from '../../core/data/roles.ts'
import type { Column, Table } from '../../core/data/table.ts'
import { UserError } from '../../core/errors.ts'
import { expand, summaryOf } from '../../core/expand.ts'
import { Evaluation, ExperimentSpec } from '../../core/experiment.ts'
import { referenceRuntime } from '../../core/engine/index.ts'
import { rng } from '../../core/rng.ts'
import { fold, train } from '../../core/run.ts'
import { trialData } from '../../core/trialData.ts'

/** Images of 4 x 4: class c has its own corner pattern c in binary plus a little noise; `rows` of each. */
function pictures(classes: number, rows: number, extra: Column[] = []): Table {
  const n = classes * rows
  const random = rng('pictures')
  const values = new Float32Array(n * 16)
  for (let row = 0; row < n; row++)
    for (let k = 0; k < 16; k++)
      values[row * 16 + k] = ((Math.floor(row / rows) + 1) >> (k % 5)) % 2 === 1 ? 1 - 0.1 * random.uniform() : 0
  const column: Column = {
    name: 'letter',
    kind: 'category',
    levels: Array.from({ length: classes }, (_, c) => `L${c}`),
    values: Int32Array.from({ length: n }, (_, row) => Math.floor(row / rows)),
    valid: new Uint8Array(n).fill(1),
  }
  return {
    hash: `pictures ${classes} ${rows}`,
    rows: n,
    columns: [column, ...extra],
    tensors: [{ name: 'image', shape: [n, 4, 4], values }],
  }
}
const setOf = (table: Table, roles: Partial<Roles> = {}) =>
  buildTaskSet(table, Roles.parse({ targets: ['letter'], ...roles }))
const fewShot = (given: Record<string, unknown> = {}) =>
  Evaluation.parse({ protocol: 'few-shot', ways: 3, shots: 2, queries: 2, episodes: 30, ...given })
const capture = (action: () => unknown): UserError => {
  try {
    action()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

/** Row r of class c is the number 10 c + r in every place of a 2 x 2 image with places 0, .1, .2, .3. */
const marked = (rows: number[]): ClassRows => {
  const flat = rows.flatMap((n, c) => Array.from({ length: n }, (_, r) => 10 * c + r))
  let at = 0
  return {
    x: Float32Array.from(flat.flatMap((v) => [v, v + 0.1, v + 0.2, v + 0.3])),
    input: [2, 2, 1],
    names: ['a', 'b', 'c', 'd'],
    target: 'class',
    rows: rows.map((n) => Int32Array.from({ length: n }, () => at++)),
  }
}

describe('episodes of classes', () => {
  test('classes differ within a task, support and query rows are disjoint, labels are the way', () => {
    const source = classEpisodes(marked([6, 7, 8, 5]), 3)
    const batch = source.sample(rng(1), 50, 2, 3)
    expect([batch.shots, batch.queries]).toEqual([6, 9])
    for (let task = 0; task < 50; task++) {
      const own = (xs: Float32Array, n: number) =>
        Array.from({ length: n }, (_, i) => Math.round(xs[(task * n + i) * 4]))
      const [support, query] = [own(batch.supportX, 6), own(batch.queryX, 9)]
      const classes = [0, 2, 4].map((i) => Math.floor(support[i] / 10))
      expect(new Set(classes).size).toBe(3)
      expect(new Set([...support, ...query]).size).toBe(15)
      support.forEach((v, i) => {
        expect(batch.supportY[task * 6 + i]).toBe(Math.floor(i / 2))
        expect(Math.floor(v / 10)).toBe(classes[Math.floor(i / 2)])
      })
      query.forEach((v, i) => {
        expect(batch.queryY[task * 9 + i]).toBe(Math.floor(i / 3))
        expect(Math.floor(v / 10)).toBe(classes[Math.floor(i / 3)])
      })
    }
    expect(source.sample(rng(1), 50, 2, 3)).toEqual(batch)
  })

  test('rotations are four classes from one: all rows of a way are turned alike, and all turns appear', () => {
    const source = classEpisodes(marked([5, 5]), 4, true)
    const batch = source.sample(rng(2), 40, 1, 2)
    const turns = new Set<string>()
    for (let i = 0; i < 160; i++) {
      const picture = (xs: Float32Array, at: number) => {
        const own = [...xs.subarray(at * 4, at * 4 + 4)]
        return own.map((v) => Math.round(10 * (v - Math.floor(v + 1e-4)))).join('')
      }
      const turn = picture(batch.supportX, i)
      turns.add(turn)
      expect(picture(batch.queryX, 2 * i)).toBe(turn)
      expect(picture(batch.queryX, 2 * i + 1)).toBe(turn)
    }
    // 01 / 23 turned left once: 13 / 02.
    expect([...turns].sort()).toEqual(['0123', '1302', '2031', '3210'])
  })

  test('too few classes, and classes with too few rows, are refused; small classes among others are left out', () => {
    const few = capture(() => classEpisodes(marked([5, 5]), 3).sample(rng(1), 1, 1, 1))
    expect(few.json).toMatchObject({ code: 'episodes.too-few-classes', got: '3 ways, and 2 classes in a part' })
    const small = capture(() => classEpisodes(marked([5, 5, 3]), 3).sample(rng(1), 1, 2, 2))
    expect(small.json).toMatchObject({
      code: 'episodes.small-classes',
      got: '2 shots + 2 queries, and 2 such classes for 3 ways',
    })
    const batch = classEpisodes(marked([5, 5, 3, 5]), 3).sample(rng(1), 30, 2, 2)
    expect([...batch.supportX].some((v) => Math.floor(v / 10) === 2)).toBe(false)
  })
})

describe('edges: fewer classes than ways, and classes with fewer rows than shots + queries', () => {
  test('too few classes in a part: refused when it is planned', () => {
    const few = capture(() => shortClasses(setOf(pictures(6, 4)), fewShot()))
    expect(few.json).toMatchObject({ code: 'episodes.too-few-classes', got: '3 ways, and 2 classes in a part' })
    // Turned images are classes to learn from, not to be tested on.
    const turned = capture(() => shortClasses(setOf(pictures(6, 4)), fewShot({ rotations: true, testFraction: 0.2 })))
    expect(turned.json.got).toBe('3 ways, and 1 class in a part')
    expect(shortClasses(setOf(pictures(6, 4)), fewShot({ rotations: true, testFraction: 0.6 }))).toEqual([])
  })

  test('too few rows everywhere: refused; in some classes: a warning, and the others are drawn', () => {
    const small = capture(() => shortClasses(setOf(pictures(20, 3)), fewShot()))
    expect(small.json.code).toBe('episodes.small-classes')
    const table = pictures(20, 6)
    // All but two rows of the first class are not labelled.
    const valid = table.columns[0].valid.slice()
    valid.fill(0, 2, 6)
    const holey: Table = { ...table, columns: [{ ...table.columns[0], valid }] }
    expect(shortClasses(setOf(holey), fewShot())).toEqual([
      expect.objectContaining({ code: 'short-classes', params: { short: 1, of: 20, rows: 4 } }),
    ])
  })
})

describe('the few-shot protocol on classes', () => {
  test('classes of train and test are disjoint, by chance, by list and by a split column', () => {
    const n = 20 * 6
    const part: Column = {
      name: 'part',
      kind: 'category',
      levels: ['train', 'validation', 'test'],
      values: Int32Array.from({ length: n }, (_, row) => [0, 0, 0, 1, 2][Math.floor(row / 6) % 5]),
      valid: new Uint8Array(n).fill(1),
    }
    const chance = classParts(setOf(pictures(20, 6)), fewShot(), rng(1))
    expect([chance.train.size, chance.test.size]).toEqual([15, 5])
    expect([...chance.train].some((level) => chance.test.has(level))).toBe(false)
    const lists = { train: ['L0', 'L1', 'L2'], validation: ['L3'], test: ['L7', 'L5', 'L4'] }
    const listed = classParts(setOf(pictures(20, 6)), fewShot({ classLists: lists }), rng(1))
    expect(listed).toEqual({ train: new Set([0, 1, 2]), validation: new Set([3]), test: new Set([7, 5, 4]) })
    const stored = classParts(setOf(pictures(20, 6, [part]), { split: 'part' }), fewShot(), rng(1))
    expect(stored.test).toEqual(new Set([4, 9, 14, 19]))
    expect(stored.validation).toEqual(new Set([3, 8, 13, 18]))
    const [only] = makeFolds(setOf(pictures(20, 6, [part]), { split: 'part' }), fewShot())
    expect([...new Set([...only.test].map((row) => Math.floor(row / 6)))]).toEqual([4, 9, 14, 19])
  })

  test('lists that contradict are refused', () => {
    const set = setOf(pictures(6, 4))
    const twice = { train: ['L0', 'L1', 'L2'], test: ['L2', 'L3', 'L4'] }
    expect(capture(() => classParts(set, fewShot({ classLists: twice }), rng(1))).json.got).toBe(
      '"L2" in train and test',
    )
    const unknown = { train: ['L0', 'L1', 'M2'], test: ['L2', 'L3', 'L4'] }
    expect(capture(() => classParts(set, fewShot({ classLists: unknown }), rng(1))).json.code).toBe(
      'evaluation.class-lists',
    )
  })

  test('a trial learns from drawn tasks and is tested on tasks of held-out classes', async () => {
    const set = setOf(pictures(24, 6))
    const spec = ExperimentSpec.parse({
      data: { hash: 'toy' },
      methods: [{ id: 'class-means' }],
      evaluation: fewShot(),
      twins: false,
    })
    const [trial, onAll] = expand(spec, set)
    const data = trialData(trial, set)
    expect(data.train.set.tasks.map((task) => task.kind)).toEqual(new Array(4).fill('multiclass'))
    const run = { events: [] as Parameters<typeof fold>[0] extends Iterable<infer E> ? E[] : never }
    for await (const { event } of train(trial, set, referenceRuntime())) run.events.push(event)
    const state = fold(run.events)
    expect(state.error).toBeNull()
    expect(Object.keys(state.metrics.accuracy.perTask)).toHaveLength(30)
    expect(state.metrics.accuracy.value).toBeGreaterThan(0.9)
    const all: typeof run.events = []
    for await (const { event } of train(onAll, set, referenceRuntime())) all.push(event)
    expect(fold(all)).toMatchObject({ status: 'done', error: null })
  })

  test('Reptile takes rows of each class in turn, as many as its steps want and again where there are fewer', async () => {
    const set = setOf(pictures(24, 6))
    const spec = ExperimentSpec.parse({
      data: { hash: 'toy' },
      methods: [{ id: 'reptile', params: { hidden: [16], iterations: 60, metaBatch: 5, innerLr: 0.1 } }],
      evaluation: fewShot(),
      twins: false,
    })
    const events: Parameters<typeof fold>[0] extends Iterable<infer E> ? E[] : never = []
    for await (const { event } of train(expand(spec, set)[0], set, referenceRuntime())) events.push(event)
    const state = fold(events)
    expect(state.error).toBeNull()
    expect(state.metrics.accuracy.value).toBeGreaterThan(0.6)
  })

  test('one class to test on, or more ways than classes: refused before anything is learned', async () => {
    const set = setOf(pictures(4, 6))
    const spec = ExperimentSpec.parse({
      data: { hash: 'toy' },
      methods: [{ id: 'class-means' }],
      evaluation: fewShot(),
      twins: false,
    })
    const events = []
    for await (const { event } of train(expand(spec, set)[0], set, referenceRuntime())) events.push(event)
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'failed', error: { code: 'episodes.too-few-classes' } })
  })

  test('images alone are for few-shot: other protocols say so', () => {
    const set = setOf(pictures(6, 4))
    expect(capture(() => summaryOf(set, Evaluation.parse({}))).json.code).toBe('data.only-images')
    expect(summaryOf(set, fewShot())).toMatchObject({ features: 16, taskColumn: true, kinds: ['multiclass'] })
  })
})
