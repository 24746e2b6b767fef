import { z } from 'zod'
import { fitEncoder, fitTargetScaler, loadEncoder } from '../data/encoding.ts'
import type { Encoder } from '../data/encoding.ts'
import { episodes } from '../data/episodes.ts'
import type { TaskGenerator } from '../data/generator.ts'
import type { View } from '../data/taskSet.ts'
import type { Runtime } from '../engine/runtime.ts'
import { describeView, fillIn, frameOf, wholeFold } from '../frame.ts'
import type { Frame } from '../frame.ts'
import type { FitContext, FitEvent, Model } from '../method.ts'
import { silenced } from '../nn/lesions.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import { loadPerceptron, perceptronModel } from '../nn/perceptron.ts'
import type { Perceptron } from '../nn/perceptron.ts'
import { columnsByTarget, elementsOf, parameterCount, Plan } from '../nn/plan.ts'
import { adaptedNetworks, startNetwork } from './adapt.ts'
import { innerLoopOf } from './innerLoop.ts'
import { metaTrain } from './metaTrain.ts'
import type { Schedule } from './metaTrain.ts'
import { oneTask } from './oneTask.ts'
import { metaSize } from './programs.ts'
import type { Slowed } from './slowDown.ts'
import { spreadOf } from './spread.ts'
import type { Strategy } from './strategy.ts'

/**
 * What every meta-learner shares: a network with one output, meta-parameters that a strategy learns over many tasks (or
 * leaves as they are), and `adapt`, which learns tasks from few rows. A learned task is a perceptron of its own.
 */
export type Learning = {
  hidden: number[]
  activation: 'relu' | 'tanh'
  strategy: Strategy
  /** null: the first meta-parameters stay. */
  schedule: Schedule | null
  adapt: Pace
  /** Predicts tasks never seen from the start itself. */
  newTask: boolean
  /** The method's parameters: a saved model keeps them, and what it is follows from them. */
  params: unknown
}
/** How a task is learned. `who` names the parameter that holds the rate; `descends`: by gradient steps, which can run away. */
export type Pace = { rate: number; steps: number; who: string; descends: boolean }

