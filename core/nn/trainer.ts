import type { Balancing } from '../balancers/params.ts'
import type { Runtime, Tensor } from '../engine/runtime.ts'
import { UserError } from '../errors.ts'
import type { FitContext, FitEvent } from '../method.ts'
import { architectureOf, sizeOf } from './architecture.ts'
import { looksOf, openAffinity } from './affinity.ts'
import type { Affinity } from './affinity.ts'
import { openBalanced } from './balanced.ts'
import type { BalancedTraining } from './balanced.ts'
import { batchesOf, slice } from './batches.ts'
import { lineOutputs } from './network.ts'
import type { Plan } from './plan.ts'
import type { Lines } from './problem.ts'
import { trainerOf } from './programs.ts'
import { extraFeeds, extrasOf } from './regularise.ts'
import type { Regularising } from './regularise.ts'
import type { TaskScore } from './scores.ts'
import { scoreTasks } from './scores.ts'
import type { Stack } from './stillTraining.ts'
import { stacks } from './stillTraining.ts'
import { firstState, keepBest, readState, writeState } from './trainerState.ts'
import type { State } from './trainerState.ts'
import { patienceOf } from './work.ts'

/**
 * Mini-batch training with AdamW and early stopping, for shared and stacked networks alike. Each chunk is a whole
 * number of epochs in one call of the runtime; after it the inner rows are scored, the best parameters are kept (of
 * stacked networks each its own), and training ends once `patience` epochs brought nothing better. Of networks side by
 * side each ends for itself (stillTraining.ts); from then on it counts, in the curve of all, with its best score.
 *
 * With a balancer (balanced.ts) the steps of a chunk are taken one by one.
 *
 * A checkpoint holds parameters, Adam's state, what the balancer remembers, the best parameters and the count of epochs; batches are drawn from
 * (rng, epoch), so that a resumed training goes on exactly as it would have.
 */
export type Training = {
  epochs: number
  batchSize: number
  learningRate: number
  weightDecay: number
  /** Epochs without a better inner score before training ends, or steps where these are fewer; 0: never. */
  patience: number
  patienceSteps?: number
} & Partial<Balancing> &
  Partial<Regularising>

/** Chunks hold at least this many steps, so that a call of the runtime costs little beside them. */
const STEPS_PER_CHUNK = 24
/** Points of a learning curve, at most. */
const POINTS = 100
/** Checkpoints of a training: fewer where each is large. */
const CHECKPOINTS = { few: 3, many: 10, large: 250_000 }
/** Curves of single tasks are told up to this many tasks. */
const CURVES = 16

export async function* trainPlan(
  plan: Plan,
  lines: Lines,
  inner: Lines | null,
  training: Training,
  { rng: random, runtime, resume }: Pick<FitContext, 'rng' | 'runtime' | 'resume'>,
  /** What is finished is computed on, as if it were not: tests compare. */
  { waste = false } = {},
): AsyncGenerator<FitEvent, Float32Array> {
  const architecture = architectureOf(plan)
  const { nets } = architecture
  const extras = extrasOf(training)
  const balanced = await openBalanced(plan, training, runtime)
  const affinity = await openAffinity(plan, training, lines, runtime)
  const fixed = dataFeeds(plan, lines)
  const batches = batchesOf(architecture, lines, training.batchSize, balanced ? (balanced.tasks + 2) / 3 : 1)
  const all = training.epochs
  const perChunk = Math.min(all, Math.max(Math.round(STEPS_PER_CHUNK / batches.steps), Math.ceil(all / POINTS)))
  const checkpoints = sizeOf(architecture) > CHECKPOINTS.large ? CHECKPOINTS.few : CHECKPOINTS.many
  const everyChunks = Math.max(5, Math.ceil(all / perChunk / checkpoints))
  const patience = patienceOf(training, batches.steps)
  const stackFor = stacks(architecture, inner)
  const allTraining = new Uint8Array(nets)
  const rates = {
    lr: scalar(training.learningRate),
    decay: scalar(training.weightDecay),
    ...extraFeeds(training, batches.steps, random),
  }
  let state = resume
    ? readState(resume, architecture, balanced, affinity)
    : firstState(architecture.initialise(random.split('first')), nets, balanced, affinity)
  const lookEvery = Math.ceil(all / perChunk / looksOf(tasksOf(plan, lines).length))
  while (state.epoch < training.epochs) {
    const epochs = Math.min(perChunk, training.epochs - state.epoch)
    const steps = epochs * batches.steps
    const stack = stackFor(waste ? allTraining : state.stopped)
    const batch = batches.draw(random.split('batches'), state.epoch, epochs, stack.nets)
    let loss = 0
    if (affinity && (state.epoch / perChunk) % lookEvery === 0) {
      const drawn = random.split(`affinity/${state.epoch}`)
      state = { ...state, seen: await affinity.look(state.seen, state.theta, drawn) }
    }
    // A chunk that would take long is done in several calls, with a yield after each.
    for (let from = 0; from < steps; from += batches.most) {
      const some = slice(batch, from, Math.min(steps, from + batches.most))
      if (balanced) {
        const at = (s: number) => state.epoch + Math.floor((from + s) / batches.steps)
        const { loss: lost, ...next } = await balanced.run(state, fixed, some, rates, at, random.split('balance'))
        loss += lost / steps
        state = { ...state, ...next }
      } else {
        const session = await runtime.load(trainerOf('train', stack.plan, extras))
        const carried = vectors(stack, state)
        const out = await session.run({ ...fixed, ...carried, ...rates, t: scalar(state.step), batch: some })
        loss += (out.loss.data as Float32Array).reduce((sum, value) => sum + value, 0) / steps
        state = {
          ...state,
          theta: stack.putBack(state.theta, asFloat32(out.theta1.data)),
          m: stack.putBack(state.m, asFloat32(out.m1.data)),
          v: stack.putBack(state.v, asFloat32(out.v1.data)),
          step: state.step + some.shape[0],
        }
      }
      if (!Number.isFinite(loss)) throw diverged(training.learningRate)
      const done = state.epoch + (from + some.shape[0]) / batches.steps
      if (from + batches.most < steps) yield { type: 'progress', done, of: training.epochs }
    }
    state.epoch += epochs
    const { epoch, step } = state
    const value = loss / (plan.stacked ? stack.nets.length : 1)
    yield { type: 'metric', name: 'loss', split: 'train', task: null, step, value }
    if (balanced || affinity) yield* balanceEvents(balanced, affinity, tasksOf(plan, lines), step)
    if (inner) {
      const scores = await scoresOf(stack, state, runtime)
      const going = scores.filter(({ column }) => nets === 1 || !state.stopped[column])
      const ended = nets === 1 ? [] : inner.cells.filter(({ column }) => state.stopped[column])
      const all = [...going.map((score) => score.loss), ...ended.map(({ column }) => state.bestLoss[column])]
      keepBest(architecture, state, going, patience)
      yield { type: 'metric', name: 'loss', split: 'inner', task: null, step, value: average(all) }
      if (inner.cells.length > 1 && inner.cells.length <= CURVES)
        for (const { task, loss: value } of going)
          yield { type: 'metric', name: 'loss', split: 'inner', task, step, value }
    }
    const over = inner !== null && state.stopped.every((stop) => stop === 1)
    yield { type: 'progress', done: over ? training.epochs : epoch, of: training.epochs }
    if (over) break
    if ((epoch / perChunk) % everyChunks === 0 && epoch < training.epochs)
      yield { type: 'checkpoint', step, bytes: writeState(state) }
  }
  if (affinity) yield { type: 'trace', step: state.step, bytes: affinity.trace(state.seen, tasksOf(plan, lines)) }
  return inner ? state.best : state.theta
}

