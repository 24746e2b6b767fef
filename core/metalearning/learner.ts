import { z } from 'zod'
import { fitEncoder, fitTargetScaler, loadEncoder } from '../data/encoding.ts'
import type { Encoder } from '../data/encoding.ts'
import { episodes } from '../data/episodes.ts'
import type { EpisodeBatch, TaskGenerator } from '../data/generator.ts'
import type { View } from '../data/taskSet.ts'
import type { Program, Tensor } from '../engine/index.ts'
import type { Runtime } from '../engine/runtime.ts'
import { fillIn, frameOf, wholeFold } from '../frame.ts'
import type { Frame } from '../frame.ts'
import type { FitContext, FitEvent, Model } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import { asFloat32 } from '../nn/trainer.ts'
import { initialise } from '../nn/layers.ts'
import { loadPerceptron, perceptronModel } from '../nn/perceptron.ts'
import { columnsByTarget, parameterCount, Plan } from '../nn/plan.ts'
import { linesOf } from '../nn/problem.ts'
import { adaptProgram, metaProgram } from './programs.ts'
import type { Inner } from './programs.ts'

/**
 * What MAML, pre-training with fine-tuning and training from scratch share: a network with one output, a start for it
 * (meta-learned, pre-trained, or random), and `adapt`, which learns tasks from that start.
 */
export type Start = {
  hidden: number[]
  activation: 'relu' | 'tanh'
  /** null: the start stays random. */
  meta: { inner: Inner; innerLr: number; outerLr: number; metaBatch: number; iterations: number } | null
  adapt: Adapt
  /** Predicts tasks never seen from the start itself. */
  newTask: boolean
}
const Adapt = z.object({
  optimizer: z.enum(['sgd', 'adam']),
  rate: z.number().gt(0),
  steps: z.int().min(0),
})
type Adapt = z.infer<typeof Adapt>

/** Meta-iterations in one call of the runtime. */
const CHUNK = 50
const DEFAULT = { shots: 5, queries: 15 }

export async function* fitStart(context: FitContext, start: Start): AsyncGenerator<FitEvent, Model> {
  const view = wholeFold(context)
  const generator = view.set.generator
  const encoder = generator ? asItIs(generator) : fitEncoder(view)
  const frame = frameOf(view, encoder)
  // A generator's numbers are taken as they are: published figures are for them.
  const columns = columnsByTarget(frame.outputs, false).map((column) =>
    generator ? { ...column, mean: 0, sd: 1 } : column,
  )
  const plan: Plan = {
    inputs: encoder.names,
    hidden: start.hidden,
    activation: start.activation,
    stacked: false,
    columns,
  }
  const source = generator ?? episodes(view, encoder, start.meta ? scalerOf(plan, view) : undefined)
  const theta = yield* metaTrain(plan, source, start, context)
  const learner: Learner = { plan, theta, encoder, adapt: start.adapt, newTask: start.newTask, known: null }
  const known = await adaptTo(learner, frame, context.runtime)
  return learnerModel({ ...learner, known: known.save() }, context.runtime)
}

function scalerOf(plan: Plan, view: View) {
  const [{ target, mean, sd }] = plan.columns
  const { set } = view
  const own = set.targets.map((c) => set.table.columns[c].name === target)
  const base = fitTargetScaler(view)
  return { mean: base.mean.map((v, t) => (own[t] ? mean : v)), sd: base.sd.map((v, t) => (own[t] ? sd : v)) }
}

const asItIs = ({ features }: TaskGenerator): Encoder =>
  loadEncoder({
    columns: features.map((name) => ({ kind: 'number', name, mean: 0, sd: 1, indicator: false })),
    task: null,
  })

