import type { EpisodeBatch, TaskGenerator } from '../data/generator.ts'
import type { Tensor } from '../engine/index.ts'
import { programOf } from '../engine/programCache.ts'
import { UserError } from '../errors.ts'
import type { FitContext, FitEvent } from '../method.ts'
import { asFloat32 } from '../nn/trainer.ts'
import type { Plan } from '../nn/plan.ts'
import { readState, scalar, startingAt, vector, writeState } from './adamState.ts'
import { metaProgram, metaSize } from './programs.ts'
import type { Rng } from '../rng.ts'
import type { Strategy } from './strategy.ts'

/** The outer loop: how often, how fast, on how many tasks at once. */
export type Schedule = { innerLr: number; outerLr: number; metaBatch: number; iterations: number }

/** Meta-iterations in one call of the runtime. */
const CHUNK = 50
const DEFAULT = { shots: 5, queries: 15 }

/**
 * Meta-training: chunks of meta-iterations, each one call of the runtime on tasks drawn from (rng, iteration), so that
 * a resumed training goes on exactly as it would have. A checkpoint holds the meta-parameters and Adam's state.
 */
export async function* metaTrain(
  plan: Plan,
  source: TaskGenerator,
  strategy: Strategy,
  schedule: Schedule | null,
  { rng: random, runtime, resume, episodes: asked }: FitContext,
): AsyncGenerator<FitEvent, Float32Array> {
  let state = resume
    ? readState(resume, metaSize(plan, strategy))
    : startingAt(strategy.first(plan, random.split('first')))
  const { outer } = strategy
  if (!outer || !schedule) return state.theta
  const { shots, queries } = asked ?? DEFAULT
  const { metaBatch, iterations } = schedule
  const every = CHUNK * Math.max(5, Math.ceil(iterations / CHUNK / 10))
  const few = shots <= lastInputs(plan)
  const draw = (key: string, tasks: number) =>
    outer.queries
      ? rowsTogether(source, random.split(key), tasks, outer.queries, shots + queries)
      : source.sample(random.split(key), tasks, shots, queries)
  while (state.step < iterations) {
    const steps = Math.min(CHUNK, iterations - state.step)
    const batch = draw(`tasks/${state.step}`, steps * metaBatch)
    const uneven = batch.supportWeight !== undefined
    const session = await runtime.load(
      programOf(['meta', shape(plan), strategy.key, uneven, few], () => metaProgram(plan, strategy, { uneven, few })),
    )
    const out = await session.run({
      theta: vector(state.theta),
      m: vector(state.m),
      v: vector(state.v),
      t: scalar(state.step),
      of: scalar(iterations),
      lr: scalar(schedule.outerLr),
      innerLr: scalar(schedule.innerLr),
      ...episodeFeeds(batch, steps),
    })
    const loss = (out.loss.data as Float32Array).reduce((sum, value) => sum + value, 0) / steps
    const step = state.step + steps
    state = { step, theta: asFloat32(out.theta1.data), m: asFloat32(out.m1.data), v: asFloat32(out.v1.data) }
    if (!Number.isFinite(loss) || !state.theta.every(Number.isFinite)) throw diverged(schedule, step)
    yield { type: 'metric', name: 'loss', split: 'train', task: null, step, value: loss }
    yield { type: 'progress', done: step, of: iterations }
    if (step % every === 0 && step < iterations) yield { type: 'checkpoint', step, bytes: writeState(state) }
  }
  return state.theta
}

/**
 * Just so many rows of each task, all as queries. Where a task tells classes apart: one row of each class in turn, and
 * those that an episode has of it (`most`) again and again where they are too few.
 */
function rowsTogether(source: TaskGenerator, random: Rng, tasks: number, rows: number, most: number): EpisodeBatch {
  if (!source.classes) return source.sample(random, tasks, 0, rows)
  const ways = source.classes.length
  const each = Math.min(most, Math.ceil(rows / ways))
  const drawn = source.sample(random, tasks, 0, each)
  const { features: width } = drawn
  const [queryX, queryY] = [new Float32Array(tasks * rows * width), new Float32Array(tasks * rows)]
  for (let to = 0; to < tasks * rows; to++) {
    const [task, i] = [Math.floor(to / rows), to % rows]
    const from = (task * ways + (i % ways)) * each + (Math.floor(i / ways) % each)
    queryX.set(drawn.queryX.subarray(from * width, (from + 1) * width), to * width)
    queryY[to] = drawn.queryY[from]
  }
  return { ...drawn, queries: rows, queryX, queryY }
}

function episodeFeeds(batch: EpisodeBatch, steps: number): Record<string, Tensor> {
  const { shots, queries, features } = batch
  const tasks = batch.tasks / steps
  const feeds: Record<string, Tensor> = {
    supportX: { shape: [steps, tasks, shots, features], data: batch.supportX },
    supportY: { shape: [steps, tasks, shots, 1], data: batch.supportY },
    queryX: { shape: [steps, tasks, queries, features], data: batch.queryX },
    queryY: { shape: [steps, tasks, queries, 1], data: batch.queryY },
  }
  if (batch.supportWeight) {
    const even = new Float32Array(batch.tasks * queries).fill(1 / queries)
    feeds.supportWeight = { shape: [steps, tasks, shots, 1], data: batch.supportWeight }
    feeds.queryWeight = { shape: [steps, tasks, queries, 1], data: batch.queryWeight ?? even }
  }
  return feeds
}

/** A small step stays finite where a large one does not: the message names the rates. */
function diverged({ innerLr, outerLr }: Schedule, step: number): UserError {
  return new UserError({
    code: 'meta-training-diverged',
    who: innerLr > 0 ? 'innerLr or outerLr' : 'outerLr',
    rule: 'must be small enough that meta-training stays within finite numbers.',
    got: `${innerLr > 0 ? `innerLr ${innerLr} and outerLr ${outerLr}` : outerLr}, no longer finite by iteration ${step}`,
    remedy: innerLr > 0 ? `Try innerLr ${innerLr / 10}.` : `Try ${outerLr / 10}.`,
  })
}

/** Inputs of the last layer, its bias among them. */
export const lastInputs = (plan: Plan): number => (plan.hidden.at(-1) ?? plan.inputs.length) + 1

export const shape = ({ inputs, hidden, activation, columns }: Plan): unknown[] => [
  inputs.length,
  hidden,
  activation,
  columns.map(({ kind, width }) => [kind, width]),
]
