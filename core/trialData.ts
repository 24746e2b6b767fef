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
  if (set.generator) return generated(trial, set)
  const everyTask = Int32Array.from(set.tasks, (_, k) => k)
  const episodes = fewShot ? { shots, queries, ways } : null
  const split = (rows: Int32Array, tasks: Int32Array) =>
    innerSplit({ set, rows, tasks }, evaluation.innerFraction, random.split('inner'))
  if (trial.fold === 'all') {
    const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
    return { ...split(rows, everyTask), test: null, episodes }
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
 * Tasks of a generator: a fixed set of meta-training tasks for methods that read rows, and `episodes` fresh test
 * tasks drawn from the evaluation's seed, the same for every method and training seed.
 */
function generated(trial: Trial, set: TaskSet): TrialData {
  const { seed, shots, queries, ways, episodes } = trial.evaluation
  const generator = set.generator as NonNullable<TaskSet['generator']>
  const draw = (label: string, tasks: number) =>
    generatedViews(generator, rng(`${label}/${seed}/${trial.repeat}`), tasks, shots, queries)
  const train = draw('meta-train', TRAIN_TASKS)
  const inner = draw('meta-validation', INNER_TASKS)
  const test: Episode[] = []
  for (let from = 0; trial.fold !== 'all' && from < episodes; from += TASKS_AT_ONCE)
    test.push(draw(`meta-test/${from}`, Math.min(TASKS_AT_ONCE, episodes - from)))
  return {
    train: both(train),
    inner: both(inner),
    test: trial.fold === 'all' ? null : test,
    episodes: { shots, queries, ways },
  }
}

const TRAIN_TASKS = 100
const INNER_TASKS = 25
/** Adapted in one program; larger batches gain nothing. */
const TASKS_AT_ONCE = 100

/** Support and query rows together: what a method without episodes learns from. */
function both({ support, query }: { support: View; query: View }): View {
  return { ...support, rows: Int32Array.from([...support.rows, ...query.rows]).sort() }
}
