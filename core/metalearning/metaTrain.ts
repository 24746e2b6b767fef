import type { EpisodeBatch, TaskGenerator } from '../data/generator.ts'
import type { Tensor } from '../engine/index.ts'
import { programOf } from '../engine/programCache.ts'
import { UserError } from '../errors.ts'
import type { FitContext, FitEvent } from '../method.ts'
import type { Plan } from '../nn/plan.ts'
import { readState, scalar, startingAt } from './adamState.ts'
import { outerLoop, stateFeeds } from './outerLoop.ts'
import { metaProgram, metaSize } from './programs.ts'
import type { Rng } from '../rng.ts'
import type { Strategy } from './strategy.ts'

/** The outer loop: how often, how fast, on how many tasks at once. */
export type Schedule = { innerLr: number; outerLr: number; metaBatch: number; iterations: number }

/** Meta-iterations in one call of the runtime. */
const CHUNK = 50
const DEFAULT = { shots: 5, queries: 15 }

/** Meta-training (`outerLoop.ts`) of a strategy on tasks drawn from a source: its meta-parameters in the end. */
export async function* metaTrain(
  plan: Plan,
  source: TaskGenerator,
  strategy: Strategy,
  schedule: Schedule | null,
  { rng: random, runtime, resume, episodes: asked }: FitContext,
): AsyncGenerator<FitEvent, Float32Array> {
  const first = resume
    ? readState(resume, metaSize(plan, strategy))
    : startingAt(strategy.first(plan, random.split('first')))
  const { outer } = strategy
  if (!outer || !schedule) return first.theta
  const { shots, queries } = asked ?? DEFAULT
  const { innerLr, outerLr, metaBatch, iterations } = schedule
  const few = shots <= lastInputs(plan)
  const draw = (key: string, tasks: number) =>
    outer.queries
      ? rowsTogether(source, random.split(key), tasks, outer.queries, shots + queries)
      : source.sample(random.split(key), tasks, shots, queries)
  return yield* outerLoop(first, {
    iterations,
    chunk: CHUNK,
    apart: 5,
    async call(state, steps) {
      const batch = draw(`tasks/${state.step}`, steps * metaBatch)
      const uneven = batch.supportWeight !== undefined
      const session = await runtime.load(
        programOf(['meta', shape(plan), strategy.key, uneven, few], () => metaProgram(plan, strategy, { uneven, few })),
      )
      const rates = { of: scalar(iterations), lr: scalar(outerLr), innerLr: scalar(innerLr) }
      return session.run({ ...stateFeeds(state), ...rates, ...episodeFeeds(batch, steps) })
    },
    diverged: (step) => diverged(schedule, step),
  })
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
