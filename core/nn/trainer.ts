import { z } from 'zod'
import type { State as Memory } from '../balancers/balancer.ts'
import type { Balancing } from '../balancers/params.ts'
import type { Tensor } from '../engine/runtime.ts'
import { UserError } from '../errors.ts'
import type { FitContext, FitEvent } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import type { Rng } from '../rng.ts'
import { architectureOf, sizeOf } from './architecture.ts'
import type { Architecture } from './architecture.ts'
import { openBalanced } from './balanced.ts'
import type { BalancedTraining } from './balanced.ts'
import { lineOutputs } from './network.ts'
import { chosenUnits, elementsOf, outputUnits } from './plan.ts'
import type { Plan } from './plan.ts'
import type { Lines } from './problem.ts'
import { programOf } from './programs.ts'

/**
 * Mini-batch training with AdamW and early stopping, for shared and stacked networks alike. Each chunk is a whole
 * number of epochs in one call of the runtime; after it the inner rows are scored, the best parameters are kept (of
 * stacked networks each its own), and training ends once `patience` epochs brought nothing better.
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
  /** Epochs without a better inner score before training ends; 0: never. */
  patience: number
} & Partial<Balancing>

/** Chunks hold at least this many steps, so that a call of the runtime costs little beside them. */
const STEPS_PER_CHUNK = 24
/** Multiply-adds in one call of the runtime: about half a second. */
const WORK_PER_CALL = 2e9
/** Points of a learning curve, at most. */
const POINTS = 100
/** Checkpoints of a training: fewer where each is large. */
const CHECKPOINTS = { few: 3, many: 10, large: 250_000 }
/** Curves of single tasks are told up to this many tasks. */
const CURVES = 16
const START = { epoch: 0, step: 0 }

export async function* trainPlan(
  plan: Plan,
  lines: Lines,
  inner: Lines | null,
  training: Training,
  { rng: random, runtime, resume }: Pick<FitContext, 'rng' | 'runtime' | 'resume'>,
): AsyncGenerator<FitEvent, Float32Array> {
  const architecture = architectureOf(plan)
  const { nets } = architecture
  const session = await runtime.load(programOf('train', plan))
  const balanced = await openBalanced(plan, training, runtime)
  const fixed = dataFeeds(plan, lines)
  const batches = batchesOf(architecture, lines, training.batchSize, balanced?.steers ? (balanced.tasks + 2) / 3 : 1)
  const all = training.epochs
  const perChunk = Math.min(all, Math.max(Math.round(STEPS_PER_CHUNK / batches.steps), Math.ceil(all / POINTS)))
  const checkpoints = sizeOf(architecture) > CHECKPOINTS.large ? CHECKPOINTS.few : CHECKPOINTS.many
  const everyChunks = Math.max(5, Math.ceil(all / perChunk / checkpoints))
  let state = resume
    ? readState(resume, architecture, balanced)
    : firstState(architecture.initialise(random.split('first')), nets, balanced)
  while (state.epoch < training.epochs) {
    const epochs = Math.min(perChunk, training.epochs - state.epoch)
    const steps = epochs * batches.steps
    const batch = batches.draw(random.split('batches'), state.epoch, epochs)
    let loss = 0
    // A chunk that would take long is done in several calls, with a yield after each.
    for (let from = 0; from < steps; from += batches.most) {
      const some = slice(batch, from, Math.min(steps, from + batches.most))
      const rates = { lr: scalar(training.learningRate), decay: scalar(training.weightDecay) }
      if (balanced && !balanced.steers && from === 0) await balanced.watch(state.theta, fixed, some)
      if (balanced?.steers) {
        const at = (s: number) => state.epoch + Math.floor((from + s) / batches.steps)
        const { loss: lost, ...next } = await balanced.run(state, fixed, some, rates, at, random.split('balance'))
        loss += lost / steps
        state = { ...state, ...next }
      } else {
        const out = await session.run({ ...fixed, ...vectors(state), ...rates, t: scalar(state.step), batch: some })
        loss += (out.loss.data as Float32Array).reduce((sum, value) => sum + value, 0) / steps
        state = {
          ...state,
          theta: asFloat32(out.theta1.data),
          m: asFloat32(out.m1.data),
          v: asFloat32(out.v1.data),
          step: state.step + some.shape[0],
        }
      }
      if (!Number.isFinite(loss)) throw diverged(training.learningRate)
      const done = state.epoch + (from + some.shape[0]) / batches.steps
      if (from + batches.most < steps) yield { type: 'progress', done, of: training.epochs }
    }
    state.epoch += epochs
    const { epoch, step } = state
    yield { type: 'metric', name: 'loss', split: 'train', task: null, step, value: loss / (plan.stacked ? nets : 1) }
    if (balanced) yield* balanceEvents(balanced, lines, step)
    if (inner) {
      const scores = scoreTasks(plan, inner, await lineOutputs({ plan, theta: state.theta }, inner, runtime))
      keepBest(architecture, state, scores, training.patience)
      yield {
        type: 'metric',
        name: 'loss',
        split: 'inner',
        task: null,
        step,
        value: average(scores.map((s) => s.loss)),
      }
      if (scores.length > 1 && scores.length <= CURVES)
        for (const { task, loss: value } of scores)
          yield { type: 'metric', name: 'loss', split: 'inner', task, step, value }
    }
    const over = inner !== null && state.stopped.every((stop) => stop === 1)
    yield { type: 'progress', done: over ? training.epochs : epoch, of: training.epochs }
    if (over) break
    if ((epoch / perChunk) % everyChunks === 0 && epoch < training.epochs)
      yield { type: 'checkpoint', step, bytes: writeState(state) }
  }
  return inner ? state.best : state.theta
}

