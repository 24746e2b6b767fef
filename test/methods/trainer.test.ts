import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { innerSplit } from '../../core/data/innerSplits.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import * as e from '../../core/engine/index.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { frameOf } from '../../core/frame.ts'
import type { FitEvent, Model } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { columnsByTask } from '../../core/nn/plan.ts'
import type { Plan } from '../../core/nn/plan.ts'
import { frameLike, linesOf } from '../../core/nn/problem.ts'
import { gradientOf, NO_EXTRAS } from '../../core/nn/regularise.ts'
import { trainPlan } from '../../core/nn/trainer.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { mixedTargets, sites, split } from './toys.ts'

let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

type Fitted = { model: Model; events: FitEvent[] }
async function fit(id: string, params: object, set: TaskSet, resume: Uint8Array | null = null): Promise<Fitted> {
  const m = method(id)
  const { train, inner } = innerSplit(split(set).train, 0.2, rng('inner'))
  const context = { train, inner, rng: rng('fit'), runtime, resume, episodes: null }
  const going = m.fit(context, paramsOf(m, { hidden: [6, 5], epochs: 12, batchSize: 6, patience: 0, ...params }))
  const events: FitEvent[] = []
  for (let next = await going.next(); ; next = await going.next()) {
    if (next.done) return { model: next.value, events }
    events.push(next.value)
  }
}
const said = async ({ model }: Fitted, view: View) => (await model.predict(view)).targets

const EVERYTHING = { dropout: 0.3, clipNorm: 0.5, schedule: 'cosine', riseEpochs: 3 }
const mixed = mixedTargets(['number', 'two', 'three'], 0.1)
const CASES: [string, object, TaskSet][] = [
  ['single-task-mlp', {}, mixed],
  ['soft-sharing', {}, mixed],
  ['pooled-mlp', {}, sites('number')],
  ['hard-sharing', {}, mixed],
  ['hard-sharing', { headHidden: [6] }, mixed],
  ['hard-sharing', { balancer: 'uncertainty' }, mixed],
  ['hard-sharing', { balancer: 'famo' }, mixed],
  ['hard-sharing', { balancer: 'pcgrad' }, mixed],
  ['hard-sharing', { balancer: 'graddrop' }, mixed],
  ['hard-sharing', { watchConflict: true }, mixed],
  ['film', {}, sites('three', 5, 24)],
  ['task-adapters', {}, sites('three', 5, 24)],
  ['cross-stitch', {}, mixed],
  ['mmoe', {}, sites('three', 5, 24)],
  ['ple', { levels: 2 }, mixed],
  ['task-attention', {}, sites('three', 5, 24)],
]

describe.each(CASES)('dropout, clipping and a schedule in %s %o', (id, given, set) => {
  const params = { ...given, ...EVERYTHING }
  const { test } = split(set)

  it('go on after a checkpoint to the bit, and nothing falls out when it predicts', async () => {
    const whole = await fit(id, params, set)
    const checkpoints = whole.events.filter((event) => event.type === 'checkpoint')
    const at = checkpoints[Math.floor(checkpoints.length / 2)]
    const rest = await fit(id, params, set, at.bytes)
    expect(rest.events).toEqual(whole.events.slice(whole.events.indexOf(at) + 1))
    const told = await said(whole, test)
    expect(await said(rest, test)).toEqual(told)
    // Nothing falls out when it predicts.
    expect(await said(whole, test)).toEqual(told)
    expect(await said(await fit(id, { ...params, dropout: 0 }, set), test)).not.toEqual(told)
  })
})

describe.each([
  ['single-task-mlp', {}],
  ['hard-sharing', {}],
  ['hard-sharing', { balancer: 'uncertainty' }],
  ['hard-sharing', { balancer: 'pcgrad' }],
])('clipping and a schedule in %s %o', (id, given) => {
  const { test } = split(mixed)
  const told = async (params: object) => said(await fit(id, { ...given, ...params, epochs: 4 }, mixed), test)

  it('change nothing where they have nothing to do, and something where they have', async () => {
    const plain = await told({})
    // No gradient is that long; the rate starts at once and drops to all of itself.
    expect(await told({ clipNorm: 1e6, schedule: 'step', riseEpochs: 0, dropFactor: 1 })).toEqual(plain)
    expect(await told({ clipNorm: 0.1 })).not.toEqual(plain)
    expect(await told({ schedule: 'cosine' })).not.toEqual(plain)
  })
})

