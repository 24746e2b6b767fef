import type { EpisodeBatch, TaskGenerator } from '../../data/generator.ts'
import type { Program, Tensor } from '../../engine/index.ts'
import { UserError } from '../../errors.ts'
import type { FitContext, FitEvent } from '../../method.ts'
import { readState, startingAt, vector } from '../adamState.ts'
import { outerLoop, stateFeeds } from '../outerLoop.ts'

/** Learning from episodes of classes by Adam (`outerLoop.ts`). */
export type Training = {
  program: Program
  iterations: number
  /** Tasks in each step. */
  metaBatch: number
  shots: number
  queries: number
  /** The parameters of the method that hold its learning rates, for what is said where it diverges. */
  rates: readonly string[]
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
  { program, iterations, metaBatch, shots, queries, rates, rate, feeds }: Training,
  { rng: random, runtime, resume }: Pick<FitContext, 'rng' | 'runtime' | 'resume'>,
): AsyncGenerator<FitEvent, Float32Array> {
  const session = await runtime.load(program)
  const rows = metaBatch * (shots + queries) * (source.classes?.length ?? 1) * source.features.length
  const chunk = Math.min(iterations, Math.max(1, Math.min(MOST_STEPS, Math.floor(NUMBERS / rows))))
  return yield* outerLoop(resume ? readState(resume, first.length) : startingAt(first), {
    iterations,
    chunk,
    apart: 3,
    call(state, steps) {
      const batch = source.sample(random.split(`tasks/${state.step}`), steps * metaBatch, shots, queries)
      const lr = Float32Array.from({ length: steps }, (_, i) => rate(state.step + i))
      return session.run({ ...stateFeeds(state), lr: vector(lr), ...feeds, ...episodeFeeds(batch, steps) })
    },
    diverged: () => diverged(rates),
  })
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

function diverged(rates: readonly string[]): UserError {
  return new UserError({
    code: 'meta-training-diverged',
    who: 'Meta-training',
    rule: 'must stay within finite numbers.',
    got: 'a loss that is not a number',
    remedy: `Try a smaller ${rates.join(' or ')}, or look for extreme values in the data.`,
  })
}