type State = typeof START & {
  theta: Float32Array
  m: Float32Array
  v: Float32Array
  best: Float32Array
  /** [net] inner score of `best`, its epoch, and whether that network is finished. */
  bestLoss: Float64Array
  bestEpoch: Float64Array
  stopped: Uint8Array
  memory: Memory
}

const firstState = (theta: Float32Array, nets: number, balanced: BalancedTraining | null): State => ({
  ...START,
  theta,
  m: new Float32Array(theta.length),
  v: new Float32Array(theta.length),
  best: theta,
  bestLoss: new Float64Array(nets).fill(Infinity),
  bestEpoch: new Float64Array(nets),
  stopped: new Uint8Array(nets),
  memory: balanced?.first() ?? {},
})

const SavedState = z.object({ epoch: z.int().min(1), step: z.int().min(1) })

function writeState({ epoch, step, memory, ...arrays }: State): Uint8Array {
  const kept = Object.entries(memory).map(([name, values]) => [`balancer.${name}`, values])
  return pack({ epoch, step }, { ...arrays, ...Object.fromEntries(kept) })
}

function readState(bytes: Uint8Array, architecture: Architecture, balanced: BalancedTraining | null): State {
  const packed = unpack(bytes)
  const parsed = SavedState.safeParse(packed.header)
  if (!parsed.success) throw damaged('a checkpoint of another method')
  const size = sizeOf(architecture)
  const { nets } = architecture
  return {
    ...parsed.data,
    theta: take(packed, 'theta', 'f32', size),
    m: take(packed, 'm', 'f32', size),
    v: take(packed, 'v', 'f32', size),
    best: take(packed, 'best', 'f32', size),
    bestLoss: take(packed, 'bestLoss', 'f64', nets),
    bestEpoch: take(packed, 'bestEpoch', 'f64', nets),
    stopped: take(packed, 'stopped', 'u8', nets),
    memory: Object.fromEntries(
      (balanced?.memory ?? []).map(([name, length]) => [name, take(packed, `balancer.${name}`, 'f64', length)]),
    ),
  }
}