it('a rate that drops to nothing ends the learning there', async () => {
  const set = sites('number')
  // What weights are learned is seen by the model before its best is chosen: no inner rows.
  const weights = async (params: object) => {
    const m = method('pooled-mlp')
    const context = { train: split(set).train, inner: null, rng: rng('fit'), runtime, resume: null, episodes: null }
    const going = m.fit(context, paramsOf(m, { hidden: [8], riseEpochs: 0, ...params }))
    for (let next = await going.next(); ; next = await going.next())
      if (next.done) return next.value.network!().edges.flatMap((edge) => [...edge.weights])
  }
  const apart = (a: number[], b: number[]) => Math.max(...a.map((w, i) => Math.abs(w - b[i])))
  const early = await weights({ epochs: 2 })
  const long = await weights({ epochs: 40 })
  // With a factor of a millionth after two epochs, training is over after two epochs.
  const dropped = await weights({ epochs: 40, schedule: 'step', dropEpochs: 2, dropFactor: 1e-6 })
  expect(apart(dropped, early)).toBeLessThan(1e-5)
  expect(apart(long, early)).toBeGreaterThan(0.02)
  // Along the cosine the last of many steps is next to nothing: its rate is 0.
  const end = await weights({ epochs: 40, schedule: 'cosine' })
  expect(apart(end, long)).toBeGreaterThan(0.001)
  expect(apart(end, await weights({ epochs: 40, schedule: 'cosine', riseEpochs: 40 }))).toBeGreaterThan(0.001)
})

it('of networks side by side, each gradient is shortened by its own length', async () => {
  const shapes = [
    [3, 2, 2],
    [3, 1, 2],
  ]
  const pieces = shapes.map((shape, k) => e.input(`g${k}`, shape))
  const clip = { ...NO_EXTRAS, clip: true }
  const session = await runtime.load(e.compile({ clipped: gradientOf(clip, { nets: 3 }, pieces) }))
  const random = rng('clip')
  const feeds = shapes.map((shape) => {
    const size = shape.reduce((product, n) => product * n, 1)
    return { shape, data: Float32Array.from({ length: size }, (_, i) => (i % 2 ? 3 : 0.1) * random.normal()) }
  })
  // The second network's is short already.
  feeds.forEach(({ data }) => data.subarray(data.length / 3, (2 * data.length) / 3).fill(0.01))
  const clipNorm = { shape: [], data: Float32Array.of(0.5) }
  const { clipped } = await session.run({ g0: feeds[0], g1: feeds[1], clipNorm })
  const own = (data: ArrayLike<number>, g: number) => [
    ...Array.from(data).slice(4 * g, 4 * g + 4),
    ...Array.from(data).slice(12 + 2 * g, 12 + 2 * g + 2),
  ]
  const before = [...feeds[0].data, ...feeds[1].data]
  for (let g = 0; g < 3; g++) {
    const given = own(before, g)
    const factor = Math.min(1, 0.5 / Math.hypot(...given))
    expect(factor === 1).toBe(g === 1)
    own(clipped.data as Float32Array, g).forEach((v, i) => expect(v).toBeCloseTo(given[i] * factor, 6))
  }
})

describe('networks side by side', () => {
  const set = sites('number', 12, 24)
  const frame = frameOf(split(set).train)
  const plan: Plan = {
    inputs: frame.encoder.names,
    hidden: [12, 8],
    activation: 'relu',
    stacked: true,
    columns: columnsByTask(frame.outputs),
  }
  const inner = linesOf(plan, frameLike(frame, split(set).test), 'none')
  const training = { epochs: 200, batchSize: 8, learningRate: 0.01, weightDecay: 0.1, patience: 8 }

  it.each([
    ['native', [{}, { dropout: 0.2, clipNorm: 1 }]],
    ['wasm', [{}]],
  ] as const)('that have stopped are left out, and the others learn the same on %s', async (kind, extras) => {
    const opened = (await openRuntime(kind)).runtime
    const batched: number[] = []
    const spying: Runtime = {
      ...opened,
      load: async (program) => {
        const session = await opened.load(program)
        return {
          ...session,
          run: (feeds) => {
            if (feeds.batch) batched.push(feeds.batch.shape[1])
            return session.run(feeds)
          },
        }
      },
    }
    for (const more of extras) {
      const train = async (waste: boolean, resume: Uint8Array | null = null) => {
        const context = { rng: rng(3), runtime: spying, resume }
        const lines = linesOf(plan, frame, 'none')
        const going = trainPlan(plan, lines, inner, { ...training, ...more }, context, { waste })
        const checkpoints: Uint8Array[] = []
        for (let next = await going.next(); ; next = await going.next()) {
          if (next.done) return { theta: next.value, checkpoints }
          if (next.value.type === 'checkpoint') checkpoints.push(next.value.bytes)
        }
      }
      const whole = await train(true)
      expect(new Set(batched)).toEqual(new Set([12]))
      batched.length = 0
      const lean = await train(false)
      expect(lean.theta).toEqual(whole.theta)
      const sizes = [...new Set(batched)]
      expect(sizes.length).toBeGreaterThan(1)
      expect([12, 8, 6, 4].filter((size) => sizes.includes(size))).toEqual(sizes)
      if (kind === 'native') expect((await train(false, lean.checkpoints.at(-1))).theta).toEqual(whole.theta)
      batched.length = 0
    }
    await opened.close()
  })
})
