import { classesAreTasks } from '../data/classParts.ts'
import { innerFolds, innerSplit } from '../data/innerSplits.ts'
import type { TaskSet, View } from '../data/taskSet.ts'
import { episodesOf } from '../episodeViews.ts'
import type { Trial } from '../experiment.ts'
import { wholeFold } from '../frame.ts'
import { rng } from '../rng.ts'
import { freshTasks } from '../trialData.ts'
import type { Episode, TrialData } from '../trialData.ts'

/** One inner fold as a fit sees it: what it learns from, what early stopping watches, what it is judged by. */
export type InnerFold = { train: View; inner: View | null; test: Episode[] }

/**
 * The inner folds of a trial: made of its training rows alone, by the rules of the outer folds, from the evaluation's
 * seed, the repeat and the fold, so that every method is judged on the same ones.
 */
export function innerFoldsOf(trial: Trial, set: TaskSet, data: TrialData): InnerFold[] {
  const { evaluation, tune } = trial
  // Tasks made of classes are drawn anew for every episode: there is no inner fold of them, and nothing is tuned.
  if (!tune || classesAreTasks(set, evaluation)) return []
  const whole = wholeFold(data)
  const random = rng(`tune/${evaluation.seed}/${trial.repeat}/${trial.fold}`)
  const fewShot = evaluation.protocol === 'few-shot'
  if (set.generator && (fewShot || evaluation.protocol === 'new-task')) {
    // Fresh tasks are free: each fold asks other ones, and none of them is ever tested.
    const few = { ...evaluation, episodes: Math.min(evaluation.episodes, 100) }
    return Array.from({ length: tune.innerFolds }, (_, fold) => ({
      train: data.train,
      inner: data.inner,
      test: [...freshTasks({ ...trial, evaluation: few }, set.generator!, undefined, `tune/${trial.fold}/${fold}`)],
    }))
  }
  return innerFolds(whole, evaluation.protocol, tune.innerFolds, random.split('folds')).map(
    ({ train, test }, fold) => ({
      ...innerSplit(train, evaluation.innerFraction, random.split(`inner/${fold}`)),
      test: fewShot ? episodesOf(test, evaluation, random.split(`episodes/${fold}`)) : [{ support: null, query: test }],
    }),
  )
}