/** Over the last chunk: how much each task counted, how many pairs of gradients conflicted, and who agreed with whom. */
function* balanceEvents(balanced: BalancedTraining, lines: Lines, step: number): Generator<FitEvent> {
  const figure = (name: string, task: string | null, value: number): FitEvent => ({
    type: 'metric',
    name,
    split: 'train',
    task,
    step,
    value,
  })
  const found = balanced.conflict?.take()
  if (found) yield figure('conflict', null, found.negative)
  const weights = balanced.takeWeights()
  const ids = tasksOf(balanced.plan, lines)
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

/** Takes over the parameters of every network whose inner score is the best so far; ends those out of patience. */
function keepBest({ nets, blocks }: Architecture, state: State, scores: TaskScore[], patience: number): void {
  const better: number[] = []
  for (let g = 0; g < nets; g++) {
    if (state.stopped[g]) continue
    const own = nets > 1 ? scores.filter((score) => score.column === g) : scores
    // A network without inner rows has nothing to be judged by: it trains to the end.
    const loss = own.length ? average(own.map((score) => score.loss)) : -state.epoch
    if (loss < state.bestLoss[g]) {
      state.bestLoss[g] = loss
      state.bestEpoch[g] = state.epoch
      better.push(g)
    } else if (patience > 0 && state.epoch - state.bestEpoch[g] >= patience) state.stopped[g] = 1
  }
  if (!better.length) return
  if (nets === 1) {
    state.best = state.theta
    return
  }
  state.best = state.best.slice()
  let at = 0
  for (const { shape } of blocks) {
    const size = elementsOf(shape) / nets
    for (const g of better) state.best.set(state.theta.subarray(at + g * size, at + (g + 1) * size), at + g * size)
    at += size * nets
  }
}

type TaskScore = { task: string; column: number; loss: number }

/** Mean loss of each task's inner cells, in double precision. */
export function scoreTasks(plan: Plan, lines: Lines, out: ArrayLike<number>): TaskScore[] {
  const stride = plan.stacked ? outputUnits(plan) : chosenUnits(plan)
  const width = plan.stacked ? 1 : plan.columns.length
  const unit = (c: number) => (plan.stacked ? 0 : plan.columns.slice(0, c).reduce((sum, col) => sum + col.width, 0))
  return lines.cells.map(({ task, column, lines: own, weight }) => {
    const from = unit(column)
    let sum = 0
    let total = 0
    own.forEach((line, i) => {
      const w = weight ? weight[i] : 1
      const y = lines.y[line * width + (plan.stacked ? 0 : column)]
      sum += w * lossOf(plan.columns[column], out, line * stride + from, y)
      total += w
    })
    return { task, column, loss: total > 0 ? sum / total : 0 }
  })
}

function lossOf({ kind, width }: Plan['columns'][number], out: ArrayLike<number>, at: number, y: number): number {
  const value = out[at]
  if (kind === 'regression') return (value - y) ** 2
  if (kind === 'binary') return Math.max(value, 0) - value * y + Math.log1p(Math.exp(-Math.abs(value)))
  let largest = -Infinity
  for (let k = 0; k < width; k++) largest = Math.max(largest, out[at + k])
  let sum = 0
  for (let k = 0; k < width; k++) sum += Math.exp(out[at + k] - largest)
  return Math.log(sum) + largest - out[at + y]
}

/**
 * Batches of lines, epoch after epoch, each from its own stream: every line once an epoch, the last batch filled up
 * from the front. Stacked networks each go round their own lines, as often as the longest needs. `perStep` is how many
 * times the usual work a step is.
 */
function batchesOf({ plan, nets, perLine }: Architecture, lines: Lines, batchSize: number, perStep: number) {
  const start = (g: number) => (plan.stacked ? lines.starts[g] : 0)
  const count = (g: number) => (plan.stacked ? lines.starts[g + 1] - lines.starts[g] : lines.lines)
  const longest = Math.max(...Array.from({ length: nets }, (_, g) => count(g)))
  const rows = Math.min(batchSize, longest)
  const steps = Math.ceil(longest / rows)
  return {
    steps,
    most: Math.max(1, Math.floor(WORK_PER_CALL / (3 * perStep * rows * nets * perLine))),
    draw(random: Rng, fromEpoch: number, epochs: number): Tensor {
      const data = new Float32Array(epochs * steps * nets * rows)
      for (let e = 0; e < epochs; e++)
        for (let g = 0; g < nets; g++) {
          const order = random.split(`${fromEpoch + e}/${g}`).permutation(count(g))
          for (let s = 0; s < steps; s++)
            for (let j = 0; j < rows; j++)
              data[((e * steps + s) * nets + g) * rows + j] = start(g) + order[(s * rows + j) % order.length]
        }
      return { shape: plan.stacked ? [epochs * steps, nets, rows] : [epochs * steps, rows], data }
    },
  }
}

/** Entries from..to of the first axis. */
function slice({ shape, data }: Tensor, from: number, to: number): Tensor {
  const each = data.length / shape[0]
  return { shape: [to - from, ...shape.slice(1)], data: data.subarray(from * each, to * each) }
}

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

const vectors = ({ theta, m, v }: State): Record<string, Tensor> => ({
  theta: { shape: [theta.length], data: theta },
  m: { shape: [m.length], data: m },
  v: { shape: [v.length], data: v },
})
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
