import { afterAll, beforeAll, expect, it } from 'vitest'
import { trunksOf } from '../../core/brain/trunks.ts'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { innerSplit } from '../../core/data/innerSplits.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { architectureOf } from '../../core/nn/architecture.ts'
import { treeOf } from '../../core/nn/architectures/branching.ts'
import { piecesOf } from '../../core/nn/blocks.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { split } from './toys.ts'

let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

const SITES = 6

/** Sites whose targets bend in one of `count` ways, each on a scale of its own: site s in way s modulo `count`. */
function families(count: number): TaskSet {
  const random = rng('families')
  const rows = SITES * 80
  const x = Array.from({ length: 4 }, () => Float64Array.from({ length: rows }, () => random.normal()))
  const site = Int32Array.from({ length: rows }, (_, i) => i % SITES)
  const y = Float64Array.from({ length: rows }, (_, i) => {
    const f = Math.sin(2 * x[0][i]) + x[1][i] * x[2][i]
    const g = Math.cos(2 * x[3][i]) - x[0][i] * x[1][i]
    return (site[i] % count ? g : f) * (1 + site[i] / SITES) + 0.2 * random.normal()
  })
  const valid = new Uint8Array(rows).fill(1)
  const levels = Array.from({ length: SITES }, (_, s) => `S${s}`)
  const columns = [
    ...[...x, y].map((values, j) => ({ name: `c${j}`, kind: 'number' as const, values, valid })),
    { name: 'site', kind: 'category' as const, values: site, valid, levels },
  ]
  return buildTaskSet({ hash: 'families', rows, columns }, Roles.parse({ targets: ['c4'], task: 'site' }))
}

/** The trunk of each site, and the network. */
async function learned(set: TaskSet) {
  const m = method('learned-branching')
  const { train, inner } = innerSplit(split(set).train, 0.2, rng('inner'))
  const params = paramsOf(m, { hidden: [12], patience: 25, epochs: 150, learningRate: 0.01 })
  const going = m.fit({ train, inner, rng: rng('fit'), runtime, resume: null, episodes: null }, params)
  const trunk = new Map<string | null, number>()
  for (let next = await going.next(); ; next = await going.next()) {
    if (next.done) return { trunks: [...trunk.values()], network: next.value.network!() }
    if (next.value.type === 'metric' && next.value.name === 'trunk') trunk.set(next.value.task, next.value.value)
  }
}

it('parts two families of tasks, and tells which task has which trunk', async () => {
  const { trunks, network } = await learned(families(2))
  expect(trunks).toEqual([1, 2, 1, 2, 1, 2])
  const site = (s: number) => `site=S${s}`
  expect(trunksOf(network)).toEqual([
    { layers: ['trunk1:1'], tasks: [0, 2, 4].map(site) },
    { layers: ['trunk1:2'], tasks: [1, 3, 5].map(site) },
  ])
})

it('keeps one trunk where all tasks are of one family', async () => {
  const { trunks, network } = await learned(families(1))
  expect(trunks).toEqual(new Array(SITES).fill(1))
  expect(network.layers.filter(({ kind }) => kind === 'trunk').map(({ id }) => id)).toEqual(['trunk1'])
  expect(trunksOf(network)).toBeNull()
})

it('reads a tree off the shares: the largest of each, and only branches that a task reaches', () => {
  const column = { kind: 'regression' as const, width: 1, classes: null, tasks: null, mean: 0, sd: 1 }
  const plan = {
    inputs: ['x'],
    hidden: [2, 2, 2],
    activation: 'relu' as const,
    stacked: false,
    columns: ['A', 'B', 'C', 'D'].map((target) => ({ ...column, target })),
    design: { kind: 'tree-search' as const, branches: 4 },
  }
  const { blocks, initialise } = architectureOf(plan)
  const theta = initialise(rng('first'))
  const chosen = (name: string, largest: number[]) =>
    largest.forEach((j, k) => (piecesOf(blocks, theta).get(name)![4 * k + j] = 1))
  chosen('route', [2, 0, 2, 3]) // of the last layer, branch 1 is read by nobody
  chosen('route3', [1, 0, 1, 3])
  chosen('route2', [3, 2, 0, 2])
  expect(treeOf(plan, theta, 4)).toEqual({
    parents: [[0], [0, 0], [0, 0, 1]],
    tasks: { A: 0, B: 1, C: 0, D: 2 },
  })
})
