import type { Evaluation } from '../experiment.ts'
import type { IntervalRule } from './comparison.ts'
import { byFold, byTask, paired, type Evidence, type Predictions } from './evidence.ts'
import { average, crossed, independent, nadeauBengio, widened, type Measured, type Overlap } from './intervals.ts'
import type { Metric } from './metrics.ts'
import { rowBootstrap } from './rowBootstrap.ts'

/**
 * Which interval belongs to which question, and the measuring itself: of one method, or of the paired difference of
 * two (first minus second), per task or over tasks.
 *
 * k-fold or holdout, several repeats, or lists of test rows that overlap: Nadeau-Bengio over repeats x folds; where
 *   two splits share more of their test rows than of their training rows, and predictions are kept, splits and tested
 *   units as crossed sources of variance. Both approximate.
 * k-fold or holdout, one repeat: bootstrap of out-of-fold rows, by block where rows come in blocks, and by the folds.
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
  /** Rows that are learned from or tested; default: those of the given test folds. */
  rows?: number
}): Measure {
  const { evaluation, evidence } = c
  const given = timesTested(evaluation, c.rows)
  const ratio = ratioOf(evaluation, given)
  const shared = overlap(evaluation, given)
  const folds = Math.max(0, ...evidence.map((e) => e.folds.size))
  const rows = rowBootstrap(c)
  const overFolds =
    (from: (values: number[]) => Measured | null) => (a: Evidence, b: Evidence | null, task: string | null) =>
      from([...paired(a, b, (e, shared) => byFold(e, task, shared)).values()])
  const ofTested =
    (from: (tested: NonNullable<ReturnType<typeof rows.of>>) => Measured | null): Measure['of'] =>
    (a, b, task) => {
      const tested = rows.of(a, b, task)
      return tested && from(tested)
    }
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
    return made({ rule: 'bootstrap-tasks', unit: 'tasks', n, approximate: n < 10 }, overTasks, ofTested(widened))
  }
  if (evaluation.protocol === 'leave-one-group-out')
    return made(
      { rule: 'paired-groups', unit: 'groups', n: folds, approximate: folds < 10 },
      overFolds(independent),
      ofTested(widened),
    )
  const overRepeats = overFolds((values) => nadeauBengio(values, ratio))
  const kind = c.blocks ? 'blocks' : 'rows'
  const repeated = shared.test > 0
  if (!repeated && rows.units > 1) {
    const unit = c.blocks ? 'groups' : 'rows'
    const rule = { rule: `bootstrap-${kind}`, unit, n: rows.units, approximate: rows.units < 30 } as const
    return made(rule, ofTested(widened), overRepeats)
  }
  const splits = { unit: 'folds', n: folds, approximate: true } as const
  if (repeated && folds > 1 && rows.units > 1 && shared.test > shared.train)
    return made(
      { rule: `crossed-${kind}`, ...splits },
      ofTested((tested) => crossed(tested, shared)),
      overRepeats,
    )
  return made({ rule: folds > 1 ? 'nadeau-bengio' : 'none', ...splits }, overRepeats)
}

/** How many lists of test rows hold each row; null where none were given. `rows`: of the whole set, where known. */
function timesTested({ testFolds }: Evaluation, rows = 0) {
  if (!Array.isArray(testFolds)) return null
  const times = new Map<number, number>()
  for (const list of testFolds) for (const row of list) times.set(row, (times.get(row) ?? 0) + 1)
  const never = Math.max(0, rows - times.size)
  return { lists: testFolds.length, times: [...times.values(), ...Array<number>(never).fill(0)] }
}

/** Test rows over training rows of a fold. */
export const testOverTrain = (evaluation: Evaluation, rows?: number): number =>
  ratioOf(evaluation, timesTested(evaluation, rows))

function ratioOf(evaluation: Evaluation, given: ReturnType<typeof timesTested>): number {
  if (given) {
    const test = given.times.reduce((sum, times) => sum + times, 0)
    return test / Math.max(1, given.lists * given.times.length - test)
  }
  if (evaluation.protocol === 'k-fold') return 1 / (evaluation.folds - 1)
  return evaluation.testFraction / (1 - evaluation.testFraction)
}

/** How much two splits have in common: by chance where each was drawn anew, as counted where they were given. */
function overlap(evaluation: Evaluation, given: ReturnType<typeof timesTested>): Overlap {
  if (given) {
    const { lists, times } = given
    const common = (of: (times: number) => number) => {
      const all = times.reduce((sum, t) => sum + of(t), 0)
      const twice = times.reduce((sum, t) => sum + of(t) * (of(t) - 1), 0)
      return all && lists > 1 ? twice / all / (lists - 1) : 0
    }
    return { test: common((t) => t), train: common((t) => lists - t) }
  }
  const { repeats, protocol, folds, testFraction } = evaluation
  const tested = protocol === 'k-fold' ? 1 / folds : testFraction
  return { test: repeats > 1 ? tested : 0, train: 1 - tested }
}
