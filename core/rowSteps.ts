import { innerSplit } from './data/innerSplits.ts'
import type { TaskSet, View } from './data/taskSet.ts'
import { wholeFold } from './frame.ts'
import type { Trial } from './experiment.ts'
import { rng } from './rng.ts'
import type { TrialData } from './trialData.ts'

/**
 * Smaller training folds for the curve of error against rows per task: the first n rows of every task in an order drawn
 * once per fold, so that the smaller are within the larger and all methods learn from the same rows. Without a task column
 * all tasks share the first n rows. Sizes that no task has are left out. Rows for early stopping are split off anew.
 */
export type RowStep = { rows: number; train: View; inner: View | null }

export function rowSteps(trial: Trial, set: TaskSet, data: TrialData): RowStep[] {
  const { evaluation, repeat, fold } = trial
  if (fold === 'all' || !evaluation.rowCurve.length || evaluation.protocol === 'few-shot' || set.generator) return []
  const whole = wholeFold(data)
  const random = rng(`rows/${evaluation.seed}/${repeat}/${fold}/curve`)
  const order = random.permutation(whole.rows.length).map((i) => whole.rows[i])
  const seen = new Map<number, number>()
  // [position in `order`] how many rows of its task came before.
  const before = order.map((row) => {
    const group = set.group ? set.group[row] : 0
    const n = seen.get(group) ?? 0
    seen.set(group, n + 1)
    return n
  })
  const most = Math.max(...seen.values())
  return [...new Set(evaluation.rowCurve)]
    .sort((a, b) => a - b)
    .filter((rows) => rows < most)
    .map((rows) => {
      const chosen = order.filter((_, i) => before[i] < rows).sort()
      const view = { ...whole, rows: chosen }
      return { rows, ...innerSplit(view, evaluation.innerFraction, random.split(`inner/${rows}`)) }
    })
}
