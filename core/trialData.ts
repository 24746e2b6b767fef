import type { TaskGenerator } from './data/generator.ts'
import { episodesOf, generatedViews } from './episodeViews.ts'
import { innerSplit, makeFolds } from './data/splits.ts'
import type { TaskSet, View } from './data/taskSet.ts'
import type { Trial } from './experiment.ts'
import { rng } from './rng.ts'

/**
 * The rows of one trial: what it learns from, what early stopping watches, what is tested. They depend on the
 * evaluation, the repeat and the fold alone, never on the method or its seed, so that methods are paired.
 */
export type TrialData = {
  train: View
  inner: View | null
  /** Query rows with their support set, where tasks are learned from few rows; null on a trial on all rows. */
  test: Episode[] | null
  episodes: { shots: number; queries: number; ways: number } | null
}
/** `support` null: the model predicts at once. */
export type Episode = { support: View | null; query: View }

export function trialData(trial: Trial, set: TaskSet): TrialData {
  const { evaluation } = trial
  const { shots, queries, ways } = evaluation
  const fewShot = evaluation.protocol === 'few-shot'
  const random = rng(`rows/${evaluation.seed}/${trial.repeat}/${trial.fold}`)
  const everyTask = Int32Array.from(set.tasks, (_, k) => k)
  const episodes = fewShot ? { shots, queries, ways } : null
  const split = (rows: Int32Array, tasks: Int32Array) =>
    innerSplit({ set, rows, tasks }, evaluation.innerFraction, random.split('inner'))
  if (trial.fold === 'all') {
    const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
    return { ...split(rows, everyTask), test: null, episodes }
  }
  if (set.generator && (fewShot || evaluation.protocol === 'new-task')) {
    const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
    return { ...split(rows, everyTask), test: freshTasks(trial, set.generator), episodes }
  }
  const own = makeFolds(set, evaluation).find((f) => f.repeat === trial.repeat && f.fold === trial.fold)
  if (!own) throw new Error(`internal: no fold ${trial.fold} in repeat ${trial.repeat}`)
  const held = new Set(own.testTasks ?? [])
  const trainTasks = everyTask.filter((task) => !held.has(task))
  const testView = { set, rows: own.test, tasks: own.testTasks ?? everyTask }
  const test = fewShot
    ? episodesOf(testView, evaluation, random.split('episodes'))
    : [{ support: null, query: testView }]
  return { ...split(own.train, trainTasks), test, episodes }
}

/**
 * `episodes` fresh test tasks of a generator, drawn from the evaluation's seed: the same for every method and training
 * seed, and none of them in the table that methods learn from.
 */
function freshTasks({ evaluation, repeat }: Trial, generator: TaskGenerator): Episode[] {
  const { seed, shots, queries, episodes, protocol } = evaluation
  const test: Episode[] = []
  for (let from = 0; from < episodes; from += TASKS_AT_ONCE) {
    const random = rng(`meta-test/${seed}/${repeat}/${from}`)
    const drawn = generatedViews(generator, random, Math.min(TASKS_AT_ONCE, episodes - from), shots, queries, from + 1)
    test.push(protocol === 'few-shot' ? drawn : { ...drawn, support: null })
  }
  return test
}

/** Adapted in one program; larger batches gain nothing. */
const TASKS_AT_ONCE = 100
