import type { Predictions, Task, TaskSet, View } from '../data/taskSet.ts'
import { metricOf, type Cells } from './metrics.ts'
import { UserError } from '../errors.ts'

/** Metric figures of one trial: per task, and their mean over the tasks that the metric has a meaning for. */
export type Scores = Record<string, { value: number | null; perTask: Record<string, number | null> }>

/**
 * Scores predictions of a test view, on measured cells of the view's tasks only. `train` supplies what the plain
 * baseline knows (training mean, class shares) for the metrics that compare with it. Where a model leaves a measured
 * cell without a finite prediction, the task's figure and the overall figure are null rather than flattering.
 */
export function scorePredictions(c: {
  test: View
  train: View
  predictions: Predictions
  metrics: readonly string[]
}): Scores {
  const cells = taskCells(c.test, c.train, c.predictions)
  return Object.fromEntries(c.metrics.map((id) => [id, scoreCells(cells, id)]))
}

/** One metric over the cells of many tasks. */
export function scoreCells(cells: Map<string, Cells>, metricId: string): Scores[string] {
  const metric = metricOf(metricId)
  if (!metric) throw unknownMetric(metricId)
  const perTask: Record<string, number | null> = {}
  let sum = 0
  let n = 0
  let missing = false
  for (const [task, own] of cells) {
    if (!metric.kinds.includes(own.kind)) continue
    const value = own.truth.length ? metric.compute(own) : null
    perTask[task] = value
    if (value === null) missing ||= own.truth.length > 0 && !own.prediction.every(Number.isFinite)
    else {
      sum += value
      n++
    }
  }
  return { value: n && !missing ? sum / n : null, perTask }
}

export function unknownMetric(id: string): UserError {
  return new UserError({
    code: 'metric.unknown',
    who: 'metrics',
    rule: 'A metric must be one that Engram knows.',
    got: JSON.stringify(id),
    remedy: 'Try rmse, mae, r2, rrmse, arrmse, accuracy, balanced-accuracy, log-loss, auc, f1-macro, brier or skill.',
  })
}

/** Gathers the measured cells of every task of the test view, keyed by task id, in the order of `test.tasks`. */
export function taskCells(test: View, train: View, predictions: Predictions): Map<string, Cells> {
  const { set } = test
  const plain = plainOfTasks(train)
  const truth = set.targets.map((_, target) => truthOf(set, target))
  const out = new Map<string, { task: Task; rows: number[] }>()
  for (const t of test.tasks) out.set(set.tasks[t].id, { task: set.tasks[t], rows: [] })
  for (let i = 0; i < test.rows.length; i++) {
    const row = test.rows[i]
    for (let target = 0; target < set.targets.length; target++) {
      if (!set.observed[target * set.table.rows + row]) continue
      const t = set.taskOf(row, target)
      if (t >= 0) out.get(set.tasks[t].id)?.rows.push(i)
    }
  }
  const result = new Map<string, Cells>()
  for (const [id, { task, rows }] of out) {
    const said = predictions.targets.find((p) => p.target === task.target)
    const width = said?.width ?? (task.kind === 'multiclass' ? (task.classes as string[]).length : 1)
    const prediction = new Float64Array(rows.length * width).fill(NaN)
    if (said) {
      for (let j = 0; j < rows.length; j++) {
        for (let k = 0; k < width; k++) prediction[j * width + k] = said.values[rows[j] * width + k]
      }
    }
    const { weight } = set
    result.set(id, {
      kind: task.kind,
      truth: Float64Array.from(rows, (i) => truth[task.target][test.rows[i]]),
      prediction,
      width,
      weight: weight ? Float64Array.from(rows, (i) => weight[test.rows[i]]) : null,
      plain: plain(task),
    })
  }
  return result
}

/** [row] the number of a regression target, the class index of the others, NaN where the cell is not measured. */
export function truthOf(set: TaskSet, target: number): Float64Array {
  const column = set.table.columns[set.targets[target]]
  const task = set.tasks.find((t) => t.target === target)
  const observed = set.observed.subarray(target * set.table.rows, (target + 1) * set.table.rows)
  const classes = task?.classes
  if (!classes) return Float64Array.from(column.values, (value, row) => (observed[row] ? value : NaN))
  const index = new Map(classes.map((name, i) => [name, i]))
  const ofLevel = column.levels?.map((level) => index.get(level) ?? NaN)
  return Float64Array.from(column.values, (value, row) => {
    if (!observed[row]) return NaN
    return ofLevel ? ofLevel[value] : (index.get(String(value)) ?? NaN)
  })
}

/**
 * What the training rows say of a task without any input: mean or class shares of the task's own training cells; of
 * the target's where the task has none (a new task); NaN where the target has none either.
 */
function plainOfTasks(train: View): (task: Task) => Float64Array {
  const { set } = train
  const wanted = new Set(train.tasks)
  type Sum = { total: number; sums: Float64Array }
  const empty = (task: Task): Sum => ({ total: 0, sums: new Float64Array(task.classes?.length ?? 1) })
  const byTask = new Map<string, Sum>()
  const byTarget = new Map<number, Sum>()
  for (let target = 0; target < set.targets.length; target++) {
    const truth = truthOf(set, target)
    for (const row of train.rows) {
      const t = set.taskOf(row, target)
      if (t < 0 || !wanted.has(t) || !set.observed[target * set.table.rows + row]) continue
      const task = set.tasks[t]
      const own = byTask.get(task.id) ?? empty(task)
      const all = byTarget.get(target) ?? empty(task)
      byTask.set(task.id, own)
      byTarget.set(target, all)
      const w = set.weight ? set.weight[row] : 1
      for (const sum of [own, all]) {
        sum.total += w
        if (task.classes) sum.sums[truth[row]] += w
        else sum.sums[0] += w * truth[row]
      }
    }
  }
  return (task) => {
    const own = byTask.get(task.id) ?? byTarget.get(task.target) ?? empty(task)
    return own.sums.map((sum) => sum / own.total)
  }
}
