import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { z } from 'zod'
import type { TaskSet } from './data/taskSet.ts'
import { toErrorJson, UserError } from './errors.ts'
import type { UserErrorJson } from './errors.ts'
import { addSlowed, Tuned } from './events.ts'
import type { Emitted, RunEvent, RunStatus, Slowed } from './events.ts'
import type { Trial } from './experiment.ts'
import type { FitEvent, Method, Model } from './method.ts'
import { method, paramsOf } from './methods.ts'
import { damaged, pack, take, unpack } from './pack.ts'
import { overall, score, writePredictions } from './predictions.ts'
import type { TestPredictions } from './predictions.ts'
import { rowSteps } from './rowSteps.ts'
import { relate } from './relations/relate.ts'
import { saveModel } from './saved.ts'
import { metricOf } from './stats/metrics.ts'
import type { Metric } from './stats/metrics.ts'
import { atShots } from './stats/shotCurve.ts'
import { slowedOf, tested, testOf } from './testing.ts'
import { shotCurve, trialData } from './trialData.ts'
import { onScales } from './transforms/transformed.ts'
import { tune } from './tuning/tune.ts'
import type { Chosen, TuneContext, TuneEvent } from './tuning/tune.ts'
import type { Runtime } from './engine/runtime.ts'
import { rng } from './rng.ts'

export { readPredictions } from './predictions.ts'

/**
 * One trial, from spec to figures, as a stream of events: start, progress and curves while it fits, checkpoints, the
 * predictions and the model as blobs, the test figures per task and over all tasks (task null), end.
 *
 * Every yield is a safe point: whoever consumes may stop there for good (the trial ends without an `end` event and the
 * lab writes one with status "stopped"). `resume` is the bytes of a checkpoint blob: the stream then continues with the
 * event after that checkpoint's own event, and says from there on exactly what an undisturbed trial would have said.
 * A fault of the method becomes an `end` event with status "failed"; `train` itself does not throw.
 */
export async function* train(
  trial: Trial,
  set: TaskSet,
  runtime: Runtime,
  resume: Uint8Array | null = null,
): AsyncGenerator<Emitted> {
  const say = speaker(trial.id)
  try {
    const plain = method(trial.method.id)
    const m = trial.transforms ? onScales(plain, trial.transforms) : plain
    const params = paramsOf(m, trial.method.params)
    const earlier = resume && readCheckpoint(resume)
    if (earlier) say.continueAt(earlier.seq + 1)
    else yield say({ type: 'start', runtime: `${runtime.kind} ${runtime.version}`, dataHash: set.table.hash })
    const data = trialData(trial, set)
    if (trial.relations) {
      const context = { trial, set, data, runtime, resume: earlier?.state ?? null }
      yield say.blob('trace', yield* spoken(say, relate(m, params, context)), 0)
      yield say({ type: 'end', status: 'done' })
      return
    }
    let chosen = earlier?.chosen ?? null
    if (trial.tune && !chosen) {
      chosen = yield* tuned(trial, m, params, { set, data, runtime, resume: earlier?.state ?? null }, say)
    }
    const fitting = m.fit(
      {
        train: data.train,
        inner: data.inner,
        rng: rng(`${trial.seed}/${trial.repeat}/${trial.fold}`),
        runtime,
        resume: earlier && (!trial.tune || earlier.chosen) ? earlier.state : null,
        episodes: data.episodes,
      },
      chosen?.params ?? params,
    )
    let step = earlier?.step ?? 0
    let next = await fitting.next()
    while (!next.done) {
      if (next.value.type !== 'progress') step = next.value.step
      yield said(say, next.value, chosen)
      next = await fitting.next()
    }
    const model = next.value
    if (model.slowed) yield say({ type: 'slowed', ...slowedOf(model, data.train) })
    yield* results(trial, data, model, say, step)
    yield* curve(trial, set, data, model, say, step)
    yield* smaller(trial, m, chosen?.params ?? params, { set, data, runtime }, say, step)
    const fitted = chosen ? { ...trial, method: { ...trial.method, params: chosen.params } } : trial
    yield say.blob('model', saveModel(fitted, set, model, data.train.set.generator), step)
    yield say({ type: 'end', status: 'done' })
  } catch (error) {
    yield say({ type: 'end', status: 'failed', error: toErrorJson(error) })
  }
}

