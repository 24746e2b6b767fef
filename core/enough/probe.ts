import { solveRidge } from '../classical/ridge.ts'
import { fitEncoder } from '../data/encoding.ts'
import type { View } from '../data/taskSet.ts'
import { cellsOfView } from '../frame.ts'
import { rng } from '../rng.ts'
import { average } from '../stats/intervals.ts'
import { curves, directions, type Inputs } from './features.ts'
import { fitPrior, said, weightsGiven, type Prior, type TaskRows } from './prior.ts'

/**
 * A quick look at whether tasks share what a meta-learner could learn. Tasks are held out in turn (three parts); from
 * `shots` rows of a held-out task its other rows are predicted in ways that take no training worth the name:
 *   level       the mean of all other tasks
 *   alone       ridge on the task's own few rows
 *   line        one straight line for all tasks
 *   curve       one curve for all tasks
 *   lines       lines that are alike as far as the tasks turn out to be: the hierarchical linear model
 *   curves      curves that are alike in the same sense: what stands for a meta-learner
 * Figures are mean squared errors over tasks, as shares of the variance of the target.
 */
export const WAYS = ['level', 'alone', 'line', 'curve', 'lines', 'curves'] as const
export type Way = (typeof WAYS)[number]
export type Probe = {
  tasks: number
  /** Median rows of a task. */
  rows: number
  shots: number
  inputs: number
  errors: Record<Way, number>
  /** Mean over tasks of log(error of the best other way / error of curves), and its standard error. */
  gain: number
  se: number
  /** Share of the variance of the target that lies between tasks (intraclass correlation of levels). */
  between: number
}

const PARTS = 3
const MOST_TASKS = 60
const MOST_ROWS = 60

/** Null where fewer than three tasks have more rows than `shots`. */
export function probe(view: View, shots: number): Probe | null {
  const random = rng(`enough/${view.set.table.hash}/${shots}`)
  const cells = cellsOfView(view)
  const sizes = cells.map(({ at }) => at.length).filter((n) => n > 0)
  const all: TaskRows[] = cells
    .filter(({ at }) => at.length > shots)
    .map(({ at, y }) => {
      const order = random.permutation(at.length).slice(0, Math.max(MOST_ROWS, shots + 15))
      return { at: Array.from(order, (i) => at[i]), y: Array.from(order, (i) => y[i]) }
    })
  if (all.length < PARTS) return null
  const chosen = Array.from(random.permutation(all.length).slice(0, MOST_TASKS), (k) => all[k])
  const encoder = fitEncoder(view)
  const plain = directions(encoder.encode(view.set, view.rows), encoder.names.length)
  const bent = curves(plain, random.split('curves'))
  const { tasks, between } = standardised(chosen)
  const errors: Record<Way, number[]> = { level: [], alone: [], line: [], curve: [], lines: [], curves: [] }
  for (let part = 0; part < PARTS; part++) {
    const known = tasks.filter((_, k) => k % PARTS !== part)
    const level = average(known.map(({ y }) => average(y)))
    const priors = { lines: fitPrior(plain, known), curves: fitPrior(bent, known) }
    for (const task of tasks.filter((_, k) => k % PARTS === part)) {
      const own = errorsOf(task, shots, plain, bent, level, priors)
      for (const way of WAYS) errors[way].push(own[way])
    }
  }
  const means = Object.fromEntries(WAYS.map((way) => [way, average(errors[way])])) as Record<Way, number>
  const rival = WAYS.filter((way) => way !== 'curves').reduce((a, b) => (means[b] < means[a] ? b : a))
  const gains = errors.curves.map((error, k) => Math.log((errors[rival][k] + 0.01) / (error + 0.01)))
  const gain = average(gains)
  return {
    tasks: sizes.length,
    rows: sizes.sort((a, b) => a - b)[sizes.length >> 1],
    shots,
    inputs: encoder.names.length,
    errors: means,
    gain,
    se: Math.sqrt(average(gains.map((g) => (g - gain) ** 2)) / Math.max(1, gains.length - 1)),
    between,
  }
}

function errorsOf(
  task: TaskRows,
  shots: number,
  plain: Inputs,
  bent: Inputs,
  level: number,
  priors: Record<'lines' | 'curves', Prior>,
) {
  const support = { at: task.at.slice(0, shots), y: task.y.slice(0, shots) }
  const query = { at: task.at.slice(shots), y: task.y.slice(shots) }
  const cells = { at: Int32Array.from(support.at), y: Float64Array.from(support.y), weight: null }
  const error = (w: Float64Array, inputs: Inputs) =>
    query.at.reduce((sum, row, i) => sum + (said(w, inputs, row) - query.y[i]) ** 2, 0) / query.at.length
  const alone = solveRidge(plain.x, plain.width, cells, 1)
  // Its intercept is free: joined with that of the constant input.
  alone[plain.width - 1] += alone[plain.width]
  return {
    level: average(query.y.map((v) => (v - level) ** 2)),
    alone: error(alone, plain),
    line: error(priors.lines.m, plain),
    curve: error(priors.curves.m, bent),
    lines: error(weightsGiven(priors.lines, plain, support), plain),
    curves: error(weightsGiven(priors.curves, bent, support), bent),
  }
}

/** Mean 0 and variance 1 over all rows, tasks counted alike; and how much of it lies between them. */
function standardised(tasks: TaskRows[]): { tasks: TaskRows[]; between: number } {
  const levels = tasks.map(({ y }) => average(y))
  const level = average(levels)
  const within = average(
    tasks.map(({ y }, k) =>
      y.length > 1 ? (average(y.map((v) => (v - levels[k]) ** 2)) * y.length) / (y.length - 1) : 0,
    ),
  )
  const noise = average(tasks.map(({ y }) => within / y.length))
  const spread = levels.reduce((sum, v) => sum + (v - level) ** 2, 0) / (levels.length - 1)
  const between = Math.max(0, spread - noise)
  const sd = Math.sqrt(within + between) || 1
  return {
    tasks: tasks.map(({ at, y }) => ({ at, y: y.map((v) => (v - level) / sd) })),
    between: within + between > 0 ? between / (within + between) : 0,
  }
}
