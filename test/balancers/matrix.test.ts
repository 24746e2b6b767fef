import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { balancers } from '../../core/balancers/balancers.ts'
import { innerSplit } from '../../core/data/innerSplits.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import type { FitEvent, Method } from '../../core/method.ts'
import { methods, paramsOf } from '../../core/methods.ts'
import { meanOf, score } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import { testOf } from '../../core/testing.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { mixedTargets, sites, split } from '../methods/toys.ts'

/** Every neural multi-task method with every balancer: runs, is finite, repeats, goes on after a checkpoint, learns. */
let runtime: Runtime
beforeAll(async () => void (runtime = (await openRuntime('auto')).runtime))
afterAll(() => runtime.close())

const takes = (m: Method) => 'balancer' in (m.params.parse({}) as object)
/** Neural multi-task methods that take no balancer, and why. */
const EXCEPTIONS: Record<string, string> = {
  'pooled-mlp': 'one head for all tasks of a target: a baseline that must not tell tasks apart',
  'pooled-mlp-intercepts': 'one head for all tasks of a target: a baseline that must not tell tasks apart',
  'single-task-mlp': 'shares nothing: there is nothing to balance',
  'soft-sharing': 'a network for every task, tied by a penalty: no parameter is shared, so no gradients meet',
}

const columns = mixedTargets(['number', 'two', 'three'], 0.1)
const rows = sites('number')

async function fit(m: Method, set: TaskSet, params: Record<string, unknown>, resume: Uint8Array | null = null) {
  const { train, inner } = innerSplit(split(set).train, 0.2, rng('inner'))
  const events: FitEvent[] = []
  const context = { train, inner, rng: rng('fit'), runtime, resume, episodes: null }
  const going = m.fit(context, paramsOf(m, params))
  for (let next = await going.next(); ; next = await going.next()) {
    if (next.done) return { model: next.value, events }
    events.push(next.value)
  }
}

/** Over all tasks: 0 is what the training mean achieves. */
async function skill(model: Awaited<ReturnType<typeof fit>>['model'], set: TaskSet): Promise<number> {
  const { train, test } = split(set)
  const said = await testOf(model, train, null, [{ support: null, query: test }])
  return meanOf([...score(said, METRICS.skill).values()]) as number
}

it('every neural method for several tasks takes a balancer, but for those named here', () => {
  const neural = methods.filter((m) => m.family !== 'metalearning' && 'hidden' in (m.params.parse({}) as object))
  expect(neural.filter((m) => !takes(m)).map((m) => m.id).sort()).toEqual(Object.keys(EXCEPTIONS).sort()) // prettier-ignore
})

/** What takes long with its defaults, in a smaller form. */
const SMALL: Record<string, object> = {
  ple: { levels: 1, expertUnits: 32 },
  'learned-branching': { searches: 1 },
}

const pairs = methods.filter(takes).flatMap((m) => balancers.map((b) => [m.id, b.id, m, b] as const))

describe.each(pairs)('%s with %s', (_, id, m, b) => {
  const short = {
    balancer: id,
    hidden: [12],
    epochs: 40,
    patience: 0,
    learningRate: 0.01,
    weightDecay: 0,
    ...SMALL[m.id],
  }

  it.each([
    ['targets', columns],
    ['sites', rows],
  ] as const)('learns %s, the same each time', async (name, set) => {
    const first = await fit(m, set, short)
    const second = await fit(m, set, short)
    expect(second.events).toEqual(first.events)
    for (const event of first.events) if (event.type === 'metric') expect(Number.isFinite(event.value)).toBe(true)
    expect(await skill(first.model, set), name).toBeGreaterThan(0.1)
    const told = new Set(first.events.flatMap((event) => (event.type === 'metric' ? [event.name] : [])))
    expect(told.has('taskWeight')).toBe(id !== 'equal')
    expect(told.has('conflict')).toBe(b.needs === 'gram' || b.needs === 'gradients')
  })

  it('goes on after a checkpoint exactly as it would have', async () => {
    const whole = await fit(m, rows, short)
    const at = whole.events.findIndex((event) => event.type === 'checkpoint')
    const checkpoint = whole.events[at]
    if (checkpoint.type !== 'checkpoint') throw new Error('no checkpoint')
    const rest = await fit(m, rows, short, checkpoint.bytes)
    expect(rest.events).toEqual(whole.events.slice(at + 1))
    expect(rest.model.save()).toEqual(whole.model.save())
  })
})

it('a watched training goes on after a checkpoint with all that it has seen, whatever the balancer', async () => {
  const m = methods.find(({ id }) => id === 'hard-sharing')!
  for (const balancer of ['equal', 'famo', 'pcgrad']) {
    const params = { hidden: [12], epochs: 40, patience: 0, watchConflict: true, balancer }
    const whole = await fit(m, rows, params)
    const at = whole.events.findIndex((event) => event.type === 'checkpoint')
    const checkpoint = whole.events[at]
    if (checkpoint.type !== 'checkpoint') throw new Error('no checkpoint')
    expect((await fit(m, rows, params, checkpoint.bytes)).events).toEqual(whole.events.slice(at + 1))
  }
})

it('equal weights can be watched, and learn the same to the last bit', async () => {
  const m = methods.find(({ id }) => id === 'hard-sharing')!
  const params = { hidden: [12], epochs: 40, patience: 0 }
  const plain = await fit(m, columns, params)
  const watched = await fit(m, columns, { ...params, watchConflict: true })
  expect(watched.model.save()).toEqual(plain.model.save())
  const added = watched.events.filter((event) => event.type === 'metric' && ['conflict', 'cosine'].includes(event.name))
  expect(watched.events.at(-1)!.type).toBe('trace')
  expect(watched.events.slice(0, -1).filter((event) => !added.includes(event))).toEqual(plain.events)
  const losses = plain.events.filter((event) => event.type === 'metric' && event.split === 'train')
  // Each chunk: one share of pairs, and a mean cosine per task.
  expect(added).toHaveLength(losses.length * (1 + columns.tasks.length))
  for (const event of added)
    if (event.type === 'metric') {
      expect(Math.abs(event.value)).toBeLessThanOrEqual(1 + 1e-9)
      if (event.name === 'conflict') expect(event.value).toBeGreaterThanOrEqual(0)
    }
})