/** What a generator says on its way, as events of the trial. */
async function* spoken<T>(say: Speaker, work: AsyncGenerator<FitEvent, T>): AsyncGenerator<Emitted, T> {
  let next = await work.next()
  while (!next.done) {
    yield said(say, next.value, null)
    next = await work.next()
  }
  return next.value
}

/** The search for parameters before the fit; the fit itself counts as one more of the same fits. */
async function* tuned(
  trial: Trial,
  m: Method,
  params: Record<string, unknown>,
  context: Omit<TuneContext, 'trial'>,
  say: Speaker,
): AsyncGenerator<Emitted, Chosen> {
  const searching = tune(m, params, { trial, ...context })
  let next = await searching.next()
  while (!next.done) {
    const event = next.value
    yield event.type === 'progress' ? say({ ...event, of: event.of + 1 }) : said(say, event, null)
    next = await searching.next()
  }
  yield say({ type: 'tuned', tuned: next.value.tuned })
  return next.value
}

/** Predictions and figures of the test rows; a trial on all rows has none. */
async function* results(
  trial: Trial,
  data: ReturnType<typeof trialData>,
  model: Model,
  say: Speaker,
  step: number,
): AsyncGenerator<Emitted> {
  if (!data.test) return
  const { predictions, slowed } = await tested(model, data.train, data.inner, data.test)
  if (slowed) yield say({ type: 'slowed', ...slowed })
  yield say.blob('predictions', writePredictions(predictions), step)
  yield* figures(trial.metrics, predictions, say, step, (metric) => metric)
}

/** Figures at other numbers of labelled rows: "rmse@20" is that of 20. */
async function* curve(
  trial: Trial,
  set: TaskSet,
  data: ReturnType<typeof trialData>,
  model: Model,
  say: Speaker,
  step: number,
): AsyncGenerator<Emitted> {
  for (const { shots, test } of shotCurve(trial, set)) {
    const { predictions, slowed } = await tested(model, data.train, data.inner, test)
    if (slowed) yield say({ type: 'slowed', ...slowed })
    yield* figures(trial.metrics, predictions, say, step, (metric) => atShots(metric, shots))
  }
}

/** The same fit on fewer rows per task: "rmse@20" is that of 20. Sizes too small for the method give no figure. */
async function* smaller(
  trial: Trial,
  m: Method,
  params: Record<string, unknown>,
  { set, data, runtime }: { set: TaskSet; data: ReturnType<typeof trialData>; runtime: Runtime },
  say: Speaker,
  step: number,
): AsyncGenerator<Emitted> {
  const steps = rowSteps(trial, set, data)
  for (const [k, { rows, train, inner }] of steps.entries()) {
    yield say({ type: 'progress', done: k, of: steps.length })
    const random = rng(`${trial.seed}/${trial.repeat}/${trial.fold}/rows/${rows}`)
    const fitting = m.fit({ train, inner, rng: random, runtime, resume: null, episodes: data.episodes }, params)
    try {
      let next = await fitting.next()
      while (!next.done) {
        if (next.value.type === 'progress')
          yield say({ type: 'progress', done: k + next.value.done / (next.value.of || 1), of: steps.length })
        next = await fitting.next()
      }
      const predictions = await testOf(next.value, train, inner, data.test ?? [])
      yield* figures(trial.metrics, predictions, say, step, (metric) => atShots(metric, rows))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }
}

function* figures(
  metrics: readonly string[],
  predictions: TestPredictions,
  say: Speaker,
  step: number,
  nameOf: (metric: string) => string,
): Generator<Emitted> {
  for (const id of metrics) {
    const metric = metricOf(id) as Metric
    const name = nameOf(id)
    const own = score(predictions, metric)
    for (const [task, value] of own) yield say({ type: 'metric', name, split: 'test', task, step, value })
    const value = overall(predictions, metric, own)
    if (own.size) yield say({ type: 'metric', name, split: 'test', task: null, step, value })
  }
}

type Unsaid = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'trial' | 'seq'> : never) : never
type Speaker = ReturnType<typeof speaker>

/** Numbers the events of one trial. */
function speaker(trial: string) {
  let seq = 0
  const say = (event: Unsaid): Emitted => ({ event: { ...event, trial, seq: seq++ } as RunEvent })
  return Object.assign(say, {
    next: () => seq,
    continueAt: (at: number) => void (seq = at),
    blob: (role: 'checkpoint' | 'model' | 'predictions' | 'trace', bytes: Uint8Array, step: number): Emitted => ({
      ...say({ type: 'blob', role, hash: bytesToHex(sha256(bytes)), step }),
      bytes,
    }),
  })
}

