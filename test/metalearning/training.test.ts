import { describe, expect, it } from 'vitest'
import type { TaskGenerator } from '../../core/data/generator.ts'
import { add, compile, input, log, mul, sub, sum } from '../../core/engine/index.ts'
import type { Expr } from '../../core/engine/index.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Program } from '../../core/engine/runtime.ts'
import { trainOnEpisodes } from '../../core/metalearning/classes/training.ts'
import { ownStart } from '../../core/metalearning/descent.ts'
import { metaTrain } from '../../core/metalearning/metaTrain.ts'
import type { Strategy } from '../../core/metalearning/strategy.ts'
import type { FitEvent } from '../../core/method.ts'
import type { Plan } from '../../core/nn/plan.ts'
import { rng } from '../../core/rng.ts'

/** The outer loop by itself: programs that say what they were fed, and gradients that are no numbers. */
const context = { rng: rng('training'), runtime: referenceRuntime(), resume: null }
const source: TaskGenerator = {
  id: 'ones',
  params: {},
  features: ['x'],
  target: 'y',
  sample: (_, tasks, shots, queries) => ({
    tasks,
    shots,
    queries,
    features: 1,
    supportX: new Float32Array(tasks * shots).fill(1),
    supportY: new Float32Array(tasks * shots).fill(1),
    queryX: new Float32Array(tasks * queries).fill(1),
    queryY: new Float32Array(tasks * queries).fill(1),
  }),
}

async function end<T>(going: AsyncGenerator<FitEvent, T>): Promise<T> {
  for (let next = await going.next(); ; next = await going.next()) if (next.done) return next.value
}

describe('learning from episodes', () => {
  const learning = (theta1: (theta: Expr, lr: Expr) => Expr) => {
    const [theta, m, v] = ['theta', 'm', 'v'].map((name) => input(name, [1]))
    const lr = input('lr', ['steps'])
    return compile({ theta1: theta1(theta, lr), m1: mul(m, 1), v1: mul(v, 1), loss: mul(lr, 1) })
  }
  const run = (program: Program) => {
    const rate = (step: number) => 0.5 ** Math.floor(step / 30)
    const training = { program, iterations: 70, metaBatch: 1, shots: 1, queries: 1, rates: ['outerLr'], rate }
    return end(trainOnEpisodes(new Float32Array(1), source, training, context))
  }

  it('gives each step its own learning rate, whatever is computed in one call', async () => {
    const [total] = await run(learning((theta, lr) => add(theta, sum(lr))))
    expect(total).toBeCloseTo(30 + 30 / 2 + 10 / 4, 6)
  })

  it('ends in an error where the parameters are no numbers, though the loss still is one', async () => {
    // Of rates, those that the method has.
    await expect(run(learning((theta) => log(sub(theta, 1))))).rejects.toMatchObject({
      json: {
        code: 'meta-training-diverged',
        remedy: 'Try a smaller outerLr, or look for extreme values in the data.',
      },
    })
  })
})

it('meta-training ends in an error where its last step left no numbers', async () => {
  const plan: Plan = {
    inputs: ['x'],
    hidden: [2],
    activation: 'tanh',
    stacked: false,
    columns: [{ target: 'y', kind: 'regression', width: 1, classes: null, tasks: null, mean: 0, sd: 1 }],
  }
  const strategy: Strategy = {
    ...ownStart,
    key: ['no numbers'],
    outer: {
      optimizer: 'sgd',
      step: ({ meta, query }) => ({
        loss: sum(query.y),
        gradient: meta.map((piece) => log(sub(mul(piece, 0), 1))),
      }),
    },
    adapt: ({ meta }) => ({ pieces: meta }),
  }
  const schedule = { innerLr: 0.1, outerLr: 0.1, metaBatch: 1, iterations: 1 }
  await expect(
    end(metaTrain(plan, source, strategy, schedule, { ...context, train: null as never, inner: null, episodes: null })),
  ).rejects.toMatchObject({ json: { code: 'meta-training-diverged', remedy: 'Try innerLr 0.01.' } })
})
