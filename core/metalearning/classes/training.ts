import type { EpisodeBatch, TaskGenerator } from '../../data/generator.ts'
import type { Program, Tensor } from '../../engine/index.ts'
import { UserError } from '../../errors.ts'
import type { FitContext, FitEvent } from '../../method.ts'
import { asFloat32 } from '../../nn/trainer.ts'
import { readState, scalar, startingAt, vector, writeState } from '../adamState.ts'

/**
 * Learning from episodes by Adam, many in one call of the runtime. A checkpoint holds parameters, Adam's state and the
 * step; episodes are drawn from (rng, step), so that a resumed training goes on exactly as it would have.
 */
export type Training = {
  program: Program
  iterations: number
  /** Tasks in each step. */
  metaBatch: number
  shots: number
  queries: number
  /** Learning rate at a step. */
  rate(step: number): number
  feeds?: Record<string, Tensor>
}

/** Numbers fed in one call, about: 40 MB. */
const NUMBERS = 1e7
const MOST_STEPS = 50

export async function* trainOnEpisodes(
  first: Float32Array,
  source: TaskGenerator,
  { program, iterations, metaBatch, shots, queries, rate, feeds }: Training,
  { rng: random, runtime, resume }: Pick<FitContext, 'rng' | 'runtime' | 'resume'>,
): AsyncGenerator<FitEvent, Float32Array> {
  let state = resume ? readState(resume, first.length) : startingAt(first)
  const session = await runtime.load(program)
  const rows = metaBatch * (shots + queries) * (source.classes?.length ?? 1) * source.features.length
  const chunk = Math.min(iterations, Math.max(1, Math.min(MOST_STEPS, Math.floor(NUMBERS / rows))))
  const every = chunk * Math.max(3, Math.ceil(iterations / chunk / 10))
  while (state.step < iterations) {
    const steps = Math.min(chunk, iterations - state.step)
    const batch = source.sample(random.split(`tasks/${state.step}`), steps * metaBatch, shots, queries)
    const out = await session.run({
      theta: vector(state.theta),
      m: vector(state.m),
      v: vector(state.v),
      t: scalar(state.step),
      lr: vector(Float32Array.from({ length: steps }, (_, i) => rate(state.step + i))),
      ...feeds,
      ...episodeFeeds(batch, steps),
    })
    const loss = (out.loss.data as Float32Array).reduce((sum, value) => sum + value, 0) / steps
    const step = state.step + steps
    state = { step, theta: asFloat32(out.theta1.data), m: asFloat32(out.m1.data), v: asFloat32(out.v1.data) }
    if (!Number.isFinite(loss) || !state.theta.every(Number.isFinite)) throw diverged()
    yield { type: 'metric', name: 'loss', split: 'train', task: null, step, value: loss }
    yield { type: 'progress', done: step, of: iterations }
    if (step % every === 0 && step < iterations) yield { type: 'checkpoint', step, bytes: writeState(state) }
  }
  return state.theta
}

function episodeFeeds(batch: EpisodeBatch, steps: number): Record<string, Tensor> {
  const { shots, queries, features } = batch
  const tasks = batch.tasks / steps
  return {
    supportX: { shape: [steps, tasks, shots, features], data: batch.supportX },
    supportY: { shape: [steps, tasks, shots], data: batch.supportY },
    queryX: { shape: [steps, tasks, queries, features], data: batch.queryX },
    queryY: { shape: [steps, tasks, queries], data: batch.queryY },
  }
}

function diverged(): UserError {
  return new UserError({
    code: 'meta-training-diverged',
    who: 'Meta-training',
    rule: 'must stay within finite numbers.',
    got: 'a loss that is not a number',
    remedy: 'Try smaller learning rates (innerLr, outerLr), or look for extreme values in the data.',
  })
}
