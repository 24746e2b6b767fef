import { UserError } from '../../errors.ts'
import type { Evaluation } from '../../experiment.ts'
import { makeFolds } from '../splits.ts'
import type { TaskSet } from '../taskSet.ts'
import { finding, named } from './finding.ts'
import type { Finding } from './finding.ts'

/**
 * Tasks that can hardly be learned or judged: fewer than 5 measured rows, all measured rows of one class, and folds that
 * hold no measured row of a target to learn from or to test on.
 */
const FEW = 5

export function checkTasks(set: TaskSet): Finding[] {
  const counts = set.tasks.map(() => new Map<number, number>())
  for (let t = 0; t < set.targets.length; t++) {
    const { kind, values } = set.table.columns[set.targets[t]]
    for (let row = 0; row < set.table.rows; row++) {
      if (!set.observed[t * set.table.rows + row]) continue
      const own = counts[set.taskOf(row, t)]
      // Of numbers only how many there are.
      const key = kind === 'number' ? 0 : values[row]
      own.set(key, (own.get(key) ?? 0) + 1)
    }
  }
  const cells = (k: number) => [...counts[k].values()].reduce((sum, n) => sum + n, 0)
  const ids = (wanted: (k: number) => boolean) => set.tasks.filter((_, k) => wanted(k)).map(({ id }) => id)
  const small = ids((k) => cells(k) < FEW)
  const single = ids((k) => set.tasks[k].kind !== 'regression' && counts[k].size === 1)
  const least = Math.min(...set.tasks.map((_, k) => cells(k)))
  const of = set.tasks.length
  return [
    ...(small.length
      ? [finding('note', 'small-tasks', { n: small.length, of, few: FEW, least, tasks: named(small) })]
      : []),
    ...(single.length ? [finding('note', 'one-class-tasks', { n: single.length, of, tasks: named(single) })] : []),
  ]
}

/** Targets without a measured row on one side of a fold. */
export function checkFolds(set: TaskSet, evaluation: Evaluation): Finding[] {
  if (set.generator || evaluation.protocol === 'few-shot') return []
  const empty = { train: new Set<string>(), test: new Set<string>() }
  const { rows, columns } = set.table
  for (const fold of foldsOrNone(set, evaluation))
    for (const [t, column] of set.targets.entries())
      for (const side of ['train', 'test'] as const)
        if (!fold[side].some((row) => set.observed[t * rows + row])) empty[side].add(columns[column].name)
  return (['train', 'test'] as const).flatMap((side) =>
    empty[side].size
      ? [finding('note', `fold-without-${side}`, { targets: named([...empty[side]]) }, { columns: [...empty[side]] })]
      : [],
  )
}

/** A split that cannot be made is refused elsewhere, with its reason. */
export function foldsOrNone(set: TaskSet, evaluation: Evaluation) {
  try {
    return makeFolds(set, evaluation).slice(0, 20)
  } catch (error) {
    if (error instanceof UserError) return []
    throw error
  }
}