function said(say: Speaker, event: FitEvent | TuneEvent, chosen: Chosen | null): Emitted {
  if (event.type === 'checkpoint') {
    const header = { kind: 'checkpoint', seq: say.next(), step: event.step, ...(chosen ? { chosen } : {}) }
    return say.blob('checkpoint', pack(header, { state: event.bytes }), event.step)
  }
  if (event.type === 'progress') {
    const before = chosen?.tuned.fits ?? 0
    return say(chosen ? { ...event, done: before + event.done / (event.of || 1), of: before + 1 } : event)
  }
  if (event.type === 'tried') return say(event)
  if (event.type === 'trace') return say.blob('trace', event.bytes, event.step)
  return say({ ...event, value: Number.isFinite(event.value) ? event.value : null })
}

const Checkpoint = z.object({
  kind: z.literal('checkpoint'),
  seq: z.int().nonnegative(),
  step: z.number(),
  /** Where tuning is over: what it found, so that it is not done again. */
  chosen: z.object({ params: z.record(z.string(), z.unknown()), tuned: Tuned }).optional(),
})

function readCheckpoint(bytes: Uint8Array): { seq: number; step: number; state: Uint8Array; chosen: Chosen | null } {
  const packed = unpack(bytes)
  const parsed = Checkpoint.safeParse(packed.header)
  if (!parsed.success) throw damaged('something else than a checkpoint')
  const { seq, step, chosen = null } = parsed.data
  return { seq, step, chosen, state: take(packed, 'state', 'u8') }
}

/** A run is the fold of its events. */
export type RunState = {
  status: RunStatus
  runtime: string | null
  dataHash: string | null
  done: number
  of: number
  /** seq of the last event, -1 before the first. */
  seq: number
  /** Learning curves, in order of step. `task` null: over all tasks. */
  curves: {
    name: string
    split: 'train' | 'inner'
    task: string | null
    points: { step: number; value: number | null }[]
  }[]
  /** Test figures by metric: over all tasks and per task. */
  metrics: Record<string, { value: number | null; perTask: Record<string, number | null> }>
  /** Hash of the latest blob of each role. */
  blobs: Partial<Record<'checkpoint' | 'model' | 'predictions' | 'trace', string>>
  /** What tuning tried, in order, and what it chose; null where nothing was tuned. */
  tried: { configuration: number; params: Record<string, unknown>; share: number; score: number | null }[]
  tuned: Tuned | null
  /** Tasks on which its inner loop ran away; null where none did. */
  slowed: Slowed | null
  error: UserErrorJson | null
}

export function fold(events: Iterable<RunEvent>): RunState {
  const state: RunState = {
    status: 'queued',
    runtime: null,
    dataHash: null,
    done: 0,
    of: 0,
    seq: -1,
    curves: [],
    metrics: {},
    blobs: {},
    tried: [],
    tuned: null,
    slowed: null,
    error: null,
  }
  for (const event of events) apply(state, event)
  return state
}

/** One more event, in place: for those who follow a run while it goes. */
export function apply(state: RunState, event: RunEvent): void {
  state.seq = event.seq
  switch (event.type) {
    case 'start':
      state.status = 'running'
      state.runtime = event.runtime
      state.dataHash = event.dataHash
      return
    case 'progress':
      state.done = event.done
      state.of = event.of
      return
    case 'metric':
      if (event.split === 'test') {
        const figures = (state.metrics[event.name] ??= { value: null, perTask: {} })
        if (event.task === null) figures.value = event.value
        else figures.perTask[event.task] = event.value
      } else curveOf(state, event.name, event.split, event.task).push({ step: event.step, value: event.value })
      return
    case 'tried':
      state.tried.push({
        configuration: event.configuration,
        params: event.params,
        share: event.share,
        score: event.score,
      })
      return
    case 'tuned':
      state.tuned = event.tuned
      return
    case 'slowed':
      state.slowed = addSlowed(state.slowed ?? undefined, event)
      return
    case 'blob':
      state.blobs[event.role] = event.hash
      return
    case 'end':
      state.status = event.status
      state.error = event.error ?? null
      if (event.status === 'done') state.done = state.of = state.of || 1
  }
}

function curveOf(state: RunState, name: string, split: 'train' | 'inner', task: string | null) {
  let curve = state.curves.find((c) => c.name === name && c.split === split && c.task === task)
  if (!curve) state.curves.push((curve = { name, split, task, points: [] }))
  return curve.points
}
