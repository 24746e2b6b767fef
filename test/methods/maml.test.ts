import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generatorTaskSet } from '../../core/data/generators/index.ts'
import { sine } from '../../core/data/generators/sine.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Runtime, Tensor } from '../../core/engine/runtime.ts'
import type { RunEvent } from '../../core/events.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { mamlStrategy } from '../../core/metalearning/maml.ts'
import { metaProgram } from '../../core/metalearning/programs.ts'
import { initialise } from '../../core/nn/layers.ts'
import { parameterCount } from '../../core/nn/plan.ts'
import type { Plan } from '../../core/nn/plan.ts'
import { rng } from '../../core/rng.ts'
import { fold, train } from '../../core/run.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { sites } from './toys.ts'

let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

describe('the gradient of MAML through its inner steps', () => {
  const plan: Plan = {
    inputs: ['x'],
    hidden: [5, 4],
    activation: 'tanh',
    stacked: false,
    columns: [{ target: 'y', kind: 'regression', width: 1, classes: null, tasks: null, mean: 0, sd: 1 }],
  }
  const size = parameterCount(plan)
  const tensor = (shape: number[], data: Float32Array | Float64Array): Tensor => ({ shape, data })

  /** The gradient is read from Adam's first moment after one step: m = 0.1 g. */
  async function gradients(steps: number, firstOrder: boolean) {
    const session = await referenceRuntime().load(
      metaProgram(plan, mamlStrategy(steps, firstOrder), { uneven: false, few: true }),
    )
    const batch = sine.generator!({ noise: 0, phase: 'half-turn', grid: 0 }).sample(rng(1), 4, 5, 6)
    const run = (theta: Float64Array) =>
      session.run({
        theta: tensor([size], theta),
        m: tensor([size], new Float64Array(size)),
        v: tensor([size], new Float64Array(size)),
        t: tensor([], Float64Array.of(0)),
        lr: tensor([], Float64Array.of(0.001)),
        innerLr: tensor([], Float64Array.of(0.05)),
        supportX: tensor([1, 4, 5, 1], batch.supportX),
        supportY: tensor([1, 4, 5, 1], batch.supportY),
        queryX: tensor([1, 4, 6, 1], batch.queryX),
        queryY: tensor([1, 4, 6, 1], batch.queryY),
      })
    const theta = Float64Array.from(initialise(plan, rng(3)))
    const exact = Array.from((await run(theta)).m1.data as Float64Array, (m) => m / 0.1)
    const loss = async (i: number, by: number) => Number((await run(theta.with(i, theta[i] + by))).loss.data[0])
    const h = 1e-5
    const measured: number[] = []
    for (let i = 0; i < size; i++) measured.push(((await loss(i, h)) - (await loss(i, -h))) / (2 * h))
    return Math.max(...exact.map((g, i) => Math.abs(g - measured[i]) / Math.max(1, Math.abs(measured[i]))))
  }

  it('is exact for one and for three inner steps', async () => {
    expect(await gradients(1, false)).toBeLessThan(1e-8)
    expect(await gradients(3, false)).toBeLessThan(1e-8)
  })

  it('is not, where the derivative of the inner steps is left out', async () => {
    expect(await gradients(3, true)).toBeGreaterThan(0.01)
  })
})

async function figures(spec: Record<string, unknown>, set: ReturnType<typeof sites>, metric: string) {
  const out: Record<string, { value: number; tasks: number }> = {}
  for (const trial of expand(ExperimentSpec.parse(spec), set)) {
    if (trial.fold === 'all') continue
    const events: RunEvent[] = []
    for await (const { event } of train(trial, set, runtime)) events.push(event)
    const run = fold(events)
    expect(run.error).toBeNull()
    out[trial.methodKey] = { value: run.metrics[metric].value!, tasks: Object.keys(run.metrics[metric].perTask).length }
  }
  return out
}

it('beats its twins on ten points of a sine wave after a short training', async () => {
  const got = await figures(
    {
      data: { generator: 'sine' },
      methods: [{ id: 'maml', params: { iterations: 2000 } }],
      evaluation: { protocol: 'few-shot', shots: 10, queries: 10, episodes: 200 },
      metrics: ['rmse'],
    },
    generatorTaskSet('sine', {}, rng('sine')),
    'rmse',
  )
  expect(Object.keys(got)).toEqual(
    expect.arrayContaining([
      'mean',
      'ridge',
      'knn',
      'hierarchical-linear',
      'pooled-mlp',
      'from-scratch',
      'pretrain-finetune',
      'pretrain-head',
      'maml',
    ]),
  )
  expect(got.maml.tasks).toBe(200)
  expect(got.maml.value).toBeLessThan(0.8)
  expect(got.maml.value).toBeLessThan(0.95 * got['pretrain-finetune'].value)
  expect(got.maml.value).toBeLessThan(0.85 * got['from-scratch'].value)
})

it('learns whole new sites of a table from a few rows of each', async () => {
  const got = await figures(
    {
      data: { hash: 'toy' },
      methods: [{ id: 'maml', params: { iterations: 500 } }, { id: 'hard-sharing' }],
      evaluation: { protocol: 'few-shot', shots: 5, queries: 20 },
      metrics: ['skill'],
    },
    sites('number', 16, 30),
    'skill',
  )
  expect(got.maml.tasks).toBe(4)
  expect(got.maml.value).toBeGreaterThan(got.mean.value + 0.3)
  expect(got['hard-sharing'].value).toBeGreaterThan(got.mean.value + 0.3)
})
