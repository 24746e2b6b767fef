import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { innerSplit } from '../../core/data/innerSplits.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { UserError } from '../../core/errors.ts'
import type { Emitted } from '../../core/events.ts'
import { cannot, expand, summaryOf } from '../../core/expand.ts'
import { Evaluation, ExperimentSpec } from '../../core/experiment.ts'
import type { FitEvent, Method, Model } from '../../core/method.ts'
import { method, methods, paramsOf } from '../../core/methods.ts'
import { meanOf, score } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'
import { fold, train } from '../../core/run.ts'
import { readModel, saveModel } from '../../core/saved.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import { testOf } from '../../core/testing.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { mixedTargets, sites, split } from '../methods/toys.ts'

/** One contract for every member of the list: what a method promises, it keeps. */
let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

/** With more rows per input they take fewer steps: many more rows must be there before reading them costs more. */
const FEWER_STEPS = new Set(['trace-norm', 'robust'])

/** Less work where the defaults would take seconds; the defaults themselves run once, below. */
const QUICK: Record<string, Record<string, unknown>> = {
  maml: { iterations: 300 },
  'first-order-maml': { iterations: 300 },
  'maml-plus-plus': { iterations: 300 },
  anil: { iterations: 300 },
  'meta-sgd': { iterations: 300 },
  reptile: { iterations: 300 },
  'implicit-maml': { iterations: 300, metaBatch: 5, hidden: [20] },
  cavia: { iterations: 300 },
  'ridge-head': { iterations: 300 },
  alpaca: { iterations: 300 },
  'conditional-neural-process': { iterations: 1000 },
  'learned-optimizer': { iterations: 300, hidden: [10] },
  'pretrain-finetune': { iterations: 300 },
  'pretrain-head': { iterations: 300 },
  'learned-branching': { searches: 1, epochs: 60 },
  'multi-task-gp': { learnFrom: 100, steps: 15 },
  prototypical: { iterations: 300 },
  'maml-classes': { iterations: 300 },
}
const quick = (m: Method) => paramsOf(m, QUICK[m.id] ?? {})
const usual = Evaluation.parse({})

/** The toy task sets that this method can do. */
function toysFor(m: Method): [string, TaskSet][] {
  const all: [string, TaskSet][] = [
    ['numbers', mixedTargets(['number'])],
    ['classes', mixedTargets(['two', 'three'])],
    ['mixed', mixedTargets(['number', 'two', 'three'])],
    ['sites', sites('number')],
    ['sites, two classes', sites('two')],
    ['sites, three classes', sites('three')],
  ]
  return all.filter(([, set]) => !cannot(m, summaryOf(set), usual))
}

async function fit(m: Method, view: View, params: unknown, resume: Uint8Array | null = null) {
  const { train: rows, inner } = innerSplit(view, 0.2, rng('inner'))
  const events: FitEvent[] = []
  const context = { train: rows, inner, rng: rng('fit'), runtime, resume, episodes: { shots: 5, queries: 10, ways: 2 } }
  const going = m.fit(context, params)
  for (let next = await going.next(); ; next = await going.next()) {
    if (next.done) return { model: next.value, events }
    events.push(next.value)
  }
}

/** Skill over the tasks that the method's kinds cover: 0 is what the training mean achieves. */
async function skill(model: Model, view: View, test: View, kinds: string[]): Promise<number> {
  const said = await testOf(model, view, null, [{ support: null, query: test }])
  const figures = score(said, METRICS.skill)
  const own = said.tasks.filter((task) => kinds.includes(task.kind)).map((task) => figures.get(task.id) ?? null)
  expect(own.every((value) => value !== null)).toBe(true)
  return meanOf(own) as number
}

async function eventsOf(trial: ReturnType<typeof expand>[number], set: TaskSet, resume: Uint8Array | null = null) {
  const emitted: Emitted[] = []
  for await (const event of train(trial, set, runtime, resume)) emitted.push(event)
  return emitted
}

const specFor = (m: Method, params: Record<string, unknown>, evaluation: Record<string, unknown> = {}) =>
  ExperimentSpec.parse({
    data: { hash: 'toy' },
    methods: [{ id: m.id, params }],
    evaluation: { folds: 4, ...evaluation },
    twins: false,
  })

