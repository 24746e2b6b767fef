import type { TaskGenerator } from './data/generator.ts'
import { classEpisodes } from './data/classEpisodes.ts'
import { classesAreTasks, classParts, classRowsOf } from './data/classParts.ts'
import { episodesOf, generatedViews } from './episodeViews.ts'
import { usedRows } from './data/fold.ts'
import { innerSplit } from './data/innerSplits.ts'
import { evaluationKey, makeFolds } from './data/splits.ts'
import type { TaskSet, View } from './data/taskSet.ts'
import type { Trial } from './experiment.ts'
import { rng } from './rng.ts'

/**
 * The rows of one trial (the same arrays for every trial of a fold, so that they are copied and encoded once): what it
 * learns from, what early stopping watches, what is tested. They depend on the evaluation, the repeat and the fold alone,
 * never on the method or its seed, so that methods are paired.
 */
export type TrialData = {
  train: View
  inner: View | null
  /** Query rows with their support set, where tasks are learned from few rows; null on a trial on all rows. */
  test: Iterable<Episode> | null
  episodes: { shots: number; queries: number; ways: number } | null
}
/** Test episodes with another number of labelled rows. */
export type CurvePoint = { shots: number; test: Iterable<Episode> }
/** `support` null: the model predicts at once. */
export type Episode = { support: View | null; query: View }

/**
 * The points of the curve of error against labelled rows, where one is asked for. On a table every point asks for the
 * same rows, so that the tasks which all points have can be compared; made-up tasks are drawn for each.
 */
export function shotCurve(trial: Trial, set: TaskSet): CurvePoint[] {
  const { evaluation, fold, repeat } = trial
  if (evaluation.protocol !== 'few-shot' || fold === 'all') return []
  const all = [...new Set(evaluation.shotCurve)].sort((a, b) => a - b)
  const with1 = (shots: number): Trial => ({ ...trial, evaluation: { ...evaluation, shots } })
  if (set.generator || classesAreTasks(set, evaluation))
    return all.flatMap((shots) => {
      const { test } = workedOut(with1(shots), set)
      return test ? [{ shots, test }] : []
    })
  const held = heldOut(trial, set)
  const random = rng(`rows/${evaluation.seed}/${repeat}/${fold}`).split('episodes')
  return all.map((shots) => ({ shots, test: episodesOf(held, { ...evaluation, shots }, random, all.at(-1)) }))
}

export function trialData(trial: Trial, set: TaskSet): TrialData {
  const kept = folds.get(set) ?? new Map<string, TrialData>()
  folds.set(set, kept)
  const key = `${trial.repeat}/${trial.fold}/${evaluationKey(trial.evaluation)}`
  const data = kept.get(key) ?? workedOut(trial, set)
  kept.delete(key)
  kept.set(key, data)
  const most = Math.max(1, Math.floor(KEPT / (set.table.rows * (set.features.length + 1))))
  if (kept.size > most) kept.delete(kept.keys().next().value as string)
  return data
}

/** Cells of the folds that are kept: 24 bytes each, once rows were encoded for all who learn from them. */
const KEPT = 1e7
const folds = new WeakMap<TaskSet, Map<string, TrialData>>()

