import { z } from 'zod'
import { loadEncoder } from '../../data/encoding.ts'
import type { Encoder } from '../../data/encoding.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { programOf } from '../../engine/programCache.ts'
import { Output, wholeFold } from '../../frame.ts'
import type { Method, Model } from '../../method.ts'
import { diverged } from '../adapt.ts'
import { scalar, vector } from '../adamState.ts'
import { damaged, take, unpack } from '../../pack.ts'
import type { Rng } from '../../rng.ts'
import { perRow } from '../params.ts'
import { bodyWidth, firstBody } from './body.ts'
import { classifierSize, mamlAnswerProgram, mamlTrainingProgram } from './mamlProgram.ts'
import type { Classifier } from './mamlProgram.ts'
import { BodyParams, bodyOf, fewShotCan, SavedBody } from './params.ts'
import { encoderFor, packSupport, predictFrom, sourceOf, supportOf, takeSupport } from './support.ts'
import { sharesOf } from './shares.ts'
import type { SupportSet } from './support.ts'
import { trainOnEpisodes } from './training.ts'

/**
 * MAML for classes (Finn, Abbeel and Levine 2017), with the paper's network: layers with batch norm and ReLU, log loss,
 * one exact second-order step in meta-training, and more steps on a new task.
 *
 * `statistics` says what batch norm looks at when query rows are asked: `query`, the other query rows of the task, as
 * in the paper (transductive: the answer for one row leans on the rows asked with it); or `support`, the labelled rows
 * alone, so that each row is answered for itself.
 */
const Params = z.strictObject({
  ...BodyParams,
  iterations: z.int().min(1).max(1_000_000).default(2000).describe('Steps of the outer loop.'),
  metaBatch: z.int().min(1).max(1024).default(16).describe('Tasks in each step of the outer loop.'),
  outerLr: z.number().gt(0).max(1).default(0.001).describe('Learning rate of the outer loop.'),
  innerLr: z.number().gt(0).max(10).default(0.4).describe('Learning rate of the inner loop.'),
  innerSteps: z.int().min(1).max(10).default(1).describe('Gradient steps on a task in meta-training.'),
  adaptSteps: z.int().min(1).max(20).default(3).describe('Gradient steps on a new task.'),
  firstOrder: z.boolean().default(false).describe('Leaves out the derivative of the inner steps: faster, less exact.'),
  statistics: z
    .enum(['query', 'support'])
    .default('support')
    .describe('Which rows batch norm looks at: all that are asked together (transductive), or the labelled ones.'),
})
type Params = z.infer<typeof Params>
const DEFAULT = { shots: 5, queries: 15 }

export const mamlClasses: Method<Params> = {
  id: 'maml-classes',
  family: 'metalearning',
  name: 'MAML with batch norm',
  about: 'Learns a start from which a few steps tell new classes apart, with the network of the MAML paper.',
  cite: 'Finn, Abbeel and Levine 2017, Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks',
  params: Params,
  twins: ['class-means'],
  ignoresWeights: true,
  can: { ...fewShotCan, resume: true },
  work: (s, p) => p.iterations * p.metaBatch * 20 * perRow(s.features, p.hidden) * (3 + 6 * p.innerSteps) + 1,
  async *fit(context, params) {
    const view = wholeFold(context)
    const encoder = encoderFor(view)
    const support = supportOf(view, encoder)
    const source = sourceOf(view, encoder, support)
    const ways = support[0].output.classes?.length as number
    const classifier = { body: bodyOf(params, source), ways }
    const { shots, queries } = context.episodes ?? DEFAULT
    const rows = source.classes ? ways : 1
    const episode = { tasks: params.metaBatch, shots: shots * rows, queries: queries * rows }
    const inner = {
      steps: params.innerSteps,
      firstOrder: params.firstOrder,
      perQuery: params.statistics === 'support',
    }
    const program = programOf(['maml', classifier, episode, inner], () =>
      mamlTrainingProgram(classifier, episode, inner),
    )
    const { iterations, metaBatch, outerLr, innerLr } = params
    const training = {
      program,
      iterations,
      metaBatch,
      shots,
      queries,
      rates: ['innerLr', 'outerLr'],
      rate: () => outerLr,
      feeds: { innerLr: scalar(innerLr) },
    }
    const first = firstClassifier(classifier, context.rng.split('first'))
    const theta = yield* trainOnEpisodes(first, source, training, context)
    return taught({ classifier, theta, encoder, support, adapt: adaptOf(params) }, context.runtime)
  },
  load(bytes, runtime) {
    const packed = unpack(bytes)
    const parsed = Saved.safeParse(packed.header)
    if (!parsed.success) throw damaged('a meta-learned classifier without its heading')
    const { classifier, adapt, outputs } = parsed.data
    const shares = parsed.data.shares ?? outputs.map(() => 1)
    if (shares.length !== outputs.length) throw damaged('a meta-learned classifier with tasks of unknown rates')
    const encoder = loadEncoder(parsed.data.encoder)
    return model(
      {
        classifier,
        adapt,
        encoder,
        shares,
        theta: take(packed, 'theta', 'f32', classifierSize(classifier)),
        support: takeSupport(packed, outputs, encoder.names.length),
      },
      runtime,
    )
  },
}

