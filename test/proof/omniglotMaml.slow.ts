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
import { classesOf, mamlSplit, OMNIGLOT, readOmniglot } from './omniglot.ts'

/** MAML on Omniglot, 5-way 1-shot, the paper's network, split and schedule: about a quarter of an hour on one core. */
const CLASSIFIER = { body: { input: [784], kind: 'mlp' as const, layers: [256, 128, 64, 64] }, ways: 5 }
const RATE = scalar(0.4)
const EPISODES = 2000
const has = existsSync(OMNIGLOT)
if (!has) console.log('skipped: ../shared/data/omniglot is not here')

test.skipIf(!has)('MAML, 5-way 1-shot', { timeout: 3_600_000 }, async () => {
  const all = readOmniglot(OMNIGLOT)
  const split = mamlSplit()
  const source = classEpisodes(
    classesOf(all, (c) => split.train.has(c)),
    5,
    true,
  )
  const tested = classEpisodes(
    classesOf(all, (c) => split.test.has(c)),
    5,
  )
  const { runtime } = await openRuntime('native')
  const inner = { steps: 1, firstOrder: false, perQuery: false }
  const program = mamlTrainingProgram(CLASSIFIER, { tasks: 32, shots: 5, queries: 5 }, inner)
  const training = {
    program,
    iterations: 60_000,
    metaBatch: 32,
    shots: 1,
    queries: 1,
    rate: () => 0.001,
    feeds: { innerLr: RATE },
  }
  const going = trainOnEpisodes(first(), source, training, { rng: rng('training'), runtime, resume: null })
  let next = await going.next()
  while (!next.done) next = await going.next()
  const { user, system } = process.cpuUsage()
  const transductive = await accuracy(runtime, next.value, tested, { perQuery: false, queries: 1 })
  const perQuery = await accuracy(runtime, next.value, tested, { perQuery: true, queries: 15 })
  console.log({ seconds: (user + system) / 1e6, transductive, perQuery })
  expect(transductive.mean).toBeGreaterThan(0.889)
  await runtime.close()
})

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
  { perQuery, queries }: { perQuery: boolean; queries: number },
) {
  const inner = { steps: 3, firstOrder: true, perQuery }
  const session = await runtime.load(
    mamlAnswerProgram(CLASSIFIER, { tasks: 20, shots: 5, queries: 5 * queries }, inner),
  )
  const scores: number[] = []
  for (let e = 0; e < EPISODES; e += 20) {
    const batch = tested.sample(rng(`test/${e}`), 20, 1, queries)
    const out = await session.run({
      theta: vector(theta),
      innerLr: RATE,
      supportX: { shape: [20, batch.shots, 784], data: batch.supportX },
      supportY: { shape: [20, batch.shots], data: batch.supportY },
      queryX: { shape: [20, batch.queries, 784], data: batch.queryX },
    })
    const said = out.said.data as Float32Array
    for (let task = 0; task < 20; task++) {
      let right = 0
      for (let q = task * batch.queries; q < (task + 1) * batch.queries; q++) {
        const own = said.subarray(q * 5, q * 5 + 5)
        right += Number(own.indexOf(Math.max(...own)) === batch.queryY[q])
      }
      scores.push(right / batch.queries)
    }
  }
  const mean = scores.reduce((sum, s) => sum + s, 0) / scores.length
  const variance = scores.reduce((sum, s) => sum + (s - mean) ** 2, 0) / (scores.length - 1)
  return { mean, interval: 1.96 * Math.sqrt(variance / scores.length) }
}
