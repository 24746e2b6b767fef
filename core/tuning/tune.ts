import { z } from 'zod'
import type { TaskSet } from '../data/taskSet.ts'
import type { Runtime } from '../engine/runtime.ts'
import { UserError } from '../errors.ts'
import type { Tuned } from '../events.ts'
import type { Trial } from '../experiment.ts'
import type { Method, Model } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import { rng } from '../rng.ts'
import { searchable } from '../search.ts'
import { testOf } from '../testing.ts'
import type { TrialData } from '../trialData.ts'
import { configurationsOf } from './configurations.ts'
import type { Configuration } from './configurations.ts'
import { innerFoldsOf } from './innerData.ts'
import type { InnerFold } from './innerData.ts'
import { foldsOf, rungs } from './schedule.ts'
import { scoresOf, sumsOf } from './score.ts'

/**
 * Looks for the parameters of a method inside one training fold, above the method: whichever it is, the same number of
 * configurations is fitted on the same inner folds and judged by the same figure. The test rows are never seen.
 */
export type TuneEvent =
  | { type: 'progress'; done: number; of: number }
  | { type: 'tried'; configuration: number; params: Configuration; share: number; score: number | null }
  | { type: 'checkpoint'; step: number; bytes: Uint8Array }

export type TuneContext = { trial: Trial; set: TaskSet; data: TrialData; runtime: Runtime; resume: Uint8Array | null }
/** `params`: all of them, as the fit takes them. */
export type Chosen = { params: Configuration; tuned: Tuned }

export async function* tune(m: Method, given: Configuration, context: TuneContext): AsyncGenerator<TuneEvent, Chosen> {
  const { trial, set, data, resume } = context
  const { strategy, configurations: count, parameters } = trial.tune!
  const random = rng(`tune/${trial.seed}/${trial.repeat}/${trial.fold}`)
  const folds = innerFoldsOf(trial, set, data)
  const tried = configurationsOf(m, given, parameters, folds.length ? count : 1, random)
  const only = (params: Configuration) => Object.fromEntries(parameters.map((name) => [name, params[name]]))
  const steps = searchable(m.params).budget
  const rounds = rungs(strategy, tried.length)
  let state = resume ? readState(resume, tried.length, folds.length, set.tasks.length) : fresh(tried.length)
  const of = plannedFits(rounds, folds.length, steps === null)
  // Where little is fitted between two checkpoints, none is worth its writing.
  const every = m.can.resume ? 1 : Math.ceil(tried.length / 4)
  for (; tried.length > 1 && state.rung < rounds.length; state = nextRung(state, rounds)) {
    const { share } = rounds[state.rung]
    const byFolds = steps === null
    const use = byFolds ? foldsOf(share, folds.length) : folds.length
    for (; state.at < state.alive.length; state.at++) {
      const c = state.alive[state.at]
      const params =
        steps !== null && share < 1
          ? { ...tried[c], [steps]: Math.max(1, Math.round(share * (tried[c][steps] as number))) }
          : tried[c]
      // Folds that were paid for already still stand; steps begin anew.
      const before = byFolds ? state.folds[c] : 0
      let sums = before ? state.sums[c] : new Float64Array(2 * set.tasks.length)
      for (let fold = before; fold < use; fold++) {
        const part: Float64Array | null = yield* within(
          fitOne(m, params, folds[fold], context, random.split(`fit/${fold}`)),
          state.fits,
          of,
        )
        sums = sums && part && sums.map((value, i) => value + part[i])
        state.fits++
        yield { type: 'progress', done: state.fits, of }
      }
      state.sums[c] = sums
      state.folds[c] = use
      const [score] = scoresOf([sums])
      yield { type: 'tried', configuration: c, params: only(tried[c]), share, score }
      if ((state.at + 1) % every === 0)
        yield { type: 'checkpoint', step: 0, bytes: writeState({ ...state, at: state.at + 1 }) }
    }
  }
  const scores = scoresOf(state.alive.map((c) => state.sums[c] ?? null))
  const best = scores.reduce<number>((a, score, i) => ((score ?? -Infinity) > (scores[a] ?? -Infinity) ? i : a), 0)
  const params = tried[state.alive[best] ?? 0]
  const { fits } = state
  const tuned = { params: only(params), configurations: tried.length, innerFolds: folds.length, fits }
  return { params, tuned: { ...tuned, score: scores[best] ?? null } }
}

