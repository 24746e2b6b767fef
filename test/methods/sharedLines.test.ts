import { describe, expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import { UserError } from '../../core/errors.ts'
import { rng } from '../../core/rng.ts'
import { fitted, whole } from './fitted.ts'
import { tableOf } from './mulan.ts'
import { mixedTargets, sites, split } from './toys.ts'

/** What linear multi-task methods become at the ends of their parameters, and on odd tables. */
const lines = async (id: string, params: Record<string, unknown>, { train, test }: { train: View; test: View }) => {
  const said = await (await fitted(id, params, train)).predict(test)
  return Float64Array.from(said.targets.flatMap(({ values }) => [...values]))
}
const worst = (a: Float64Array, b: Float64Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i])))
const bySite = split(sites('number'))
const byTarget = split(mixedTargets(['number']))

describe('graph-regularised', () => {
  it('is mean regularisation with the complete graph', async () => {
    for (const pull of [0.1, 30, 1e6]) {
      const graph = await lines('graph-regularised', { alpha: 0, similarity: pull, graph: 'complete' }, bySite)
      const mean = await lines('mean-regularised', { alpha: 0, deviation: pull }, bySite)
      expect(worst(graph, mean)).toBeLessThan(1e-8)
    }
  })

  it('is ridge where nothing is tied', async () => {
    for (const params of [{ similarity: 0 }, { graph: 'given' }])
      for (const parts of [bySite, byTarget]) {
        const graph = await lines('graph-regularised', { alpha: 3, ...params }, parts)
        expect(worst(graph, await lines('ridge', { alpha: 3 }, parts))).toBeLessThan(1e-8)
      }
  })

  it('makes tied tasks equal and lets the others alone', async () => {
    const model = await fitted(
      'graph-regularised',
      { alpha: 0, similarity: 1e6, graph: 'given', edges: ['S0 ~ S1', 'S2~S3: 0.5'] },
      bySite.train,
    )
    const edges = model.network!().edges.map(({ weights, bias }) => [...weights, ...bias!])
    const apart = (a: number, b: number) => Math.max(...edges[a].map((v, j) => Math.abs(v - edges[b][j])))
    expect(apart(0, 1)).toBeLessThan(0.01)
    expect(apart(2, 3)).toBeLessThan(0.01)
    expect(apart(1, 2)).toBeGreaterThan(1)
    const alone = await fitted('ridge', { alpha: 0 }, bySite.train)
    expect([...model.network!().edges[7].weights]).toEqual(
      [...alone.network!().edges[7].weights].map((w) => expect.closeTo(w, 4)),
    )
  })

  it('lets targets go in opposite directions', async () => {
    const random = rng('opposite')
    const rows = Array.from({ length: 12 }, () => [random.normal(), random.normal(), random.normal()])
    const table = tableOf(
      ['a', 'b', 'c', 'up', 'down'],
      rows.map(([a, b, c]) => [a, b, c, a - b + random.normal(), 5 - 2 * (a - b + random.normal())]),
    )
    const set = buildTaskSet(table, Roles.parse({ targets: ['up', 'down'] }))
    const model = await fitted('graph-regularised', { similarity: 1e6 }, whole(set))
    const [up, down] = model.network!().edges.map(({ weights }) => weights)
    const scale = down[0] / up[0]
    expect(scale).toBeLessThan(0)
    up.forEach((w, j) => expect(down[j]).toBeCloseTo(scale * w, 3))
  })

  it('says which edge names no task, and what tasks there are', async () => {
    for (const edge of ['S0 ~ S9', 'S0', 'S0 ~ S0', 'S0 ~ S1: much'])
      await expect(fitted('graph-regularised', { graph: 'given', edges: [edge] }, bySite.train)).rejects.toSatisfy(
        (error) => error instanceof UserError && error.json.code === 'unknown-edge' && error.json.got === `"${edge}"`,
      )
  })
})

describe('clustered', () => {
  it('is mean regularisation with one cluster', async () => {
    for (const pull of [0.1, 30, 1e6]) {
      const one = await lines('clustered', { alpha: 2, deviation: pull, clusters: 1 }, bySite)
      expect(worst(one, await lines('mean-regularised', { alpha: 2, deviation: pull }, bySite))).toBeLessThan(1e-9)
    }
  })

  it('finds groups of tasks that are alike, and predicts better by them', async () => {
    const set = twoKinds()
    const parts = split(set)
    const truth = Float64Array.from(parts.test.rows, (row) => set.table.columns[set.targets[0]].values[row])
    const error = async (id: string, params: Record<string, unknown>) => {
      const said = await lines(id, params, parts)
      return said.reduce((sum, v, i) => sum + (v - truth[i]) ** 2, 0) / said.length
    }
    const two = await error('clustered', { clusters: 2, deviation: 100 })
    expect(two).toBeLessThan(0.5 * (await error('mean-regularised', { deviation: 100 })))
    expect(two).toBeLessThan(0.8 * (await error('ridge', {})))
    // The learned graph ties the same tasks.
    expect(await error('graph-regularised', { similarity: 100 })).toBeLessThan(0.8 * (await error('ridge', {})))
  })
})

it('robust sharing is the trace norm where standing apart costs as much as sharing', async () => {
  for (const parts of [bySite, byTarget]) {
    const trace = await lines('trace-norm', { penalty: 0.1 }, parts)
    for (const apart of [1, 1000])
      expect(worst(await lines('robust', { penalty: 0.1, apart }, parts), trace)).toBeLessThan(1e-4)
    expect(worst(await lines('robust', { penalty: 0.1, apart: 0.5 }, parts), trace)).toBeGreaterThan(0.1)
  }
})

describe.each(['graph-regularised', 'clustered', 'robust', 'mean-regularised'])('%s on odd tables', (id) => {
  it('one task, 500 tasks with one row each, and a target that never changes', async () => {
    const one = sites('number', 1, 40)
    const many = sites('number', 500, 2)
    const constant = sites('number')
    constant.table.columns[constant.targets[0]].values.fill(7)
    for (const set of [one, many, constant]) {
      const rows = set === many ? whole(set).rows.slice(0, 500) : whole(set).rows
      const model = await fitted(id, {}, { ...whole(set), rows })
      const said = (await model.predict(whole(set))).targets[0].values
      expect(said.every(Number.isFinite)).toBe(true)
      if (set === constant) said.forEach((value) => expect(value).toBeCloseTo(7, 6))
    }
  })
})

/** Eight sites of two kinds, whose inputs mean opposite things; rows go round the sites. */
function twoKinds(): TaskSet {
  const random = rng('two kinds')
  const cells = Array.from({ length: 96 }, (_, i) => {
    const x = [0, 1, 2, 3, 4].map(() => random.normal())
    const way = i % 2 ? 1 : -1
    return [...x, i % 8, way * (x[0] - x[1] + x[2]) + random.normal()]
  })
  const table = tableOf(['a', 'b', 'c', 'd', 'e', 'site', 'y'], cells)
  return buildTaskSet(table, Roles.parse({ targets: ['y'], task: 'site' }))
}