function workedOut(trial: Trial, set: TaskSet): TrialData {
  const { evaluation } = trial
  const { shots, queries, ways } = evaluation
  const fewShot = evaluation.protocol === 'few-shot'
  const random = rng(`rows/${evaluation.seed}/${trial.repeat}/${trial.fold}`)
  const everyTask = Int32Array.from(set.tasks, (_, k) => k)
  const episodes = fewShot ? { shots, queries, ways } : null
  const split = (rows: Int32Array, tasks: Int32Array) =>
    innerSplit({ set, rows, tasks }, evaluation.innerFraction, random.split('inner'))
  if (classesAreTasks(set, evaluation)) return classTrial(trial, set)
  if (trial.fold === 'all') {
    return { ...split(usedRows(set), everyTask), test: null, episodes }
  }
  if (set.generator && (fewShot || evaluation.protocol === 'new-task')) {
    const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
    return { ...split(rows, everyTask), test: drawnAnew(trial, set.generator, TASKS_AT_ONCE), episodes }
  }
  const { train, testTasks } = foldOf(trial, set)
  const held = new Set(testTasks ?? [])
  const trainTasks = everyTask.filter((task) => !held.has(task))
  const testView = heldOut(trial, set)
  const test = fewShot
    ? episodesOf(testView, evaluation, random.split('episodes'))
    : [{ support: null, query: testView }]
  return { ...split(train, trainTasks), test, episodes }
}

function foldOf({ evaluation, repeat, fold }: Trial, set: TaskSet) {
  const own = makeFolds(set, evaluation).find((f) => f.repeat === repeat && f.fold === fold)
  if (!own) throw new Error(`internal: no fold ${fold} in repeat ${repeat}`)
  return own
}

function heldOut(trial: Trial, set: TaskSet): View {
  const { test, testTasks } = foldOf(trial, set)
  return { set, rows: test, tasks: testTasks ?? Int32Array.from(set.tasks, (_, k) => k) }
}

/** Drawn again each time they are gone through: trials of one fold share them, and they need not stay in memory. */
const drawnAnew = (trial: Trial, generator: TaskGenerator, atOnce: number): Iterable<Episode> => ({
  [Symbol.iterator]: () => freshTasks(trial, generator, atOnce),
})

/**
 * `episodes` fresh test tasks of a generator, drawn from the evaluation's seed: the same for every method and training
 * seed, and none of them in the table that methods learn from.
 */
export function* freshTasks(
  { evaluation, repeat }: Trial,
  generator: TaskGenerator,
  atOnce: number = TASKS_AT_ONCE,
  purpose: string = 'meta-test',
): Generator<Episode> {
  const { seed, shots, queries, episodes, protocol } = evaluation
  for (let from = 0; from < episodes; from += atOnce) {
    const random = rng(`${purpose}/${seed}/${repeat}/${from}`)
    const drawn = generatedViews(generator, random, Math.min(atOnce, episodes - from), shots, queries, from + 1)
    yield protocol === 'few-shot' ? drawn : { ...drawn, support: null }
  }
}

/**
 * Few-shot classification: tasks of `ways` classes, drawn from the classes to learn from and, for the test, from those
 * held out. A few drawn tasks stand for the training rows; methods that learn from episodes draw their own.
 */
function classTrial(trial: Trial, set: TaskSet): TrialData {
  const { evaluation, repeat } = trial
  const { shots, queries, ways, rotations } = evaluation
  const parts = classParts(set, evaluation, rng(`split/${evaluation.seed}`).split(repeat))
  const all = trial.fold === 'all'
  const learned = all ? new Set([...parts.train, ...parts.validation, ...parts.test]) : parts.train
  const source = classEpisodes(classRowsOf(set, learned, learned), ways, rotations)
  const { support } = generatedViews(source, rng(`meta-train/${evaluation.seed}`), SHOWN_TASKS, shots, queries, 1)
  const tested = all ? null : classEpisodes(classRowsOf(set, parts.test, learned), ways)
  const numbers = ways * (shots + queries) * source.features.length
  const atOnce = Math.max(1, Math.min(TASKS_AT_ONCE, Math.floor(NUMBERS_AT_ONCE / numbers)))
  return {
    train: support,
    inner: null,
    test: tested && drawnAnew(trial, tested, atOnce),
    episodes: { shots, queries, ways },
  }
}

const SHOWN_TASKS = 4
/** Numbers of the test tasks that are in memory together. */
const NUMBERS_AT_ONCE = 5_000_000

/** Adapted in one program; larger batches gain nothing. */
const TASKS_AT_ONCE = 100
