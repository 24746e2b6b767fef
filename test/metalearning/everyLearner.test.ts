import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { checkData } from '../../core/data/checks/index.ts'
import { Roles } from '../../core/data/roles.ts'
import { shortClasses } from '../../core/data/shortClasses.ts'
import type { Table } from '../../core/data/table.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { UserError } from '../../core/errors.ts'
import { cannot, expand, summaryOf } from '../../core/expand.ts'
import { Evaluation, ExperimentSpec } from '../../core/experiment.ts'
import type { Method, Model } from '../../core/method.ts'
import { methods, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { fold, train } from '../../core/run.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { whole } from '../methods/fitted.ts'
import { sites } from '../methods/toys.ts'

/**
 * Odd tasks, for every method that learns to learn and every baseline that stands beside it, as the registry has them:
 * each ends in a UserError, or in finite figures with a warning; the lines below say in which. A new method must take
 * its place in `FAR`.
 */
const LEARNERS = methods.filter((m) => m.family === 'metalearning' || m.beside?.includes('metalearning'))
/** Those that learn something of many tasks before they learn one. */
const learnsToLearn = (m: Method) => m.family === 'metalearning' && m.can.resume

/**
 * What becomes of a task whose inputs are 10^30 times as large as those learned from:
 *   plain    finite figures: no steps (or batch norm brings them back), and nothing runs away
 *   slowed   steps run away: the task keeps the start, which the warning `slowed-kept` says
 *   error    the UserError of this code
 */
const FAR: Record<string, 'plain' | 'slowed' | { error: string }> = {
  mean: 'plain',
  ridge: 'plain',
  logistic: 'plain',
  'pooled-ridge': 'plain',
  knn: 'plain',
  'hierarchical-linear': 'plain',
  'pooled-mlp': 'plain',
  'class-means': 'plain',
  'from-scratch': 'slowed',
  'pretrain-finetune': 'slowed',
  'pretrain-head': 'slowed',
  maml: 'slowed',
  'first-order-maml': 'slowed',
  'maml-plus-plus': 'slowed',
  anil: 'slowed',
  'meta-sgd': 'slowed',
  reptile: 'slowed',
  'implicit-maml': 'slowed',
  cavia: 'slowed',
  'learned-optimizer': 'slowed',
  'ridge-head': { error: 'adaptation-diverged' },
  alpaca: { error: 'adaptation-diverged' },
  'conditional-neural-process': { error: 'adaptation-diverged' },
  prototypical: { error: 'classes.not-finite' },
  'maml-classes': 'plain',
}

let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

const siteOf = (row: number) => row % 8
const toyOf = (m: Method) => sites(m.can.kinds.includes('regression') ? 'number' : 'two')

/** What of these a method knows. */
function known(m: Method, params: Record<string, unknown>): Record<string, unknown> {
  const all = m.params.parse({}) as Record<string, unknown>
  return Object.fromEntries(Object.entries(params).filter(([name]) => name in all))
}

async function fitted(m: Method, view: View, params: Record<string, unknown> = {}): Promise<Model> {
  const episodes = { shots: 5, queries: 5, ways: 2 }
  const context = { train: view, inner: null, rng: rng('odd'), runtime, resume: null, episodes }
  const going = m.fit(context, paramsOf(m, known(m, { iterations: 20, metaBatch: 4, innerSteps: 1, ...params })))
  for (let next = await going.next(); ; next = await going.next()) if (next.done) return next.value
}

const trained = new Map<string, Promise<Model>>()
/** Trained on the eight sites as they are, once. */
function usual(m: Method): Promise<Model> {
  const own = trained.get(m.id) ?? fitted(m, whole(toyOf(m)))
  trained.set(m.id, own)
  return own
}

async function expectFinite(model: Model, view: View): Promise<void> {
  const { values } = (await model.predict(view)).targets[0]
  expect(values.length).toBeGreaterThan(0)
  expect(values.every(Number.isFinite)).toBe(true)
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(() => null, (e: unknown) => e) // prettier-ignore
  expect(error).toBeInstanceOf(UserError)
  return (error as UserError).json.code
}

type Columns = TaskSet['table']['columns']
const withColumns = (set: TaskSet, change: (column: Columns[number], c: number) => Columns[number]): TaskSet => ({
  ...set,
  table: { ...set.table, columns: set.table.columns.map(change) },
})

/** Site 0 with inputs so many times as large. */
const far = (set: TaskSet, times: number): View =>
  whole(
    withColumns(set, (column, c) =>
      set.features.includes(c) && column.kind === 'number'
        ? { ...column, values: Float64Array.from(column.values, (v, row) => (siteOf(row) === 0 ? times * v : v)) }
        : column,
    ),
  )

/** Rows of a column that are NaN, marked as a reader marks them. */
function holed(set: TaskSet, name: string): View {
  const none = withColumns(set, (column) =>
    column.name === name
      ? {
          ...column,
          values: column.kind === 'number' ? column.values.map(() => NaN) : column.values,
          valid: new Uint8Array(set.table.rows),
        }
      : column,
  )
  const target = set.table.columns[set.targets[0]].name === name
  return whole(target ? { ...none, observed: new Uint8Array(set.observed.length) } : none)
}

it('every learner and every baseline beside it has its line', () => {
  expect(Object.keys(FAR).sort()).toEqual(LEARNERS.map((m) => m.id).sort())
})

describe.each(LEARNERS.map((m) => [m.id, m] as const))('%s', (id, m) => {
  it('one task: an error for who learns from many, finite figures for who learns each alone', async () => {
    const view = whole(toyOf(m))
    const one = { ...view, tasks: view.tasks.slice(0, 1), rows: view.rows.filter((row) => siteOf(row) === 0) }
    if (learnsToLearn(m)) expect(await codeOf(fitted(m, one))).toBe('meta.one-task')
    else await expectFinite(await fitted(m, one), one)
  })

  it('tasks that are identical: finite figures, and a warning beside the data', async () => {
    const set = withColumns(toyOf(m), (column) =>
      column.name === 'site'
        ? column
        : ({
            ...column,
            values: column.values.map((_, row, all) => all[row - siteOf(row)]),
            valid: column.valid.map((_, row, all) => all[row - siteOf(row)]),
          } as Columns[number]),
    )
    await expectFinite(await fitted(m, whole(set)), whole(set))
    const { findings } = checkData(
      set,
      Roles.parse({ targets: [set.table.columns[set.targets[0]].name], task: 'site' }),
    )
    expect(findings.map(({ code }) => code)).toContain('identical-tasks')
  })

  it('NaN in a support set: a missing input gives finite figures, a set without any label is an error', async () => {
    const set = toyOf(m)
    const model = await usual(m)
    const gaps = holed(set, 'x1')
    await expectFinite(model.adapt ? await model.adapt(gaps) : model, gaps)
    const target = set.table.columns[set.targets[0]].name
    if (model.adapt) expect(await codeOf(model.adapt(holed(set, target)))).toBe('no-measured-cell')
    // Without `adapt` no support set is read; no label to learn from in training is the same error.
    else expect(await codeOf(fitted(m, holed(set, target)))).toBe('no-measured-cell')
  })

  it('an inner loop that diverges in training: an error that names rates, or finite figures', async () => {
    const view = whole(toyOf(m))
    const rates = { innerLr: 10, adaptLr: 1 }
    const going = fitted(m, view, rates)
    const model = await going.catch((error: unknown) => error)
    if (model instanceof UserError)
      expect(model.json).toMatchObject({ code: 'meta-training-diverged', remedy: expect.stringContaining('innerLr') }) // prettier-ignore
    else await expectFinite(model as Model, view)
  })

  it.each([30, 1e6, 1e30])(
    'a support set %s times as far out: steps that run away are slowed and named',
    async (times) => {
      const view = far(toyOf(m), times)
      const model = await usual(m)
      const fate = FAR[id]
      const answered = async () => {
        const ready = model.adapt ? await model.adapt(view) : model
        await expectFinite(ready, view)
        return ready
      }
      if (times === 1e30 && typeof fate === 'object') return expect(await codeOf(answered())).toBe(fate.error)
      const ready = await answered()
      if (fate !== 'slowed') expect(ready.slowed).toBeUndefined()
      else if (times === 1e30) expect(ready.slowed).toEqual([{ task: 'site=S0', factor: 0 }])
      else for (const { task, factor } of ready.slowed ?? []) expect([task, factor < 1]).toEqual(['site=S0', true])
    },
  )

  it('too few classes, and classes with too few rows: an error; some short classes: finite figures and a warning', async () => {
    const enough = setOf(24, 4)
    const no = cannot(m, summaryOf(enough, fewShot), fewShot)
    // Who tells no classes apart is refused before anything else is looked at.
    if (no) return expect(no.json.code).toBe('method-cannot')
    expect(await endOf(m, setOf(6, 4))).toMatchObject({ status: 'failed', error: { code: 'episodes.too-few-classes' } })
    expect(await endOf(m, setOf(24, 3))).toMatchObject({ status: 'failed', error: { code: 'episodes.small-classes' } })
    const some = setOf(24, 4, 2)
    expect(shortClasses(some, fewShot).map(({ code }) => code)).toEqual(['short-classes'])
    const run = await endOf(m, some)
    expect(run).toMatchObject({ status: 'done', error: null })
    expect(Object.values(run.metrics.accuracy.perTask).every((value) => Number.isFinite(value))).toBe(true)
  })
})

const fewShot = Evaluation.parse({ protocol: 'few-shot', ways: 3, shots: 2, queries: 2, episodes: 4 })

/** Classes of so many rows, which differ in two numbers; the first has `first` of them. */
function setOf(classes: number, each: number, first = each): TaskSet {
  const random = rng('classes')
  const code = Array.from({ length: classes * each }, (_, row) => Math.floor(row / each))
  const kept = code.map((c, row) => Number(c > 0 || row < first))
  const valid = new Uint8Array(code.length).fill(1)
  const near = (c: number) => c + 0.2 * random.normal()
  const table: Table = {
    hash: `classes ${classes} ${each} ${first}`,
    rows: code.length,
    columns: [
      { name: 'a', kind: 'number', values: Float64Array.from(code, (c) => near(c % 5)), valid },
      { name: 'b', kind: 'number', values: Float64Array.from(code, (c) => near(Math.floor(c / 5))), valid },
      {
        name: 'letter',
        kind: 'category',
        levels: Array.from({ length: classes }, (_, c) => `L${c}`),
        values: Int32Array.from(code),
        valid: Uint8Array.from(kept),
      },
    ],
  }
  return buildTaskSet(table, Roles.parse({ targets: ['letter'] }))
}

async function endOf(m: Method, set: TaskSet) {
  const spec = ExperimentSpec.parse({
    data: { hash: 'toy' },
    methods: [{ id: m.id, params: known(m, { iterations: 20, metaBatch: 4, innerSteps: 1, hidden: [8] }) }],
    evaluation: fewShot,
    metrics: ['accuracy'],
    twins: false,
  })
  const trial = expand(spec, set).find(({ method }) => method.id === m.id)!
  const events = []
  for await (const { event } of train(trial, set, runtime)) events.push(event)
  return fold(events)
}