/** Over the last chunk: how much each task counted, how many pairs of gradients conflicted, and who agreed with whom. */
function* balanceEvents(
  balanced: BalancedTraining | null,
  affinity: Affinity | null,
  ids: string[],
  step: number,
): Generator<FitEvent> {
  const figure = (name: string, task: string | null, value: number): FitEvent => ({
    type: 'metric',
    name,
    split: 'train',
    task,
    step,
    value,
  })
  const found = (balanced?.conflict ?? affinity?.conflict)?.take()
  if (found) yield figure('conflict', null, found.negative)
  const weights = balanced?.takeWeights() ?? null
  if (ids.length > CURVES) return
  for (const [t, task] of ids.entries()) {
    const cosine = found?.cosine[t]
    if (cosine !== undefined && cosine !== null) yield figure('cosine', task, cosine)
    if (weights) yield figure('taskWeight', task, weights[t])
  }
}

/** The ids of the plan's tasks, column by column, head by head. */
const tasksOf = ({ columns }: Plan, { cells }: Lines): string[] =>
  columns.flatMap(({ tasks }, c) => tasks ?? cells.filter(({ column }) => column === c).map(({ task }) => task))

function dataFeeds(plan: Plan, lines: Lines): Record<string, Tensor> {
  const columns = plan.stacked ? 1 : plan.columns.length
  const feeds: Record<string, Tensor> = {
    x: { shape: [lines.x.length / plan.inputs.length, plan.inputs.length], data: lines.x },
    y: { shape: [lines.lines, columns], data: lines.y },
    weight: { shape: [lines.lines, columns], data: lines.weight },
  }
  if (plan.stacked) feeds.rowOf = { shape: [lines.lines], data: lines.rowOf }
  else feeds.owner = { shape: [lines.lines, columns], data: lines.owner }
  return feeds
}

/** The inner scores of the networks in a stack; columns as the whole counts them. */
async function scoresOf({ plan, nets, inner, cut }: Stack, { theta }: State, runtime: Runtime): Promise<TaskScore[]> {
  const lines = inner as Lines
  const scores = scoreTasks(plan, lines, await lineOutputs({ plan, theta: cut(theta) }, lines, runtime))
  return plan.stacked ? scores.map((score) => ({ ...score, column: nets[score.column] })) : scores
}

const vectors = ({ cut }: Stack, { theta, m, v }: State): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries({ theta, m, v }).map(([name, all]) => {
      const data = cut(all)
      return [name, { shape: [data.length], data }]
    }),
  )
const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })
const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
/** The reference runtime computes in double precision; parameters are kept in single everywhere. */
export const asFloat32 = (data: ArrayLike<number> | BigInt64Array): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>)

function diverged(learningRate: number): Error {
  return new UserError({
    code: 'training-diverged',
    who: 'Training',
    rule: 'must stay within finite numbers.',
    got: 'a loss that is not a number',
    remedy: `Try a learning rate below ${learningRate}, or look for extreme values in the data.`,
  })
}