export async function* fitLearner(context: FitContext, learning: Learning): AsyncGenerator<FitEvent, Model> {
  const view = wholeFold(context)
  const generator = view.set.generator
  const encoder = generator ? asItIs(generator) : fitEncoder(view)
  const frame = frameOf(view, encoder)
  // A generator's numbers are taken as they are: published figures are for them.
  const columns = columnsByTarget(frame.outputs, false).map((column) =>
    generator ? { ...column, mean: 0, sd: 1 } : column,
  )
  const { hidden, activation, strategy, schedule } = learning
  const plan: Plan = { inputs: encoder.names, hidden, activation, stacked: false, columns }
  if (schedule && !generator && frame.outputs.length < 2) throw oneTask(frame.outputs[0].task)
  const source = generator ?? episodes(view, encoder, schedule ? scalerOf(plan, view) : undefined)
  const theta = yield* metaTrain(plan, source, strategy, schedule, context)
  const start = await startNetwork(plan, strategy, theta, context.runtime)
  const learner: Learner = { plan, theta, start, encoder, known: null, silent: [] }
  return learnerModel(
    await taught(learner, learning, frame, learning.adapt.steps, context.runtime),
    learning,
    context.runtime,
  )
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

type Unit = { layer: string; unit: number }
/** `known` holds the networks of the tasks that were learned, `silent` the units that a lesion took. */
type Learner = {
  plan: Plan
  theta: Float32Array
  /** The network before any task is learned: what the meta-parameters say without rows. */
  start: Float32Array
  encoder: Encoder
  known: { net: Perceptron; extra: Record<string, Float32Array>; slowed: readonly Slowed[] } | null
  silent: Unit[]
}

/** The learner once it has learned the tasks of a frame. */
async function taught(
  learner: Learner,
  learning: Learning,
  frame: Frame,
  steps: number,
  runtime: Runtime,
): Promise<Learner> {
  const { plan, encoder } = learner
  const { stacked, pieces, extra, slowed } = await adaptedNetworks(plan, learning, learner, frame, steps, runtime)
  return {
    ...learner,
    known: { net: { plan: stacked, theta: pieces, encoder, outputs: frame.outputs }, extra, slowed },
  }
}

function learnerModel(learner: Learner, learning: Learning, runtime: Runtime): Model {
  const { plan, theta, start, encoder, known, silent } = learner
  const first = lesioned({ plan, theta: start, encoder, outputs: known?.net.outputs ?? [] }, silent)
  const own = known && perceptronModel(lesioned(known.net, silent), runtime)
  const startModel = perceptronModel(first, runtime)
  const after = async (support: Frame, steps: number) =>
    learnerModel(await taught(learner, learning, support, steps, runtime), learning, runtime)
  return {
    parameters: theta.length,
    ...(known?.slowed.length ? { slowed: known.slowed } : {}),
    async predict(view) {
      if (!own) return startModel.predict(view)
      const said = await own.predict(view)
      // Tasks without a network of their own get what the start says.
      if (learning.newTask) fillIn(said, await startModel.predict(view))
      return said
    },
    adapt: async (support) => after(frameOf(support, encoder), learning.adapt.steps),
    innerLoop: (support, query) =>
      innerLoopOf(plan, learning, theta, start, sharedTasks(support, query, encoder), runtime),
    adaptTrace: (support, steps) => {
      const frame = frameOf(support, encoder)
      return Promise.all(steps.map((count) => after(frame, count)))
    },
    ...(learning.strategy.spread && known && plan.columns[0].kind === 'regression'
      ? { spread: (view: View) => spreadOf(plan, learning.strategy, theta, known, view, runtime) }
      : {}),
    save: () => save(learner, learning, runtime),
    network: () => startModel.network!(),
    ...(own ? { taskNetworks: () => own.network!() } : {}),
    // The networks of the tasks that it has learned.
    onnx: () => (own ?? startModel).onnx!(),
    silence: (units) => learnerModel({ ...learner, silent: [...silent, ...units] }, learning, runtime),
  }
}

/** The frames of the tasks that have a measured cell in both views, in one order. */
function sharedTasks(support: View, query: View, encoder: Encoder): { support: Frame; query: Frame } {
  const measured = (view: View) => new Set(describeView(view).outputs.map((output) => output.task))
  const [given, asked] = [measured(support), measured(query)]
  const both = ({ set, tasks }: View) =>
    tasks.filter((k) => given.has(set.tasks[k].id) && asked.has(set.tasks[k].id)).sort()
  const frame = (view: View) => frameOf({ ...view, tasks: both(view) }, encoder)
  return { support: frame(support), query: frame(query) }
}

/** Units of the start, silenced in it and in every network that was learned from it. */
function lesioned(net: Perceptron, units: Unit[]): Perceptron {
  if (!units.length) return net
  const everywhere = units.flatMap(({ layer, unit }) =>
    net.plan.stacked
      ? net.plan.columns.map((column) => ({ layer: layerOf(layer, column.tasks![0]), unit }))
      : [{ layer, unit }],
  )
  return silenced(net, everywhere)
}

/** The layer of a task's own network that stands where this one stands in the start. */
const layerOf = (layer: string, task: string): string =>
  layer.startsWith('trunk') ? `tower${layer.slice(5)}:${task}` : layer.startsWith('head:') ? `head:${task}` : layer

function save({ plan, theta, start, encoder, known }: Learner, { params }: Learning, runtime: Runtime): Uint8Array {
  const arrays: Record<string, Float32Array | Uint8Array> = { theta, start }
  if (known) {
    arrays.known = perceptronModel(known.net, runtime).save()
    for (const [name, values] of Object.entries(known.extra)) arrays[`extra_${name}`] = values
  }
  return pack({ plan, encoder: encoder.save(), params }, arrays)
}

const Saved = z.object({ plan: Plan, encoder: z.unknown(), params: z.unknown() })

/** The model that `save` wrote. */
export function loadLearner(bytes: Uint8Array, learningOf: (params: unknown) => Learning, runtime: Runtime): Model {
  const packed = unpack(bytes)
  const parsed = Saved.safeParse(packed.header)
  if (!parsed.success) throw damaged('a meta-learned network without its plan')
  const { plan, params } = parsed.data
  const learning = learningOf(params)
  const { strategy } = learning
  const theta = take(packed, 'theta', 'f32', metaSize(plan, strategy))
  const start = take(packed, 'start', 'f32', parameterCount(plan))
  const net = packed.arrays.has('known') ? loadPerceptron(take(packed, 'known', 'u8')) : null
  const extra = Object.entries(strategy.extra?.(plan) ?? {}).map(([name, shape]) => [
    name,
    take(packed, `extra_${name}`, 'f32', elementsOf(shape) * (net?.plan.columns.length ?? 0)),
  ])
  const known = net && { net, extra: Object.fromEntries(extra), slowed: [] }
  const encoder = loadEncoder(parsed.data.encoder)
  return learnerModel({ plan, theta, start, encoder, known, silent: [] }, learning, runtime)
}
