import { expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { referenceRuntime } from '../../core/engine/index.ts'
import { UserError } from '../../core/errors.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { rng } from '../../core/rng.ts'
import { fold, train } from '../../core/run.ts'
import { shotCurve, trialData, type Episode } from '../../core/trialData.ts'
import { count, tableOf } from './tables.ts'

/** Twelve sites of 12 to 45 rows, in the order of a clock that runs backwards in the file. */
const sizes = count(12).map((site) => 12 + 3 * site)
const site = sizes.flatMap((n, s) => count(n).map(() => `s${s}`))
const noise = rng('sites')
const x = site.map(() => noise.normal())
const table = tableOf({
  site,
  time: site.map((_, row) => 1000 - row),
  x,
  y: x.map((v, row) => 2 * v + Number(site[row].slice(1)) + 0.1 * noise.normal()),
})
const set = buildTaskSet(table, Roles.parse({ targets: ['y'], features: ['x'], task: 'site' }))
const specOf = (evaluation: object) =>
  ExperimentSpec.parse({
    data: { hash: table.hash },
    methods: [{ id: 'mean-regularised' }],
    metrics: ['rmse'],
    evaluation: { protocol: 'few-shot', shots: 5, queries: 5, shotCurve: [2, 20], ...evaluation },
  })
const trialOf = (evaluation: object = {}) =>
  expand(specOf(evaluation), set).filter(({ methodKey, fold }) => methodKey === 'mean-regularised' && fold !== 'all')[0]
const rowsOf = (episodes: Iterable<Episode>, side: 'support' | 'query') =>
  [...episodes].map((episode) => Array.from(episode[side]?.rows ?? []))

test('every point asks for the same rows, none of them labelled at any point', () => {
  const [few, many] = shotCurve(trialOf(), set)
  expect([few.shots, many.shots]).toEqual([2, 20])
  const asked = rowsOf(few.test, 'query')
  const asked20 = rowsOf(many.test, 'query')
  // Sites that have too few rows for twenty are left out there.
  const large = new Set(asked20.flat())
  expect(large.size).toBeGreaterThan(0)
  asked20.forEach((rows, e) => expect(rows.every((row) => asked[e].includes(row))).toBe(true))
  for (const point of [few, many]) {
    const support = rowsOf(point.test, 'support')
    rowsOf(point.test, 'query').forEach((rows, e) => expect(rows.filter((row) => support[e].includes(row))).toEqual([]))
  }
  const perSite = new Map<string, number>()
  for (const row of rowsOf(many.test, 'support')[0]) perSite.set(site[row], (perSite.get(site[row]) ?? 0) + 1)
  expect([...perSite.values()].every((n) => n === 20)).toBe(true)
})

test('figures of the curve stand beside the usual ones, which they leave as they are', async () => {
  const figures = async (evaluation: object) => {
    const events = []
    for await (const { event } of train(trialOf(evaluation), set, referenceRuntime())) events.push(event)
    return fold(events).metrics
  }
  const [withCurve, without] = [await figures({}), await figures({ shotCurve: [] })]
  expect(Object.keys(withCurve)).toEqual(['rmse', 'rmse@2', 'rmse@20'])
  expect(without).toEqual({ rmse: withCurve.rmse })
  expect(Object.keys(withCurve['rmse@20'].perTask).length).toBeGreaterThan(0)
  expect(withCurve['rmse@20'].value).toBeLessThan(withCurve['rmse@2'].value as number)
})

test('the labelled rows of a task can be its first ones in time', () => {
  const { test: episodes } = trialData(trialOf({ supportOrder: 'time' }), set)
  const all = [...(episodes ?? [])]
  expect(all).toHaveLength(1)
  const latest = new Map<string, number>()
  for (const row of all[0].support?.rows ?? []) latest.set(site[row], Math.max(latest.get(site[row]) ?? 0, 1000 - row))
  for (const row of all[0].query.rows) expect(1000 - row).toBeGreaterThan(latest.get(site[row]) as number)
  expect(() => trialData(trialOf({ supportOrder: 'clock' }), set)).toThrow(UserError)
})

test('labelled rows are those in which the target is measured, and no other row is asked for', () => {
  const y = table.columns.findIndex((column) => column.name === 'y')
  const columns = table.columns.map((column, c) =>
    c === y ? { ...column, valid: column.valid.map((_, row) => Number(row % 3 !== 0)) } : column,
  ) as typeof table.columns
  const holed = buildTaskSet(
    { ...table, hash: 'holed', columns },
    Roles.parse({ targets: ['y'], features: ['x'], task: 'site' }),
  )
  for (const { test: episodes } of [trialData(trialOf(), holed), ...shotCurve(trialOf({ shotCurve: [2] }), holed)])
    for (const { support, query } of episodes ?? [])
      for (const rows of [support!.rows, query.rows]) expect(rows.every((row) => row % 3 !== 0)).toBe(true)
  const perSite = new Map<string, number>()
  for (const row of rowsOf(trialData(trialOf(), holed).test!, 'support')[0])
    perSite.set(site[row], (perSite.get(site[row]) ?? 0) + 1)
  expect([...perSite.values()].every((n) => n === 5)).toBe(true)
})