/** Fits that a search does at most: the same for all trials of a method. */
function plannedFits(rounds: { configurations: number; share: number }[], folds: number, byFolds: boolean): number {
  let before = 0
  return rounds.reduce((sum, { configurations, share }) => {
    const use = byFolds ? foldsOf(share, folds) : folds
    const own = configurations * (use - before)
    if (byFolds) before = use
    return sum + own
  }, 0)
}

/** What one fit gets wrong on its inner fold; null where a person's mistake of a configuration makes it fail. */
async function* fitOne(
  m: Method,
  params: Configuration,
  fold: InnerFold,
  { data, set, runtime }: TuneContext,
  random: ReturnType<typeof rng>,
): AsyncGenerator<number, Float64Array | null> {
  try {
    const { train, inner, test } = fold
    const fitting = m.fit({ train, inner, rng: random, runtime, resume: null, episodes: data.episodes }, params)
    let next = await fitting.next()
    while (!next.done) {
      if (next.value.type === 'progress' && next.value.of > 0) yield next.value.done / next.value.of
      next = await fitting.next()
    }
    const model: Model = next.value
    return sumsOf(await testOf(model, train, inner, test), set.tasks)
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
}

/** The progress of one fit as a part of the whole search; only where it moves on. */
async function* within<T>(fitting: AsyncGenerator<number, T>, done: number, of: number): AsyncGenerator<TuneEvent, T> {
  let next = await fitting.next()
  while (!next.done) {
    yield { type: 'progress', done: done + Math.min(0.99, next.value), of }
    next = await fitting.next()
  }
  return next.value
}

/** `at` counts the configurations of this rung that are finished. */
type State = {
  rung: number
  at: number
  alive: number[]
  fits: number
  folds: number[]
  /** [configuration] [task, 2], null where a fit failed. */
  sums: (Float64Array | null)[]
}

const fresh = (count: number): State => ({
  rung: 0,
  at: 0,
  alive: Array.from({ length: count }, (_, c) => c),
  fits: 0,
  folds: new Array<number>(count).fill(0),
  sums: [],
})

/** The best go on, of equals the earlier; the last round keeps all for the choice. */
function nextRung(state: State, rounds: { configurations: number }[]): State {
  const rung = state.rung + 1
  if (rung >= rounds.length) return { ...state, rung }
  const scores = scoresOf(state.alive.map((c) => state.sums[c]))
  const order = state.alive
    .map((c, i) => ({ c, score: scores[i] ?? -Infinity }))
    .sort((a, b) => (a.score === b.score ? a.c - b.c : b.score - a.score))
  return { ...state, rung, at: 0, alive: order.slice(0, rounds[rung].configurations).map(({ c }) => c) }
}

const Saved = z.object({
  kind: z.literal('tuning'),
  rung: z.int().nonnegative(),
  at: z.int().nonnegative(),
  alive: z.array(z.int().nonnegative()),
  fits: z.int().nonnegative(),
  folds: z.array(z.int().nonnegative()),
  failed: z.array(z.int()),
  known: z.int().nonnegative(),
})

function writeState({ sums, ...rest }: State): Uint8Array {
  const width = sums.find((own) => own)?.length ?? 0
  const all = new Float64Array(sums.length * width)
  const failed: number[] = []
  sums.forEach((own, c) => (own ? all.set(own, c * width) : failed.push(c)))
  return pack({ kind: 'tuning', ...rest, failed, known: sums.length }, { sums: all })
}

function readState(bytes: Uint8Array, count: number, folds: number, tasks: number): State {
  const packed = unpack(bytes)
  const parsed = Saved.safeParse(packed.header)
  if (!parsed.success || parsed.data.folds.length !== count || parsed.data.folds.some((n) => n > folds))
    throw damaged('a checkpoint of another search')
  const { failed, known, kind: _kind, ...rest } = parsed.data
  const all = take(packed, 'sums', 'f64')
  const width = 2 * tasks
  const sums = Array.from({ length: known }, (_, c) =>
    failed.includes(c) ? null : all.slice(c * width, (c + 1) * width),
  )
  return { ...rest, sums }
}
