import { z } from 'zod'
import { loadEncoder } from '../../data/encoding.ts'
import type { Encoder } from '../../data/encoding.ts'
import type { TaskGenerator } from '../../data/generator.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { programOf } from '../../engine/programCache.ts'
import { Output, wholeFold } from '../../frame.ts'
import type { FitContext, FitEvent, Method, Model } from '../../method.ts'
import { damaged, take, unpack } from '../../pack.ts'
import { vector } from '../adamState.ts'
import { perRow } from '../params.ts'
import { firstBody } from './body.ts'
import type { Body } from './body.ts'
import { BodyParams, bodyOf, fewShotCan, SavedBody } from './params.ts'
import { bodySize, prototypeAnswer, prototypeTraining, statisticsProgram } from './prototypes.ts'
import { encoderFor, packSupport, predictFrom, sourceOf, supportOf, takeSupport } from './support.ts'
import type { SupportSet } from './support.ts'
import { trainOnEpisodes } from './training.ts'

/** The method of `prototypes.ts`: learns the body from episodes, and keeps the labelled rows of each task. */
const Params = z.strictObject({
  ...BodyParams,
  iterations: z.int().min(1).max(1_000_000).default(2000).describe('Episodes to learn from.'),
  outerLr: z.number().gt(0).max(1).default(0.001).describe('Learning rate of the outer loop.'),
  halveEvery: z.int().min(1).max(1_000_000).default(2000).describe('Episodes after which the learning rate halves.'),
  trainWays: z
    .int()
    .min(2)
    .max(1000)
    .default(20)
    .describe('Classes told apart in an episode of training, where classes are drawn: more make it harder.'),
})
type Params = z.infer<typeof Params>
const DEFAULT = { shots: 5, queries: 15 }
/** Query rows of each class in training, as in the paper. */
const TRAIN_QUERIES = 5
/** Episodes that batch norm's final statistics are averaged over. */
const SETTLE = 20

export const prototypical: Method<Params> = {
  id: 'prototypical',
  family: 'metalearning',
  name: 'Prototypical network',
  about: 'Learns to place rows so that each class gathers around the mean of its few labelled rows.',
  cite: 'Snell, Swersky and Zemel 2017, Prototypical Networks for Few-shot Learning',
  params: Params,
  twins: ['class-means'],
  anyWays: true,
  ignoresWeights: true,
  can: { ...fewShotCan, resume: true },
  work: (s, p) => p.iterations * p.trainWays * 10 * perRow(s.features, p.hidden) * 3 + 1,
  async *fit(context, params) {
    const view = wholeFold(context)
    const encoder = encoderFor(view)
    const support = supportOf(view, encoder)
    const source = trainingSource(sourceOf(view, encoder, support), params.trainWays, context)
    const body = bodyOf(params, source)
    const ways = source.classes?.length ?? (support[0].output.classes as string[]).length
    const theta = yield* learn(body, source, ways, params, context)
    const statistics = await settle(body, theta, source, context)
    return model({ body, theta, statistics, encoder, support }, context.runtime)
  },
  load(bytes, runtime) {
    const packed = unpack(bytes)
    const parsed = Saved.safeParse(packed.header)
    if (!parsed.success) throw damaged('a prototypical network without its heading')
    const { body, outputs } = parsed.data
    const encoder = loadEncoder(parsed.data.encoder)
    return model(
      {
        body,
        encoder,
        theta: take(packed, 'theta', 'f32', bodySize(body)),
        statistics: take(packed, 'statistics', 'f32', 2 * body.layers.reduce((sum, units) => sum + units, 0)),
        support: takeSupport(packed, outputs, encoder.names.length),
      },
      runtime,
    )
  },
}

const Saved = z.object({ body: SavedBody, encoder: z.unknown(), outputs: z.array(Output) })

function trainingSource(source: TaskGenerator, ways: number, context: FitContext): TaskGenerator {
  const { shots, queries } = perClass(source, context)
  return source.withWays?.(ways, shots + queries) ?? source
}

function learn(
  body: Body,
  source: TaskGenerator,
  ways: number,
  { iterations, outerLr, halveEvery }: Params,
  context: FitContext,
): AsyncGenerator<FitEvent, Float32Array> {
  const { shots, queries } = perClass(source, context)
  const rows = source.classes ? ways : 1
  const episode = { tasks: 1, shots: shots * rows, queries: queries * rows, ways }
  const program = programOf(['prototypes', body, episode], () => prototypeTraining(body, episode))
  const rate = (step: number) => outerLr * 0.5 ** Math.floor(step / halveEvery)
  const training = { program, iterations, metaBatch: 1, shots, queries, rates: ['outerLr'], rate }
  return trainOnEpisodes(firstBody(body, context.rng.split('first')), source, training, context)
}

function perClass(source: TaskGenerator, { episodes }: FitContext) {
  const { shots, queries } = episodes ?? DEFAULT
  return { shots, queries: source.classes ? Math.min(queries, TRAIN_QUERIES) : queries }
}

async function settle(body: Body, theta: Float32Array, source: TaskGenerator, context: FitContext) {
  const { shots, queries } = perClass(source, context)
  const total = new Float32Array(2 * body.layers.reduce((sum, units) => sum + units, 0))
  for (let e = 0; e < SETTLE; e++) {
    const batch = source.sample(context.rng.split(`settle/${e}`), 1, shots, queries)
    const x = new Float32Array(batch.supportX.length + batch.queryX.length)
    x.set(batch.supportX)
    x.set(batch.queryX, batch.supportX.length)
    const rows = batch.shots + batch.queries
    const session = await context.runtime.load(
      programOf(['statistics', body, rows], () => statisticsProgram(body, rows)),
    )
    const out = await session.run({ theta: vector(theta), x: { shape: [rows, batch.features], data: x } })
    const own = out.statistics.data as Float32Array
    for (let i = 0; i < total.length; i++) total[i] += own[i] / SETTLE
  }
  return total
}

type Parts = { body: Body; theta: Float32Array; statistics: Float32Array; encoder: Encoder; support: SupportSet[] }

function model(parts: Parts, runtime: Runtime): Model {
  const { body, theta, statistics, encoder, support } = parts
  const width = encoder.names.length
  return {
    parameters: theta.length,
    predict: (view) =>
      predictFrom(support, encoder, view, async ({ supportX, supportY, queryX, ...episode }) => {
        const { tasks, shots, queries } = episode
        const program = programOf(['prototype answer', body, episode], () => prototypeAnswer(body, episode))
        const session = await runtime.load(program)
        const out = await session.run({
          theta: vector(theta),
          statistics: vector(statistics),
          supportX: { shape: [tasks, shots, width], data: supportX },
          supportY: { shape: [tasks, shots], data: supportY },
          queryX: { shape: [tasks, queries, width], data: queryX },
        })
        return out.said.data as Float32Array
      }),
    adapt: async (view) => model({ ...parts, support: supportOf(view, encoder) }, runtime),
    save: () => packSupport({ body }, encoder, support, { theta, statistics }),
  }
}
