import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InnerMap, innerMap, planeOf } from '../../core/brain/innerLoop.ts'
import { generatorTaskSet } from '../../core/data/generators/index.ts'
import { referenceRuntime } from '../../core/engine/index.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { generatedViews } from '../../core/episodeViews.ts'
import type { InnerLoop, Model } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import { rng } from '../../core/rng.ts'

/** The slopes and the losses that the map shows are measured against each other, and the plane against one made by hand. */
const STEPS = 3
const set = generatorTaskSet('sine', {}, rng('table'), 2, 10)
const { support, query } = generatedViews(set.generator!, rng('shown'), 6, 8, 12, 1)
const truth = (i: number) => query.set.table.columns[query.set.targets[0]].values[query.rows[i]]

let runtime: Runtime
beforeAll(() => void (runtime = referenceRuntime()))
afterAll(() => runtime.close())

async function trained(id: string, params: Record<string, unknown> = {}): Promise<Model> {
  const m = method(id)
  const rows = Int32Array.from({ length: set.table.rows }, (_, row) => row)
  const train = { set, rows, tasks: Int32Array.from(set.tasks, (_, k) => k) }
  const episodes = { shots: 8, queries: 8, ways: 2 }
  const own = { hidden: [6, 5], activation: 'tanh', iterations: 4, metaBatch: 3, ...params }
  const going = m.fit(
    { train, inner: null, rng: rng('inner'), runtime, resume: null, episodes },
    paramsOf(m, Object.fromEntries(Object.entries(own).filter(([name]) => name in (m.params.parse({}) as object)))),
  )
  for (let next = await going.next(); ; next = await going.next()) if (next.done) return next.value
}
const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0)
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0)

/** Slope of a loss along a direction, by central differences. */
async function slope(loop: InnerLoop, along: Float32Array, which: 'before' | 'after', steps: number): Promise<number> {
  const by = 1e-3
  const nothing = new Float32Array(along.length)
  const found = (
    await loop.lossesAround(
      [along, nothing],
      [
        [by, 0],
        [-by, 0],
      ],
      steps,
    )
  )[which]!
  return (found[0] - found[1]) / (2 * by)
}

describe.each([
  ['maml', {}],
  ['meta-sgd', {}],
  ['maml-plus-plus', { innerLr: 0.01 }],
  ['implicit-maml', {}],
  ['learned-optimizer', { iterations: 10, innerSteps: 3, unroll: 3, cells: 2, outerLr: 0.05 }],
])('%s', (id, params) => {
  it('has the slopes that its losses have', async () => {
    const loop = await (await trained(id, params)).innerLoop!(support, query)
    const random = rng(id)
    const along = Float32Array.from(loop.start, () => random.normal() / Math.sqrt(loop.start.length))
    const { exact, firstOrder } = (await loop.metaGradients(STEPS))!
    expect(Math.abs((await slope(loop, along, 'after', STEPS)) - dot(exact, along))).toBeLessThan(2e-4)
    // Without any step nothing is left out: both are the slope of the loss itself.
    const none = (await loop.metaGradients(0))!
    expect(none.exact.every((value, i) => Math.abs(value - none.firstOrder[i]) < 1e-6)).toBe(true)
    expect(Math.abs((await slope(loop, along, 'before', 0)) - dot(none.exact, along))).toBeLessThan(2e-4)
    // With steps the two differ.
    expect(exact.some((value, i) => Math.abs(value - firstOrder[i]) > 1e-4)).toBe(true)
  })
})

it('the map says what the loop does: paths from the origin, losses along them, shares of what is seen', async () => {
  const loop = await (await trained('maml', { innerLr: 0.02 })).innerLoop!(support, query)
  const map = InnerMap.parse(JSON.parse(JSON.stringify(await innerMap(loop, STEPS, 'drawn'))))
  expect(map.tasks).toHaveLength(6)
  for (const { path, losses, pull, inPlane } of map.tasks) {
    expect(path[0]).toEqual([0, 0])
    expect([path.length, losses.length]).toEqual([STEPS + 1, STEPS + 1])
    const end = path[STEPS]
    expect((end[0] ** 2 + end[1] ** 2) / pull ** 2).toBeCloseTo(inPlane, 6)
    expect(inPlane).toBeLessThan(1 + 1e-6)
  }
  const squares = map.tasks.map(({ pull }) => pull ** 2)
  const seen = map.tasks.map(({ pull, inPlane }) => pull ** 2 * inPlane)
  expect(total(seen) / total(squares)).toBeCloseTo(map.variance[0] + map.variance[1], 6)
  expect(map.directions.map(({ kind }) => kind)).toEqual(['exact', 'first-order', 'mean-pull'])
  for (const { at } of map.directions) expect(Math.hypot(...at)).toBeLessThanOrEqual(1 + 1e-6)
  // The mean of the tasks' losses is what the map has at the start itself.
  const { before, after } = await loop.lossesAround([loop.start, loop.start], [[0, 0]], STEPS)
  const mean = (step: number) => total(map.tasks.map(({ losses }) => losses[step])) / 6
  expect(before[0]).toBeCloseTo(mean(0), 5)
  expect(after![0]).toBeCloseTo(mean(STEPS), 5)
  expect(mean(STEPS)).toBeLessThan(mean(0))
  expect([map.map.before.length, map.map.before[0].length]).toEqual([map.map.y.length, map.map.x.length])
})

