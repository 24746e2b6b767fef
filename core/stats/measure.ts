import type { Evaluation } from '../experiment.ts'
import type { IntervalRule } from './comparison.ts'
import { byFold, byTask, paired, type Evidence, type Predictions } from './evidence.ts'
import { average, independent, nadeauBengio, type Measured } from './intervals.ts'
import type { Metric } from './metrics.ts'
import { rowBootstrap } from './rowBootstrap.ts'

/**
 * Which interval belongs to which question, and the measuring itself: of one method, or of the paired difference of
 * two (first minus second), per task or over tasks.
 *
 * k-fold or holdout, several repeats: Nadeau-Bengio over repeats x folds, approximate.
 * k-fold or holdout, one repeat: bootstrap of out-of-fold rows, by block where rows come in blocks. Rows alone miss
 *   that another training set gives another model, so the variance is at least that of the folds' figures, s^2 / J.
 * leave-one-group-out: the groups are the units. New task, few-shot: the tasks are the units, episodes averaged within
 *   a task; for the mean over tasks the bootstrap variance is known without drawing, s^2 / n.
 * Where a task has one unit only (it is a group itself), its own figure falls back to the bootstrap of its rows.
 */
export type Measure = {
  rule: IntervalRule
  of(a: Evidence, b: Evidence | null, task: string | null): Measured | null
  /** Test rows over training rows of a fold: what Nadeau and Bengio's variance needs. */
  ratio: number
}

const NONE: IntervalRule = { rule: 'none', unit: 'none', n: 0, approximate: false }

export function measureBy(c: {
  evaluation: Evaluation
  evidence: readonly Evidence[]
  metric: Metric
  predictions: Predictions
  /** [row] block of each row, -1 for none. */
  blocks: Int32Array | null
}): Measure {
  const { evaluation, evidence } = c
  const ratio = testOverTrain(evaluation)
  const folds = Math.max(0, ...evidence.map((e) => e.folds.size))
  const rows = rowBootstrap(c)
  const overFolds =
    (from: (values: number[]) => Measured | null) => (a: Evidence, b: Evidence | null, task: string | null) =>
      from([...paired(a, b, (e, shared) => byFold(e, task, shared)).values()])
  const firstOf =
    (...ways: Measure['of'][]): Measure['of'] =>
    (a, b, task) => {
      for (const way of ways) {
        const measured = way(a, b, task)
        if (measured && measured.df > 0) return measured
      }
      return null
    }
  const point: Measure['of'] = (a, b, task) => {
    const values = [...paired(a, b, (e, shared) => byFold(e, task, shared)).values()]
    return values.length ? { mean: average(values), se: Infinity, df: 0, n: values.length } : null
  }
  const made = (rule: IntervalRule, ...ways: Measure['of'][]): Measure => ({
    rule,
    ratio,
    of: (a, b, task) => firstOf(...ways)(a, b, task) ?? point(a, b, task),
  })
  if (!folds) return made(NONE)

  if (evaluation.protocol === 'new-task' || evaluation.protocol === 'few-shot') {
    const n = Math.max(...evidence.map((e) => byTask(e).size))
    const overTasks: Measure['of'] = (a, b, task) =>
      task === null ? independent([...paired(a, b, (e) => byTask(e)).values()]) : null
    return made({ rule: 'bootstrap-tasks', unit: 'tasks', n, approximate: n < 10 }, overTasks, rows.of)
  }
  if (evaluation.protocol === 'leave-one-group-out')
    return made(
      { rule: 'paired-groups', unit: 'groups', n: folds, approximate: folds < 10 },
      overFolds(independent),
      rows.of,
    )
  const overRepeats = overFolds((values) => nadeauBengio(values, ratio))
  const unit = c.blocks ? 'groups' : 'rows'
  if (evaluation.repeats === 1 && rows.units > 1)
    return made(
      { rule: c.blocks ? 'bootstrap-blocks' : 'bootstrap-rows', unit, n: rows.units, approximate: rows.units < 30 },
      rows.of,
      overRepeats,
    )
  return made({ rule: folds > 1 ? 'nadeau-bengio' : 'none', unit: 'folds', n: folds, approximate: true }, overRepeats)
}

export function testOverTrain(evaluation: Evaluation): number {
  const test = evaluation.testFolds
  if (Array.isArray(test)) return 1 / Math.max(1, test.length - 1)
  if (evaluation.protocol === 'k-fold') return 1 / (evaluation.folds - 1)
  return evaluation.testFraction / (1 - evaluation.testFraction)
}