describe.each(methods.map((m) => [m.id, m] as const))('%s', (id, m) => {
  it('says who it is, and every parameter what it does', () => {
    expect(id).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(m.about.length).toBeGreaterThan(20)
    expect(m.cite).toMatch(/\d{4}/)
    const schema = z.toJSONSchema(m.params, { io: 'input' }) as { properties?: Record<string, Record<string, unknown>> }
    for (const [name, p] of Object.entries(schema.properties ?? {})) {
      expect(p.description, name).toEqual(expect.stringMatching(/^.{15,}\.$/))
      expect(p.default, name).toBeDefined()
      const bounded =
        p.enum || p.type === 'boolean' || p.type === 'array' || (p.minimum ?? p.exclusiveMinimum) !== undefined
      expect(bounded, `${name} has no lower bound`).toBeTruthy()
    }
  })

  it('refuses invalid parameters in words that say what to do', () => {
    const unknown = capture(() => paramsOf(m, { nonsense: 1 }))
    expect(unknown.json).toMatchObject({
      code: 'unknown-parameter',
      who: expect.stringContaining(id),
      got: '"nonsense"',
    })
    const schema = z.toJSONSchema(m.params, { io: 'input' }) as { properties?: Record<string, Record<string, unknown>> }
    for (const [name, p] of Object.entries(schema.properties ?? {})) {
      const bad = p.type === 'boolean' ? 'perhaps' : p.type === 'array' ? [-1] : p.enum ? 'other' : -1e12
      const error = capture(() => paramsOf(m, { [name]: bad }))
      expect(error.json.who).toContain(name)
      expect(error.json.who).toContain(id)
      expect(error.json.rule).toMatch(/^must be /)
      expect(error.json.got).toBe(JSON.stringify(bad))
      expect(error.json.remedy).toMatch(/^Try /)
    }
  })

  it('says how much work it is', () => {
    for (const [, set] of toysFor(m)) {
      const summary = summaryOf(set)
      const work = m.work(summary, m.params.parse({}))
      expect(work).toBeGreaterThan(0)
      expect(Number.isFinite(work)).toBe(true)
      const many = FEWER_STEPS.has(id) ? 100_000 : 100
      expect(m.work({ ...summary, rows: many * summary.rows }, m.params.parse({}))).toBeGreaterThanOrEqual(work)
    }
  })

  it('learns every toy it can do better than the mean, with its defaults', async () => {
    const toys = toysFor(m)
    expect(toys.length).toBeGreaterThan(0)
    for (const [name, set] of toys) {
      const { train: rows, test } = split(set)
      const { model, events } = await fit(m, rows, paramsOf(m, name === 'sites' ? {} : (QUICK[id] ?? {})))
      const value = await skill(model, rows, test, m.can.kinds)
      if (id === 'mean') expect(Math.abs(value), name).toBeLessThan(0.1)
      else expect(value, name).toBeGreaterThan(name === 'numbers' ? 0.4 : 0.15)
      expect(model.parameters).toBeGreaterThan(0)
      const progress = events.filter((event) => event.type === 'progress')
      progress.forEach((event, i) => i && expect(event.done).toBeGreaterThan(progress[i - 1].done))
      if (progress.length) expect(progress.at(-1)!.done).toBe(progress.at(-1)!.of)
    }
  })

  it('takes no notice of cells that were not measured', async () => {
    const set =
      m.can.manyTargets && !m.can.needsTaskColumn
        ? mixedTargets(m.can.kinds.includes('regression') ? ['number'] : ['two'])
        : null
    if (!set) return
    const { train: rows, test } = split(set)
    const poisoned: TaskSet = {
      ...set,
      table: {
        ...set.table,
        columns: set.table.columns.map((column, c) => {
          if (!set.targets.includes(c)) return column
          const values = column.values.slice()
          for (let row = 0; row < set.table.rows; row++)
            if (!column.valid[row]) values[row] = column.kind === 'number' ? 1e6 : 1
          return { ...column, values }
        }),
      },
    }
    const one = await fit(m, rows, quick(m))
    const two = await fit(m, { ...rows, set: poisoned }, quick(m))
    expect((await two.model.predict({ ...test, set: poisoned })).targets).toEqual(
      (await one.model.predict(test)).targets,
    )
  })

  it('says the same events for the same seed, and its model predicts the same once saved and loaded', async () => {
    const [, set] = toysFor(m)[0]
    const [trial] = expand(specFor(m, QUICK[id] ?? {}), set)
    const first = await eventsOf(trial, set)
    const second = await eventsOf(JSON.parse(JSON.stringify(trial)), set)
    expect(second.map((e) => e.event)).toEqual(first.map((e) => e.event))
    const run = fold(first.map((e) => e.event))
    expect(run.error).toBeNull()
    expect(run.status).toBe('done')
    expect(Object.values(run.metrics).some((figures) => figures.value !== null)).toBe(true)
    first.forEach(({ event }, i) => expect(event.seq).toBe(i))

    const { test } = split(set)
    const { model } = await fit(m, split(set).train, quick(m))
    const again = m.load(model.save(), runtime)
    expect((await again.predict(test)).targets).toEqual((await model.predict(test)).targets)
    expect(again.parameters).toBe(model.parameters)
    const blob = first.find((e) => e.event.type === 'blob' && e.event.role === 'model')!
    const read = readModel(blob.bytes!, runtime)
    expect(read.about.method.id).toBe(id)
    expect((await read.model.predict(test)).rows).toEqual(test.rows)
    for (const cut of [0, 7, 100, blob.bytes!.length - 9])
      expect(capture(() => readModel(blob.bytes!.slice(0, cut), runtime)).json.code).toBe('damaged-pack')
  })

  it('refuses a damaged model with a UserError, whatever the damage', async () => {
    const [, set] = toysFor(m)[0]
    const [trial] = expand(specFor(m, QUICK[id] ?? {}), set)
    const { model } = await fit(m, split(set).train, quick(m))
    const bytes = saveModel(trial, set, model)
    const random = rng(`damage/${id}`)
    let refused = 0
    for (let k = 0; k < 60; k++) {
      const hurt = bytes.slice()
      for (let n = 0; n < 3; n++) hurt[random.int(Math.min(bytes.length, 6000))] = 32 + random.int(95)
      try {
        readModel(hurt, runtime)
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(20)
  })

  it('keeps the promises of its flags', async () => {
    const { kinds, needsTaskColumn, manyTargets } = m.can
    const [, set] = toysFor(m)[0]
    const summary = summaryOf(set)
    const evaluation = usual
    const none = (['regression', 'binary', 'multiclass'] as const).filter((kind) => !kinds.includes(kind))
    if (none.length) expect(cannot(m, { ...summary, kinds: none }, evaluation)).toBeInstanceOf(UserError)
    const withoutColumn = cannot(m, { ...summary, taskColumn: false, generator: false }, evaluation)
    expect(withoutColumn !== null).toBe(needsTaskColumn)
    expect(cannot(m, { ...summary, targets: 3 }, evaluation) !== null).toBe(!manyTargets)

    const { model } = await fit(m, split(set).train, quick(m))
    expect(model.adapt !== undefined).toBe(m.can.adapt)
    expect(model.onnx !== undefined).toBe(m.can.onnx)
    expect(model.network !== undefined).toBe(m.can.network)
    if (model.onnx) expect(model.onnx().length).toBeGreaterThan(100)
  })

  it('predicts tasks never seen just where it says so, and learns them from a few rows where it can', async () => {
    const set = sites(m.can.kinds.includes('regression') ? 'number' : 'two')
    const tasks = Int32Array.from(set.tasks, (_, k) => k)
    const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
    const siteOf = (row: number) => row % 8
    const seen: View = { set, tasks: tasks.filter((k) => k < 6), rows: rows.filter((row) => siteOf(row) < 6) }
    const fresh: View = { set, tasks: tasks.filter((k) => k >= 6), rows: rows.filter((row) => siteOf(row) >= 6) }
    const { model } = await fit(m, seen, quick(m))
    const values = [...(await model.predict(fresh)).targets[0].values]
    expect(values.every(Number.isFinite)).toBe(m.can.newTask)
    expect(values.every(Number.isNaN)).toBe(!m.can.newTask)
    if (!model.adapt) return
    const support = { ...fresh, rows: fresh.rows.filter((_, i) => i < 32) }
    const query = { ...fresh, rows: fresh.rows.filter((_, i) => i >= 32) }
    const ready = await model.adapt(support)
    const own = await skill(ready, seen, query, m.can.kinds)
    expect(own).toBeGreaterThan(id === 'mean' ? -0.3 : 0.1)
    expect([...(await model.predict(fresh)).targets[0].values]).toEqual(values)
  })

  it('goes on after a checkpoint exactly as it would have', async () => {
    const [, set] = toysFor(m)[0]
    const slow =
      'patience' in (m.params.parse({}) as object) ? { ...QUICK[id], patience: 0, epochs: 200 } : (QUICK[id] ?? {})
    const [trial] = expand(specFor(m, slow), set)
    const whole = await eventsOf(trial, set)
    const checkpoints = whole.filter((e) => e.event.type === 'blob' && e.event.role === 'checkpoint')
    expect(checkpoints.length > 0).toBe(m.can.resume)
    if (!checkpoints.length) return
    const at = checkpoints[Math.floor(checkpoints.length / 2)]
    const rest = await eventsOf(trial, set, at.bytes!)
    expect(rest.map((e) => e.event)).toEqual(whole.slice(at.event.seq + 1).map((e) => e.event))
    const broken = await eventsOf(trial, set, at.bytes!.slice(0, 50))
    expect(broken.at(-1)!.event).toMatchObject({ type: 'end', status: 'failed', error: { code: 'damaged-pack' } })
  })
})

it('names the nearest method where one is unknown', () => {
  expect(capture(() => method('hardsharing')).json).toMatchObject({
    code: 'unknown-method',
    got: '"hardsharing"',
    remedy: 'Did you mean "hard-sharing"?',
  })
})

function capture(action: () => unknown): UserError {
  try {
    action()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