it('where the start is not learned, or no network, there are paths and losses, and no meta-gradient', async () => {
  const scratch = await (await trained('from-scratch', { adaptSteps: 2 })).innerLoop!(support, query)
  expect(await scratch.metaGradients(1)).toBeNull()
  for (const id of ['cavia', 'ridge-head']) {
    const map = await innerMap(await (await trained(id)).innerLoop!(support, query), 1, 'drawn')
    expect(map.directions.map(({ kind }) => kind)).toEqual(['mean-pull'])
    expect(map.map.after).toBeNull()
    expect(map.map.before.flat().every((loss) => loss !== null && loss > 0)).toBe(true)
  }
})

it.each(['ridge-head', 'alpaca', 'conditional-neural-process'])(
  '%s learns at once, and stands at its start before any row was seen',
  async (id) => {
    const model = await trained(id)
    const loop = await model.innerLoop!(support, query)
    const [none, one] = [await loop.after(0), await loop.after(1)]
    for (const network of none.networks) expect(network).toEqual(loop.start)
    expect(one.networks[0]).not.toEqual(loop.start)
    // What is watched while it adapts is the same: the losses are those of the answers.
    const path = await model.adaptTrace!(support, [0, 1])
    for (const [k, { losses }] of [none, one].entries()) {
      const values = (await path[k].predict(query)).targets[0].values
      const errors = Array.from(values, (value, i) => (value - truth(i)) ** 2)
      losses.forEach((loss, task) => expect(total(errors.slice(task * 12, (task + 1) * 12)) / 12).toBeCloseTo(loss, 4))
    }
    expect((await path[1].predict(query)).targets).toEqual((await (await model.adapt!(support)).predict(query)).targets)
  },
)

/** The inputs of the first task in other units: steps that suit the others overshoot there. */
function inOtherUnits({ set: own, ...view }: View): View {
  const per = own.table.rows / own.tasks.length
  const columns = own.table.columns.map((column, c) =>
    own.features.includes(c)
      ? { ...column, values: Float64Array.from(column.values, (value, row) => (row < per ? 30 : 1) * value) }
      : column,
  ) as TaskSet['table']['columns']
  return { ...view, set: { ...own, table: { ...own.table, columns } } }
}

it('a task that runs away is slowed in the losses around the start and in the meta-gradients, too', async () => {
  const model = await trained('maml', { innerLr: 0.05, activation: 'relu' })
  const loop = await model.innerLoop!(inOtherUnits(support), inOtherUnits(query))
  const { losses } = await loop.after(STEPS)
  expect(loop.slowed.map(({ task }) => task)).toEqual([loop.tasks[0]])
  const { after } = await loop.lossesAround([loop.start, loop.start], [[0, 0]], STEPS)
  expect(after![0]).toBeCloseTo(total(losses) / losses.length, 4)
  const { exact } = (await loop.metaGradients(STEPS))!
  const along = exact.map((value) => value / Math.sqrt(dot(exact, exact)))
  const found = await slope(loop, along, 'after', STEPS)
  expect(Math.abs(found / dot(exact, along) - 1)).toBeLessThan(0.01)
})

it('the plane of vectors is that of their singular vectors', () => {
  // 3 e1, -4 e1 and 2 e2: squares 25 and 4 of 29; a single vector has no second direction.
  const three = [
    [3, 0, 0],
    [-4, 0, 0],
    [0, 2, 0],
  ].map((vector) => Float32Array.from(vector))
  const { axes, variance } = planeOf(three)
  expect(variance.map((share) => share * 29)).toEqual([expect.closeTo(25, 6), expect.closeTo(4, 6)])
  expect([...axes[0]].map((v) => Math.round(v * 1e6) / 1e6 + 0)).toEqual([-1, 0, 0])
  expect([...axes[1]].map((v) => Math.round(v * 1e6) / 1e6 + 0)).toEqual([0, 1, 0])
  const one = planeOf([Float32Array.of(1, 1)])
  expect([one.variance, [...one.axes[1]]]).toEqual([
    [expect.closeTo(1, 9), 0],
    [0, 0],
  ])
})
