import { z } from 'zod'
import type { Task } from './data/taskSet.ts'
import { damaged, pack, take, unpack } from './pack.ts'
import type { Cells, Metric } from './stats/metrics.ts'

/**
 * What a trial said of its test rows, beside the truth: everything that metrics, intervals and pictures need, without
 * the data set. Several few-shot episodes follow each other in one file; `episode` tells them apart.
 */
export type TestPredictions = {
  tasks: TestTask[]
  /** [row] the row of the table; a running number where the rows were generated. */
  rows: Int32Array
  /** [row] number of the few-shot episode, 0 elsewhere. */
  episode: Int32Array
  /** [row] sample weights, or null. */
  weight: Float64Array | null
  targets: TargetTest[]
}
export type TestTask = {
  id: string
  /** Index into `targets`. */
  target: number
  kind: Task['kind']
  classes: string[] | null
  /** What the training rows alone say: [mean] of a number, [class] shares of the classes (`Cells.plain`). */
  plain: number[]
}
export type TargetTest = {
  width: number
  /** [row] index into `tasks`, -1 where the row belongs to none. */
  task: Int32Array
  /** [row] the number or the index of the class; NaN where it was not measured. */
  truth: Float64Array
  /** [row] 1 where the cell was measured. */
  observed: Uint8Array
  /** [row, width] see `TargetPrediction`. */
  values: Float64Array
}

const Header = z.object({
  kind: z.literal('predictions'),
  rows: z.int().nonnegative(),
  weighted: z.boolean(),
  widths: z.array(z.int().min(1).max(1_000_000)),
  tasks: z.array(
    z.object({
      id: z.string(),
      target: z.int().nonnegative(),
      kind: z.enum(['regression', 'binary', 'multiclass']),
      classes: z.array(z.string()).nullable(),
      plain: z.array(z.number().nullable()),
    }),
  ),
})

export function writePredictions(p: TestPredictions): Uint8Array {
  const header = {
    kind: 'predictions',
    rows: p.rows.length,
    weighted: p.weight !== null,
    widths: p.targets.map((target) => target.width),
    tasks: p.tasks,
  }
  const arrays: Parameters<typeof pack>[1] = { rows: p.rows, episode: p.episode }
  if (p.weight) arrays.weight = p.weight
  p.targets.forEach((target, t) => {
    arrays[`task${t}`] = target.task
    arrays[`truth${t}`] = target.truth
    arrays[`observed${t}`] = target.observed
    arrays[`values${t}`] = target.values
  })
  return pack(header, arrays)
}

/** The predictions blob of a trial, every length checked. Throws a UserError `damaged-pack`. */
export function readPredictions(bytes: Uint8Array): TestPredictions {
  const packed = unpack(bytes)
  const parsed = Header.safeParse(packed.header)
  if (!parsed.success) throw damaged('something else than predictions')
  const { rows: n, weighted, widths, tasks } = parsed.data
  if (tasks.some((task) => task.target >= widths.length)) throw damaged('a task without its target')
  return {
    tasks: tasks.map((task) => ({ ...task, plain: task.plain.map((value) => value ?? NaN) })),
    rows: take(packed, 'rows', 'i32', n),
    episode: take(packed, 'episode', 'i32', n),
    weight: weighted ? take(packed, 'weight', 'f64', n) : null,
    targets: widths.map((width, t) => {
      const task = take(packed, `task${t}`, 'i32', n)
      if (task.some((index) => index < -1 || index >= tasks.length)) throw damaged('a row of an unknown task')
      return {
        width,
        task,
        truth: take(packed, `truth${t}`, 'f64', n),
        observed: take(packed, `observed${t}`, 'u8', n),
        values: take(packed, `values${t}`, 'f64', n * width),
      }
    }),
  }
}

/** The measured cells of every task, in one pass over the rows; `keep` narrows them, e.g. to one episode. */
export function cellsByTask(p: TestPredictions, keep: (row: number) => boolean = () => true): Cells[] {
  const at: number[][] = p.tasks.map(() => [])
  for (const { task, observed } of p.targets)
    for (let row = 0; row < p.rows.length; row++)
      if (task[row] >= 0 && observed[row] && keep(row)) at[task[row]].push(row)
  return p.tasks.map(({ kind, target, plain }, k) => {
    const { width, truth, values } = p.targets[target]
    const prediction = new Float64Array(at[k].length * width)
    at[k].forEach((row, i) => prediction.set(values.subarray(row * width, (row + 1) * width), i * width))
    const weight = p.weight
    return {
      kind,
      width,
      truth: Float64Array.from(at[k], (row) => truth[row]),
      prediction,
      weight: weight && Float64Array.from(at[k], (row) => weight[row]),
      plain: Float64Array.from(plain),
    }
  })
}

/** One figure per task, few-shot episodes averaged within their task; null where the metric is undefined. */
export function score(p: TestPredictions, metric: Metric): Map<string, number | null> {
  const episodes = [...new Set(p.episode)]
  const cells = episodes.map((episode) => cellsByTask(p, (row) => p.episode[row] === episode))
  const figures = new Map<string, number | null>()
  p.tasks.forEach((task, k) => {
    if (metric.kinds.includes(task.kind)) figures.set(task.id, meanOf(cells.map((c) => metric.compute(c[k]))))
  })
  return figures
}

/**
 * The figure over all tasks: the mean of theirs. Null where a task with measured cells was left without a prediction,
 * for the mean of the others would flatter.
 */
export function overall(
  p: TestPredictions,
  metric: Metric,
  figures: ReadonlyMap<string, number | null>,
): number | null {
  const silent = p.targets.some(({ width, task, observed, values }) =>
    task.some(
      (k, row) =>
        k >= 0 && observed[row] && metric.kinds.includes(p.tasks[k].kind) && Number.isNaN(values[row * width]),
    ),
  )
  return silent ? null : meanOf([...figures.values()])
}

/** Mean of the defined figures, null where there is none. */
export function meanOf(values: (number | null)[]): number | null {
  const defined = values.filter((value): value is number => value !== null)
  return defined.length ? defined.reduce((sum, value) => sum + value, 0) / defined.length : null
}
