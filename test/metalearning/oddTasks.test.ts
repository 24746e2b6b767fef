import { afterAll, beforeAll, expect, it } from 'vitest'
import { episodes } from '../../core/data/episodes.ts'
import { checkData } from '../../core/data/checks/index.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { UserError } from '../../core/errors.ts'
import type { Model } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { whole } from '../methods/fitted.ts'
import { sites } from '../methods/toys.ts'

let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

async function fitted(train: View, id = 'maml', params: Record<string, unknown> = {}): Promise<Model> {
  const m = method(id)
  const going = m.fit(
    { train, inner: null, rng: rng('odd'), runtime, resume: null, episodes: { shots: 5, queries: 5, ways: 2 } },
    paramsOf(m, { iterations: 100, ...params }),
  )
  for (let next = await going.next(); ; next = await going.next()) if (next.done) return next.value
}

const said = async (model: Model, view: View) => Array.from((await model.predict(view)).targets[0].values)

async function refusal(answer: Promise<unknown>): Promise<UserError['json']> {
  const error = await answer.then(
    () => null,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(UserError)
  return (error as UserError).json
}

/** Site 0 keeps three of its rows: fewer than the five shots. */
function unequal(): View {
  const view = whole(sites())
  let kept = 0
  return { ...view, rows: view.rows.filter((row) => row % 8 !== 0 || kept++ < 3) }
}

it('tasks of unequal size: every task is drawn, and a row that only fills up counts nothing', async () => {
  const batch = episodes(unequal()).sample(rng(1), 16, 5, 4)
  const weights = Array.from({ length: 16 }, (_, task) => [...batch.supportWeight!.subarray(task * 5, task * 5 + 5)])
  const short = weights.filter((own) => own.includes(0))
  expect(short).toHaveLength(2)
  for (const own of short) expect(own).toEqual([0.5, 0.5, 0, 0, 0])
  for (const own of weights) expect(own.reduce((a, b) => a + b)).toBeCloseTo(1, 6)
  for (const id of ['maml', 'reptile', 'ridge-head', 'alpaca', 'conditional-neural-process']) {
    const values = await said(await fitted(unequal(), id), unequal())
    expect(values.every(Number.isFinite), id).toBe(true)
  }
})

it('an inner loop that diverges is an error that names innerLr', async () => {
  expect(await refusal(fitted(whole(sites()), 'maml', { innerLr: 10, innerSteps: 5 }))).toMatchObject({
    code: 'meta-training-diverged',
    who: 'innerLr or outerLr',
    got: expect.stringContaining('innerLr 10'),
    remedy: 'Try innerLr 1.',
  })
})

/** A model whose steps suit its tasks, and a support set of site 0 with inputs thirty times as large: steps overshoot there. */
function farOff(): { view: View; far: View } {
  const set = sites()
  const far = (row: number) => row % 8 === 0
  const columns = set.table.columns.map((column, c) =>
    set.features.includes(c) && column.kind === 'number'
      ? { ...column, values: Float64Array.from(column.values, (v, row) => (far(row) ? 30 * v : v)) }
      : column,
  ) as TaskSet['table']['columns']
  return { view: whole(set), far: whole({ ...set, table: { ...set.table, columns } }) }
}

/** A learned task, as its predictions of its rows. */
const ofSite = async (model: Model, view: View, site: number) =>
  said(model, { ...view, rows: view.rows.filter((row) => row % 8 === site) })

it.each([
  ['maml', { innerLr: 0.05 }],
  ['first-order-maml', { innerLr: 0.05 }],
  ['anil', { innerLr: 0.05 }],
  ['meta-sgd', { innerLr: 0.05 }],
  ['maml-plus-plus', { innerLr: 0.02 }],
] as const)('%s: a task on which the inner loop runs away is learned more slowly, and named', async (id, params) => {
  const { view, far } = farOff()
  const model = await fitted(view, id, params)
  const steps = [0, 20]
  const [start, after] = await model.adaptTrace!(far, steps)
  expect(start.slowed).toBeUndefined()
  expect(after.slowed!.map(({ task }) => task)).toEqual(['site=S0'])
  const [{ factor }] = after.slowed!
  expect([0, ...Array.from({ length: 10 }, (_, k) => 2 ** -(k + 1))]).toContain(factor)
  // Its own rows are fitted no worse than before; the others are learned as if it were not there.
  const truth = far.set.table.columns[far.set.targets[0]].values
  const error = async (own: Model) => {
    const values = await said(own, far)
    return far.rows.reduce((sum, row, i) => sum + (row % 8 === 0 ? (values[i] - truth[row]) ** 2 : 0), 0)
  }
  expect(await error(after)).toBeLessThanOrEqual((await error(start)) * (1 + 1e-5))
  const [alone] = await model.adaptTrace!({ ...far, rows: far.rows.filter((row) => row % 8 !== 0) }, [20])
  expect(alone.slowed).toBeUndefined()
  expect(await ofSite(after, far, 3)).toEqual(await ofSite(alone, far, 3))
  // At tasks like those it was trained on nothing is slowed, to the bit.
  const [usual] = await model.adaptTrace!(view, [5])
  expect(usual.slowed).toBeUndefined()
  // Where no rate would do, there is still the start.
  const loop = await model.innerLoop!(far, far)
  const { networks, losses } = await loop.after(20)
  expect(loop.slowed).toEqual(after.slowed)
  expect(networks.every((network) => network.every(Number.isFinite)) && losses.every(Number.isFinite)).toBe(true)
})

it.each(['implicit-maml', 'reptile'])('%s does not run away where others do: its steps are held back', async (id) => {
  const { far } = farOff()
  const model = await fitted(whole(sites()), id, { iterations: 20 })
  const [start, after] = await model.adaptTrace!(far, [0, 20])
  expect(after.slowed).toBeUndefined()
  const worst = (values: number[]) => Math.max(...values.map(Math.abs))
  expect(worst(await said(after, far))).toBeLessThan(10 * worst(await said(start, far)))
})

it('steps beyond every number are finite all the same: the start stays where no rate helps', async () => {
  const { view, far } = farOff()
  const trained = await fitted(view, 'meta-sgd', { innerLr: 0.3, iterations: 10 })
  const [after] = await trained.adaptTrace!(far, [2000])
  expect(after.slowed!.length).toBeGreaterThan(0)
  expect((await said(after, far)).every(Number.isFinite)).toBe(true)
})

it('maml-classes: the same for classes, and the shares of the rate are saved with the model', async () => {
  const view = whole(sites('two'))
  const model = await fitted(view, 'maml-classes', { innerLr: 10, iterations: 5, hidden: [8], statistics: 'query' })
  const slowed = model.slowed ?? []
  expect(slowed.length).toBeGreaterThan(0)
  for (const { task, factor } of slowed) expect([task, factor]).toEqual([expect.stringMatching(/^site=S/), expect.any(Number)]) // prettier-ignore
  expect(slowed.every(({ factor }) => factor >= 0 && factor <= 0.5)).toBe(true)
  expect((await said(model, view)).every(Number.isFinite)).toBe(true)
  const again = method('maml-classes').load(model.save(), runtime)
  expect(again.slowed).toEqual(slowed)
  expect(await said(again, view)).toEqual(await said(model, view))
  // The usual rate slows nothing.
  expect((await fitted(view, 'maml-classes', { iterations: 5, hidden: [8] })).slowed).toBeUndefined()
})

it('one task is an error that asks for more', async () => {
  const view = whole(sites())
  const one = { ...view, tasks: view.tasks.slice(0, 1), rows: view.rows.filter((row) => row % 8 === 0) }
  expect(await refusal(fitted(one))).toMatchObject({ code: 'meta.one-task', got: 'one task, "site=S0"' })
})

it('tasks that are identical: finite figures and a warning that names two of them; tasks that differ have none', async () => {
  const set = sites()
  const columns = set.table.columns.map((column) => ({
    ...column,
    values: column.name === 'site' ? column.values : column.values.map((_, row, all) => all[row - (row % 8)]),
    valid: column.name === 'site' ? column.valid : column.valid.map((_, row, all) => all[row - (row % 8)]),
  })) as TaskSet['table']['columns']
  const same = whole({ ...set, table: { ...set.table, columns } })
  const values = await said(await fitted(same), same)
  expect(values.every(Number.isFinite)).toBe(true)
  const roles = Roles.parse({ targets: ['yield'], task: 'site' })
  const codes = (of: TaskSet) => checkData(of, roles).findings.filter(({ code }) => code === 'identical-tasks')
  expect(codes(same.set)).toMatchObject([{ params: { tasks: 7, one: 'S0', other: 'S1' } }])
  expect(codes(set)).toEqual([])
})

it('NaN in a support set: a missing input gives finite figures, a set without any label is an error', async () => {
  const set = sites()
  const model = await fitted(whole(set))
  const holed = (name: string): TaskSet => {
    const c = set.table.columns.findIndex((column) => column.name === name)
    const columns = set.table.columns.map((column, k) =>
      k === c
        ? { ...column, values: (column.values as Float64Array).map(() => NaN), valid: new Uint8Array(set.table.rows) }
        : column,
    ) as TaskSet['table']['columns']
    const observed = set.targets[0] === c ? new Uint8Array(set.observed.length) : set.observed
    return { ...set, table: { ...set.table, columns }, observed }
  }
  const gaps = whole(holed('x1'))
  expect((await said(await model.adapt!(gaps), gaps)).every(Number.isFinite)).toBe(true)
  expect((await refusal(model.adapt!(whole(holed('yield'))))).code).toBe('no-measured-cell')
})

it('a standard deviation stands beside every prediction of a Bayesian last layer, and falls with more rows', async () => {
  const view = whole(sites())
  const model = await fitted(view, 'alpaca', { iterations: 300 })
  const site = (row: number) => row % 8 === 1
  const query = { ...view, rows: view.rows.filter((row) => site(row) && row >= 160) }
  const sdAfter = async (rows: number) => {
    const support = { ...view, rows: view.rows.filter(site).slice(0, rows) }
    const { values } = (await (await model.adapt!(support)).spread!(query)).targets[0]
    expect(values.every((sd) => sd > 0 && Number.isFinite(sd))).toBe(true)
    return values.reduce((sum, sd) => sum + sd, 0) / values.length
  }
  expect(await sdAfter(15)).toBeLessThan(await sdAfter(1))
})

it.each(['maml', 'reptile', 'ridge-head', 'alpaca', 'conditional-neural-process', 'pretrain-finetune'])(
  '%s: rows of weight 0 teach it nothing, in meta-training as on new tasks',
  async (id) => {
    const set = sites()
    const [target] = set.targets
    const y = set.table.columns[target].values as Float64Array
    const nothing = (row: number) => row % 5 === 0
    const weight = Float64Array.from(y, (_, row) => Number(!nothing(row)))
    // Labels of rows without weight change places: mean and sd of the target stay as they are.
    const places = Array.from(y.keys()).filter(nothing)
    const moved = y.slice()
    places.forEach((row, k) => (moved[row] = y[places[(k + 7) % places.length]]))
    const weighted = (values: Float64Array, by: Float64Array | null) => {
      const columns = set.table.columns.map((column, c) => (c === target ? { ...column, values } : column))
      return whole({ ...set, table: { ...set.table, columns }, weight: by })
    }
    const learned = async (values: Float64Array, by: Float64Array | null) =>
      said(await fitted(weighted(values, by), id, { iterations: 20 }), whole(set))
    const apart = (a: number[], b: number[]) => Math.max(...a.map((v, i) => Math.abs(v - b[i])))
    expect(apart(await learned(y, weight), await learned(moved, weight))).toBeLessThan(1e-2)
    expect(apart(await learned(y, null), await learned(moved, null))).toBeGreaterThan(0.1)
  },
)