async function* metaTrain(
  plan: Plan,
  source: TaskGenerator,
  { meta }: Start,
  { rng: random, runtime, resume, episodes: asked }: FitContext,
): AsyncGenerator<FitEvent, Float32Array> {
  let state = resume ? readState(resume, plan) : firstState(initialise(plan, random.split('first')))
  if (!meta) return state.theta
  const { shots, queries } = asked ?? DEFAULT
  const session = await runtime.load(
    programOf(JSON.stringify(['meta', shape(plan), meta.inner]), () => metaProgram(plan, meta.inner)),
  )
  const every = CHUNK * Math.max(5, Math.ceil(meta.iterations / CHUNK / 10))
  while (state.step < meta.iterations) {
    const steps = Math.min(CHUNK, meta.iterations - state.step)
    const batch = source.sample(random.split(`tasks/${state.step}`), steps * meta.metaBatch, shots, queries)
    const out = await session.run({
      theta: vector(state.theta),
      m: vector(state.m),
      v: vector(state.v),
      t: scalar(state.step),
      lr: scalar(meta.outerLr),
      innerLr: scalar(meta.innerLr),
      ...episodeFeeds(batch, steps),
    })
    const loss = (out.loss.data as Float32Array).reduce((sum, value) => sum + value, 0) / steps
    const step = state.step + steps
    state = { step, theta: asFloat32(out.theta1.data), m: asFloat32(out.m1.data), v: asFloat32(out.v1.data) }
    if (!Number.isFinite(loss)) throw new Error('internal: meta-training left the finite numbers')
    yield { type: 'metric', name: 'loss', split: 'train', task: null, step, value: loss }
    yield { type: 'progress', done: step, of: meta.iterations }
    if (step % every === 0 && step < meta.iterations) yield { type: 'checkpoint', step, bytes: writeState(state) }
  }
  return state.theta
}

function episodeFeeds(batch: EpisodeBatch, steps: number): Record<string, Tensor> {
  const { shots, queries, features } = batch
  const tasks = batch.tasks / steps
  return {
    supportX: { shape: [steps, tasks, shots, features], data: batch.supportX },
    supportY: { shape: [steps, tasks, shots, 1], data: batch.supportY },
    queryX: { shape: [steps, tasks, queries, features], data: batch.queryX },
    queryY: { shape: [steps, tasks, queries, 1], data: batch.queryY },
  }
}

type State = { step: number; theta: Float32Array; m: Float32Array; v: Float32Array }
const firstState = (theta: Float32Array): State => ({
  step: 0,
  theta,
  m: new Float32Array(theta.length),
  v: new Float32Array(theta.length),
})
const writeState = ({ step, theta, m, v }: State) => pack({ step }, { theta, m, v })

function readState(bytes: Uint8Array, plan: Plan): State {
  const packed = unpack(bytes)
  const parsed = z.object({ step: z.int().min(1) }).safeParse(packed.header)
  if (!parsed.success) throw damaged('a checkpoint of another method')
  const [theta, m, v] = ['theta', 'm', 'v'].map((name) => take(packed, name, 'f32', parameterCount(plan)))
  return { ...parsed.data, theta, m, v }
}

/** `known` holds the saved networks of the tasks that were learned from. */
type Learner = {
  plan: Plan
  theta: Float32Array
  encoder: Encoder
  adapt: Adapt
  newTask: boolean
  known: Uint8Array | null
}

