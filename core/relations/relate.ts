import type { TaskSet } from '../data/taskSet.ts'
import type { Runtime } from '../engine/runtime.ts'
import { UserError } from '../errors.ts'
import type { Trial } from '../experiment.ts'
import type { FitEvent, Method, Model } from '../method.ts'
import { rng } from '../rng.ts'
import { testOf } from '../testing.ts'
import type { TrialData } from '../trialData.ts'
import { sumsOf } from '../tuning/score.ts'
import { readRecord, sizeOf, writeRecord } from './record.ts'
import type { Record } from './record.ts'
import { narrowed, relatedTasks, subsetsOf } from './subsets.ts'

/**
 * Measures a part of the transfer matrix on one fold: fits the method on one subset of the tasks after another, each
 * from the same stream of random numbers, and asks it for the test rows of these tasks. Nothing is tuned and nothing
 * watched: every fit has the parameters of the experiment.
 */
export type RelateContext = { trial: Trial; set: TaskSet; data: TrialData; runtime: Runtime; resume: Uint8Array | null }

/** Checkpoints of one trial. */
const CHECKPOINTS = 8
/** Refusals whose reason is kept. */
const REASONS = 5

export async function* relate(
  m: Method,
  params: { [name: string]: unknown },
  { trial, set, data, runtime, resume }: RelateContext,
): AsyncGenerator<FitEvent, Uint8Array> {
  const { designs, tasks: names, from, to } = trial.relations!
  const tasks = relatedTasks(set, names)
  const subsets = subsetsOf(tasks.length, designs)
  const record: Record = resume
    ? readRecord(resume, subsets)
    : { from, to, done: 0, sums: new Float64Array(sizeOf(subsets.slice(from, to))), refused: [] }
  const fitted = 'watchConflict' in params ? { ...params, watchConflict: false } : params
  const every = Math.ceil((to - from) / CHECKPOINTS)
  let at = sizeOf(subsets.slice(from, from + record.done))
  while (record.done < to - from) {
    const subset = subsets[from + record.done]
    const fitting = fitOn(m, fitted, subset.map((t) => tasks[t]), { trial, set, data, runtime }) // prettier-ignore
    let next = await fitting.next()
    while (!next.done) {
      yield { type: 'progress', done: record.done + Math.min(0.99, next.value), of: to - from }
      next = await fitting.next()
    }
    const sums = next.value
    if (sums instanceof UserError && record.refused.length < REASONS)
      record.refused.push({ subset: from + record.done, rule: `${sums.json.who}: ${sums.json.rule}` })
    for (const t of subset)
      for (const k of [0, 1]) record.sums[at++] = sums instanceof UserError ? NaN : sums[2 * tasks[t] + k]
    record.done++
    yield { type: 'progress', done: record.done, of: to - from }
    if (record.done % every === 0 && record.done < to - from)
      yield { type: 'checkpoint', step: 0, bytes: writeRecord(record) }
  }
  return writeRecord(record)
}

/** Errors on the test rows [task of the set, 2]; yields how far the fit is. */
async function* fitOn(
  m: Method,
  params: { [name: string]: unknown },
  tasks: number[],
  { trial, set, data, runtime }: Omit<RelateContext, 'resume'>,
): AsyncGenerator<number, Float64Array | UserError> {
  const train = narrowed(data.train, tasks)
  const inner = data.inner && narrowed(data.inner, tasks)
  const random = rng(`${trial.seed}/${trial.repeat}/${trial.fold}`)
  try {
    const fitting = m.fit(
      { train, inner: inner?.rows.length ? inner : null, rng: random, runtime, resume: null, episodes: null },
      params,
    )
    let next = await fitting.next()
    while (!next.done) {
      if (next.value.type === 'progress' && next.value.of > 0) yield next.value.done / next.value.of
      next = await fitting.next()
    }
    const model: Model = next.value
    const sums = new Float64Array(2 * set.tasks.length)
    for (const { query } of data.test ?? []) {
      const asked = narrowed(query, tasks)
      if (!asked.rows.length) continue
      const said = await testOf(model, train, inner, [{ support: null, query: asked }])
      sumsOf(said, set.tasks).forEach((value, k) => (sums[k] += value))
    }
    return sums
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}
