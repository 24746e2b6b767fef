import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { crossProducts } from '../../core/multitask/crossProducts.ts'
import { fitMixed, randomEffects } from '../../core/multitask/mixedModel.ts'
import { rng } from '../../core/rng.ts'
import { fitted, whole } from './fitted.ts'
import { haveShared, shared, tableOf } from './mulan.ts'

/** Shrunken lines: subject, level, change per day. */
const LINES: [number, number, number][] = [
  [308, 253.66367, 19.66626],
  [309, 211.00652, 1.84758],
  [310, 212.44485, 5.01841],
]

/** What least squares says of each of them alone. */
const OWN: typeof LINES = [
  [308, 244.19267, 21.7647],
  [309, 205.05495, 2.26179],
  [310, 203.48423, 6.1149],
]

/** Reaction ~ Days + (Days | Subject) on the days as they are: [day, 1] per subject. */
function sleepstudy() {
  const [, ...lines] = readFileSync(shared('data/sleepstudy/sleepstudy.csv'), 'utf8').trim().split(/\r?\n/)
  const rows = lines.map((line) => line.split(',').map(Number))
  const subjects = [...new Set(rows.map((row) => row[3]))]
  const groups = subjects.map((subject) => {
    const own = rows.filter((row) => row[3] === subject)
    const days = Float64Array.from(own, (row) => row[2])
    const cells = { at: Int32Array.from(own.keys()), y: Float64Array.from(own, (row) => row[1]), weight: null }
    return crossProducts(days, 1, cells, 0)
  })
  return { rows, subjects, groups, cells: rows.length }
}

function fittedMixed(...given: Parameters<typeof fitMixed>) {
  const fitting = fitMixed(...given)
  for (;;) {
    const next = fitting.next()
    if (next.done) return next.value
  }
}

describe.skipIf(!haveShared)(`sleepstudy${haveShared ? '' : ' (no ../shared data)'}`, () => {
  it('REML: every digit that is given', () => {
    const { groups, cells, subjects } = sleepstudy()
    const random = [0, 1]
    const mixed = fittedMixed(groups, 2, cells, { random, reml: true, covariance: 'full' })
    expect(mixed.criterion).toBeCloseTo(1743.6283, 4)
    expect(mixed.fixed[1]).toBeCloseTo(251.4051, 5)
    expect(mixed.fixed[0]).toBeCloseTo(10.46729, 5)
    const [slope, both, , level] = mixed.covariance
    expect(Math.sqrt(level)).toBeCloseTo(24.74045, 4)
    expect(Math.sqrt(slope)).toBeCloseTo(5.92213, 4)
    expect(both / Math.sqrt(slope * level)).toBeCloseTo(0.06555, 5)
    expect(mixed.sd).toBeCloseTo(25.59182, 5)
    for (const [subject, at0, perDay] of LINES) {
      const own = randomEffects(groups[subjects.indexOf(subject)], 2, random, mixed)
      expect(mixed.fixed[1] + own[1]).toBeCloseTo(at0, 4)
      expect(mixed.fixed[0] + own[0]).toBeCloseTo(perDay, 4)
    }
  })

  it('alone, each subject has the line of least squares', async () => {
    const { rows } = sleepstudy()
    const own = tableOf(
      ['Reaction', 'Days', 'Subject'],
      rows.map((row) => row.slice(1)),
    )
    const set = buildTaskSet(own, Roles.parse({ targets: ['Reaction'], task: 'Subject' }))
    const { values } = (await (await fitted('ridge', { alpha: 0 }, whole(set))).predict(whole(set))).targets[0]
    for (const [subject, at0, perDay] of OWN) {
      const first = rows.findIndex((row) => row[3] === subject)
      expect(values[first]).toBeCloseTo(at0, 4)
      expect(values[first + 1] - values[first]).toBeCloseTo(perDay, 4)
    }
  })

  // lme4's own documentation of this set.
  it('ML, and levels alone', () => {
    const { groups, cells } = sleepstudy()
    const ml = fittedMixed(groups, 2, cells, { random: [0, 1], reml: false, covariance: 'full' })
    expect(ml.criterion).toBeCloseTo(1751.9393, 4)
    const levels = fittedMixed(groups, 2, cells, { random: [1], reml: true, covariance: 'full' })
    expect(levels.criterion).toBeCloseTo(1786.465, 3)
    expect(Math.sqrt(levels.covariance[0])).toBeCloseTo(37.12, 2)
    expect(levels.sd).toBeCloseTo(30.99, 2)
  })

  it('the method draws the same lines from scaled inputs, and a subject it never saw adapts to the same', async () => {
    const { rows, subjects } = sleepstudy()
    const columns = tableOf(
      ['Reaction', 'Days', 'Subject'],
      rows.map((row) => row.slice(1)),
    )
    const set = buildTaskSet(columns, Roles.parse({ targets: ['Reaction'], task: 'Subject' }))
    const all = whole(set)
    const model = await fitted('hierarchical-linear', {}, all)
    const adapted = await model.adapt!(all)
    for (const own of [model, adapted]) {
      const { values } = (await own.predict(all)).targets[0]
      for (const [subject, at0, perDay] of LINES) {
        const first = rows.findIndex((row) => row[3] === subject)
        expect(values[first]).toBeCloseTo(at0, 4)
        expect(values[first + 1] - values[first]).toBeCloseTo(perDay, 4)
      }
    }
    expect(model.parameters).toBe(2 + 2 * subjects.length)
  })
})

it('can be stopped on its way, and says how far it is', async () => {
  const random = rng('many')
  const cells = Array.from({ length: 1600 }, (_, i) => {
    const inputs = Array.from({ length: 12 }, () => random.normal())
    return [...inputs, inputs[0] * (1 + (i % 80) / 40) + random.normal(), i % 80]
  })
  const names = Array.from({ length: 12 }, (_, j) => `x${j}`)
  const set = buildTaskSet(tableOf([...names, 'y', 'g'], cells), Roles.parse({ targets: ['y'], task: 'g' }))
  const m = method('hierarchical-linear')
  const fit = m.fit(
    { train: whole(set), inner: null, rng: rng(1), runtime: referenceRuntime(), resume: null, episodes: null },
    paramsOf(m, {}),
  )
  const done: number[] = []
  for (let next = await fit.next(); !next.done; next = await fit.next())
    if (next.value.type === 'progress') done.push(next.value.done / next.value.of)
  expect(done.length).toBeGreaterThan(2)
  expect(done).toEqual([...new Set(done)].sort((a, b) => a - b))
  expect(done.at(-1)).toBe(1)
})

it('says what to do where there are more inputs than rows', async () => {
  const names = Array.from({ length: 12 }, (_, j) => `x${j}`)
  const random = rng('wide')
  const cells = Array.from({ length: 10 }, (_, i) => [...names.map(() => random.normal()), random.normal(), i % 2])
  const set = buildTaskSet(tableOf([...names, 'y', 'g'], cells), Roles.parse({ targets: ['y'], task: 'g' }))
  await expect(fitted('hierarchical-linear', {}, whole(set))).rejects.toMatchObject({
    json: { code: 'too-few-rows', got: '10 rows for 10 inputs, the level among them' },
  })
})