const Adapt = z.object({ steps: z.int().min(1).max(20), rate: z.number().gt(0), perQuery: z.boolean() })
const Saved = z.object({
  classifier: z.object({ body: SavedBody, ways: z.int().min(2).max(1000) }),
  adapt: Adapt,
  /** Absent: every task was learned at the usual rate. */
  shares: z.array(z.number().min(0).max(1)).optional(),
  encoder: z.unknown(),
  outputs: z.array(Output),
})
const adaptOf = (p: Params) => ({ steps: p.adaptSteps, rate: p.innerLr, perQuery: p.statistics === 'support' })

type Untaught = {
  classifier: Classifier
  theta: Float32Array
  encoder: Encoder
  support: SupportSet[]
  adapt: z.infer<typeof Adapt>
}
/** `shares`: of the rate, of each task: 1, or less where the usual steps ran away. */
type Parts = Untaught & { shares: number[] }

/** The classifier once it has looked at how fast each task can be learned. */
async function taught(parts: Untaught, runtime: Runtime): Promise<Model> {
  const { classifier, theta, support, adapt } = parts
  return model(
    { ...parts, shares: await sharesOf({ classifier, theta, rate: adapt.rate, steps: adapt.steps }, support, runtime) },
    runtime,
  )
}

function model(parts: Parts, runtime: Runtime): Model {
  const { classifier, theta, encoder, support, adapt, shares } = parts
  const slowed = support.flatMap(({ output: { task } }, k) => (shares[k] < 1 ? [{ task, factor: shares[k] }] : []))
  return {
    parameters: theta.length,
    ...(slowed.length ? { slowed } : {}),
    predict: (view) =>
      predictFrom(support, encoder, view, async ({ which, tasks, shots, queries, supportX, supportY, queryX }) => {
        const inner = { steps: adapt.steps, perQuery: adapt.perQuery }
        const program = programOf(['maml answer', classifier, tasks, shots, queries, inner], () =>
          mamlAnswerProgram(classifier, { tasks, shots, queries }, inner),
        )
        const width = encoder.names.length
        const session = await runtime.load(program)
        const out = await session.run({
          theta: vector(theta),
          rates: vector(Float32Array.from(which, (k) => adapt.rate * shares[k])),
          supportX: { shape: [tasks, shots, width], data: supportX },
          supportY: { shape: [tasks, shots], data: supportY },
          queryX: { shape: [tasks, queries, width], data: queryX },
        })
        const said = out.said.data as Float32Array
        if (!said.every(Number.isFinite)) throw diverged('innerLr', adapt.rate, adapt.steps)
        return said
      }),
    adapt: async (view) => taught({ ...parts, support: supportOf(view, encoder) }, runtime),
    async adaptTrace(view, steps) {
      const shown = supportOf(view, encoder)
      return Promise.all(
        steps.map((count) => taught({ ...parts, support: shown, adapt: { ...adapt, steps: count } }, runtime)),
      )
    },
    save: () => packSupport({ classifier, adapt, shares }, encoder, support, { theta }),
  }
}

/** The last layer starts as small as the others. */
function firstClassifier(classifier: Classifier, random: Rng): Float32Array {
  const theta = new Float32Array(classifierSize(classifier))
  const body = firstBody(classifier.body, random)
  theta.set(body)
  const width = bodyWidth(classifier.body)
  const reach = Math.sqrt(6 / (width + classifier.ways))
  for (let i = 0; i < width * classifier.ways; i++) theta[body.length + i] = reach * (2 * random.uniform() - 1)
  return theta
}
