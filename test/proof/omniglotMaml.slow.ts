import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { classEpisodes } from '../../core/data/classEpisodes.ts'
import type { TaskGenerator } from '../../core/data/generator.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { firstBody } from '../../core/metalearning/classes/body.ts'
import { classifierSize, mamlAnswerProgram, mamlTrainingProgram } from '../../core/metalearning/classes/mamlProgram.ts'
import { scalar, vector } from '../../core/metalearning/adamState.ts'
import { trainOnEpisodes } from '../../core/metalearning/classes/training.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { average, shareRight } from './accuracy.ts'
import { classesOf, mamlSplit, OMNIGLOT, readOmniglot } from './omniglot.ts'

/**
 * MAML on Omniglot, 5 ways, the paper's network, split and schedule. Transductive: query rows are normalised among
 * themselves, in training and in the test, as in the paper; per query: by the labelled rows, in both. One core: about a
 * quarter of an hour with 1 shot, three quarters with 5.
 */
const SETTINGS = [
  { shots: 1, perQuery: false, iterations: 60_000, least: 0.889 },
  { shots: 5, perQuery: false, iterations: 60_000, least: 0.965 },
  { shots: 1, perQuery: true, iterations: 60_000, least: 0.85 },
]
const CLASSIFIER = { body: { input: [784], kind: 'mlp' as const, layers: [256, 128, 64, 64] }, ways: 5 }
const RATE = scalar(0.4)
const EPISODES = 2000
const has = existsSync(OMNIGLOT)
if (!has) console.log('skipped: ../shared/data/omniglot is not here')

test.skipIf(!has).each(SETTINGS)(
  'MAML, 5 ways, $shots shots, per query: $perQuery',
  { timeout: 7_200_000 },
  async ({ shots, perQuery, iterations, least }) => {
    const all = readOmniglot(OMNIGLOT)
    const split = mamlSplit()
    const learned = classesOf(all, (c) => split.train.has(c))
    const tested = classesOf(all, (c) => split.test.has(c))
    const { runtime } = await openRuntime('native')
    const inner = { steps: 1, firstOrder: false, perQuery }
    const before = process.cpuUsage()
    const training = {
      program: mamlTrainingProgram(CLASSIFIER, { tasks: 32, shots: 5 * shots, queries: 5 * shots }, inner),
      iterations,
      metaBatch: 32,
      shots,
      queries: shots,
      rates: ['innerLr', 'outerLr'],
      rate: () => 0.001,
      feeds: { innerLr: RATE },
    }
    const random = { rng: rng('training'), runtime, resume: null }
    const going = trainOnEpisodes(first(), classEpisodes(learned, 5, true), training, random)
    let next = await going.next()
    while (!next.done) next = await going.next()
    const { user, system } = process.cpuUsage(before)
    const ask = (own: { perQuery: boolean; queries: number }) =>
      accuracy(runtime, next.value as Float32Array, classEpisodes(tested, 5), { shots, ...own })
    const [fewQueries, manyQueries, alone] = [
      await ask({ perQuery: false, queries: shots }),
      await ask({ perQuery: false, queries: 15 }),
      await ask({ perQuery: true, queries: 15 }),
    ]
    console.log({ shots, perQuery, seconds: (user + system) / 1e6, fewQueries, manyQueries, alone })
    expect((perQuery ? alone : fewQueries).mean).toBeGreaterThan(least)
    await runtime.close()
  },
)

function first(): Float32Array {
  const theta = new Float32Array(classifierSize(CLASSIFIER))
  const random = rng('first')
  const body = firstBody(CLASSIFIER.body, random)
  theta.set(body)
  for (let i = 0; i < 64 * 5; i++) theta[body.length + i] = Math.sqrt(6 / 69) * (2 * random.uniform() - 1)
  return theta
}

/** Share of right answers after three steps, with its 95 % interval over episodes. */
async function accuracy(
  runtime: Runtime,
  theta: Float32Array,
  tested: TaskGenerator,
  { perQuery, queries, shots }: { perQuery: boolean; queries: number; shots: number },
) {
  const inner = { steps: 3, firstOrder: true, perQuery }
  const episode = { tasks: 20, shots: 5 * shots, queries: 5 * queries }
  const session = await runtime.load(mamlAnswerProgram(CLASSIFIER, episode, inner))
  const scores: number[] = []
  for (let e = 0; e < EPISODES; e += 20) {
    const batch = tested.sample(rng(`test/${e}`), 20, shots, queries)
    const out = await session.run({
      theta: vector(theta),
      innerLr: RATE,
      supportX: { shape: [20, batch.shots, 784], data: batch.supportX },
      supportY: { shape: [20, batch.shots], data: batch.supportY },
      queryX: { shape: [20, batch.queries, 784], data: batch.queryX },
    })
    scores.push(...shareRight(out.said.data as Float32Array, batch, 5))
  }
  return average(scores)
}
