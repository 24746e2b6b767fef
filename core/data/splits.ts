import { UserError } from '../errors.ts'
import type { Evaluation } from '../experiment.ts'
import { rng as rngOf, type Rng } from '../rng.ts'
import { classesAreTasks, classParts } from './classParts.ts'
import { kFold, markShare } from './dealing.ts'
import { toFold, type Fold, type Mark } from './fold.ts'
import { given, stored } from './givenSplits.ts'
import type { TaskSet } from './taskSet.ts'

/**
 * The folds of an experiment, from the seed alone: dealt at random (`dealing.ts`), by groups and tasks here, or given
 * (`givenSplits.ts`). Those inside of a training set are in `innerSplits.ts`.
 */

/** The folds that were asked for last of a set: every trial of an experiment asks for the same. */
const made = new WeakMap<TaskSet, { key: string; folds: Fold[] }>()

/** The same arrays for the same set and evaluation: not to be written to. */
export function makeFolds(set: TaskSet, evaluation: Evaluation): Fold[] {
  const key = evaluationKey(evaluation)
  const known = made.get(set)
  if (known?.key === key) return known.folds
  const folds = foldsOf(set, evaluation)
  made.set(set, { key, folds })
  return folds
}

const keys = new WeakMap<Evaluation, string>()

/** Equal for equal evaluations; written once for each, since it may hold the rows of every fold. */
export function evaluationKey(evaluation: Evaluation): string {
  const key = keys.get(evaluation) ?? JSON.stringify(evaluation)
  keys.set(evaluation, key)
  return key
}

function foldsOf(set: TaskSet, evaluation: Evaluation): Fold[] {
  if (evaluation.testFolds !== undefined) return given(set, evaluation.testFolds)
  if (set.split && (evaluation.protocol === 'k-fold' || evaluation.protocol === 'holdout')) return stored(set)
  const random = rngOf(`split/${evaluation.seed}`)
  if (classesAreTasks(set, evaluation))
    return repeated(set, evaluation, random, (draw) => [holdClassesOut(set, evaluation, draw)])
  switch (evaluation.protocol) {
    case 'k-fold':
      return repeated(set, evaluation, random, (draw) => kFold(set, evaluation.folds, draw))
    case 'holdout':
      return repeated(set, evaluation, random, (draw) => [holdout(set, evaluation.testFraction, draw)])
    case 'leave-one-group-out':
      return leaveOneGroupOut(set)
    case 'new-task':
    case 'few-shot':
      return repeated(set, evaluation, random, (draw) => [holdTasksOut(set, evaluation.testFraction, draw)])
  }
}

function repeated(set: TaskSet, evaluation: Evaluation, random: Rng, split: (random: Rng) => Mark[]): Fold[] {
  return Array.from({ length: evaluation.repeats }, (_, repeat) =>
    split(random.split(repeat)).map((mark, fold) => toFold(set, mark, fold, repeat)),
  ).flat()
}

function holdout(set: TaskSet, fraction: number, random: Rng): Mark {
  return { test: markShare(set, fraction, random) }
}

function leaveOneGroupOut(set: TaskSet): Fold[] {
  const blocks = set.equalBlocks ? null : set.blocks
  const group = blocks ?? set.group
  if (!group)
    throw new UserError({
      code: 'evaluation.no-group',
      who: 'protocol "leave-one-group-out"',
      rule: 'It leaves out one group after the other, so a column must have the role group or task.',
      got: 'neither',
      remedy: 'Choose a group column, or use k-fold.',
    })
  const levels = [...new Set(group)].filter((level) => level >= 0).sort((a, b) => a - b)
  if (levels.length < 2)
    throw new UserError({
      code: 'evaluation.one-group',
      who: 'protocol "leave-one-group-out"',
      rule: 'There must be at least 2 groups.',
      got: String(levels.length),
      remedy: 'Choose another group column, or use k-fold.',
    })
  return levels.map((level, fold) => {
    const test = Uint8Array.from(group, (g) => Number(g === level))
    return toFold(set, blocks ? { test } : { test, groups: new Set([level]) }, fold, 0)
  })
}

function holdClassesOut(set: TaskSet, evaluation: Evaluation, random: Rng): Mark {
  const { test } = classParts(set, evaluation, random)
  const { values, valid } = set.table.columns[set.targets[0]]
  return { test: Uint8Array.from({ length: set.table.rows }, (_, row) => Number(valid[row] && test.has(values[row]))) }
}

function holdTasksOut(set: TaskSet, fraction: number, random: Rng): Mark {
  if (set.generator && !set.group) return { test: new Uint8Array(set.table.rows) }
  if (!set.group || !set.groups)
    throw new UserError({
      code: 'evaluation.no-task-column',
      who: 'evaluation.protocol',
      rule: 'Whole tasks are held out, so a column must have the role task.',
      got: 'no task column',
      remedy: 'Choose a task column, or use k-fold.',
    })
  const count = set.groups.length
  if (count < 2)
    throw new UserError({
      code: 'evaluation.one-task',
      who: 'task column',
      rule: 'Holding tasks out needs at least 2 tasks.',
      got: String(count),
      remedy: 'Choose another task column, or use k-fold.',
    })
  const wanted = Math.max(1, Math.min(count - 1, Math.round(fraction * count)))
  const groups = new Set(random.permutation(count).slice(0, wanted))
  return { groups, test: Uint8Array.from(set.group, (g) => Number(groups.has(g))) }
}