/** One network per task of the frame, each learned from the same start: a stacked perceptron. */
async function adaptTo(learner: Learner, frame: Frame, runtime: Runtime): Promise<Model> {
  const { plan, theta, encoder, adapt } = learner
  const [column] = plan.columns
  const stacked: Plan = {
    ...plan,
    stacked: true,
    columns: frame.outputs.map((output) => ({ ...column, tasks: [output.task] })),
  }
  const session = await runtime.load(
    programOf(JSON.stringify(['adapt', shape(plan), adapt.optimizer]), () => adaptProgram(plan, adapt.optimizer)),
  )
  const lines = linesOf(stacked, frame, 'none')
  const tasks = frame.outputs.length
  const shots = Math.max(...frame.outputs.map((output) => output.cells))
  const width = plan.inputs.length
  const x = new Float32Array(tasks * shots * width)
  const y = new Float32Array(tasks * shots)
  const weight = new Float32Array(tasks * shots)
  for (let task = 0; task < tasks; task++) {
    const [from, to] = [lines.starts[task], lines.starts[task + 1]]
    let total = 0
    for (let line = from; line < to; line++) total += lines.weight[line]
    for (let line = from; line < to; line++) {
      const at = task * shots + line - from
      const row = lines.rowOf[line] * width
      x.set(lines.x.subarray(row, row + width), at * width)
      y[at] = lines.y[line]
      weight[at] = lines.weight[line] / total
    }
  }
  const out = await session.run({
    theta: vector(theta),
    x: { shape: [tasks, shots, width], data: x },
    y: { shape: [tasks, shots, 1], data: y },
    weight: { shape: [tasks, shots, 1], data: weight },
    rate: scalar(adapt.rate),
    count: { shape: [], data: Int32Array.of(adapt.steps) },
  })
  const learned = new Float32Array(parameterCount(stacked))
  let at = 0
  for (let k = 0; out[`piece${k}`]; k++) {
    const piece = asFloat32(out[`piece${k}`].data)
    learned.set(piece, at)
    at += piece.length
  }
  return perceptronModel({ plan: stacked, theta: learned, encoder, outputs: frame.outputs }, runtime)
}

function learnerModel(learner: Learner, runtime: Runtime): Model {
  const { plan, theta, encoder, adapt, newTask, known } = learner
  const knownNet = known && loadPerceptron(known)
  const knownModel = knownNet && perceptronModel(knownNet, runtime)
  const first = perceptronModel({ plan, theta, encoder, outputs: knownNet?.outputs ?? [] }, runtime)
  return {
    parameters: theta.length,
    async predict(view) {
      const said = knownModel ? await knownModel.predict(view) : await first.predict(view)
      if (!newTask || !knownModel) return said
      // Tasks without a network of their own get what the start says.
      fillIn(said, await first.predict(view))
      return said
    },
    async adapt(support) {
      const ready = await adaptTo(learner, frameOf(support, encoder), runtime)
      return { ...ready, adapt: async (more) => learnerModel(learner, runtime).adapt!(more) }
    },
    save: () => pack({ plan, encoder: encoder.save(), adapt, newTask }, known ? { theta, known } : { theta }),
    network: () => first.network!(),
    silence: (units) => {
      const after = loadPerceptron(first.silence!(units).save())
      return learnerModel({ ...learner, theta: after.theta, known: null }, runtime)
    },
  }
}

const Saved = z.object({ plan: Plan, encoder: z.unknown(), adapt: Adapt, newTask: z.boolean() })

export function loadLearner(bytes: Uint8Array, runtime: Runtime): Model {
  const packed = unpack(bytes)
  const parsed = Saved.safeParse(packed.header)
  if (!parsed.success) throw damaged('a meta-learned network without its plan')
  const { plan, encoder, adapt, newTask } = parsed.data
  const theta = take(packed, 'theta', 'f32', parameterCount(plan))
  const known = packed.arrays.has('known') ? take(packed, 'known', 'u8') : null
  return learnerModel({ plan, theta, encoder: loadEncoder(encoder), adapt, newTask, known }, runtime)
}

const shape = ({ inputs, hidden, activation, columns }: Plan) => [
  inputs.length,
  hidden,
  activation,
  columns.map(({ kind, width }) => [kind, width]),
]
const vector = (data: Float32Array): Tensor => ({ shape: [data.length], data })
const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })

/** Building a second-order program takes longer than adapting a task. */
const known = new Map<string, Program>()
const MOST_KNOWN = 32

function programOf(key: string, make: () => Program): Program {
  let program = known.get(key)
  if (!program) {
    program = make()
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string)
    known.set(key, program)
  }
  return program
}
