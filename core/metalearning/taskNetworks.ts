import {
  add,
  broadcastTo,
  cast,
  div,
  greater,
  maximum,
  mean,
  mul,
  reshape,
  size,
  sqrt,
  sub,
  sum,
} from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { activate, dense, forward } from '../nn/layers.ts'
import { cellLoss } from '../nn/losses.ts'
import { layerShapes } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import type { Cells } from './strategy.ts'
import { TASKS } from './strategy.ts'

/** Parameters of one network as those of equal networks side by side; what is each task's own already stays. */
export function perTask(pieces: readonly Expr[]): Expr[] {
  return pieces.map((piece) => {
    if (piece.shape[0] === TASKS) return piece
    const own = piece.shape.length === 1 ? reshape(piece, [1, piece.shape[0]]) : piece
    return broadcastTo(own, [TASKS, ...own.shape])
  })
}

/** The loss of every cell [task, row, 1]. Pieces that all tasks share have no task axis. */
export function losses(plan: Plan, pieces: readonly Expr[], { x, y }: Pick<Cells, 'x' | 'y'>): Expr {
  const { kind, width } = plan.columns[0]
  return cellLoss(kind, forward(plan.activation, pieces, x), y, width)
}

/** Each task's mean of a value per cell, summed over tasks: its gradient leaves the tasks apart. */
export function sumOfMeans(each: Expr, { weight, rows }: Cells): Expr {
  const total = sum(mul(each, weight ?? 1))
  return weight ? total : div(total, size(rows))
}

/** The mean over tasks of each task's mean. */
export const meanOfMeans = (each: Expr, { weight }: Cells): Expr =>
  weight ? div(sum(mul(each, weight)), size(TASKS)) : mean(each)

export const descend = (pieces: readonly Expr[], slopes: readonly Expr[], rate: Expr): Expr[] =>
  pieces.map((piece, k) => sub(piece, mul(rate, slopes[k])))

/** Each task's inner product over all its pieces [task, 1, 1]. */
export const dot = (a: readonly Expr[], b: readonly Expr[]): Expr =>
  a.map((piece, k) => sum(mul(piece, b[k]), [1, 2], true)).reduce((total, part) => add(total, part))

/** Slopes of each task no longer than `most`, by their norm over all its pieces; shorter ones stay, to the bit. */
export function clipped(slopes: readonly Expr[], most: number): Expr[] {
  const share = div(most, sqrt(maximum(dot(slopes, slopes), most * most)))
  return slopes.map((slope) => mul(slope, share))
}

/** What the last hidden layer says [task, row, unit]. */
export function features(plan: Plan, trunk: readonly Expr[], x: Expr): Expr {
  let h = x
  for (let l = 0; l < trunk.length; l += 2) h = activate(plan.activation, dense(h, trunk[l], trunk[l + 1]))
  return h
}

/** How much each row counts where a usual row counts 1: [task, row, 1]; null where all do. */
export function rowWeights({ weight }: Cells): Expr | null {
  if (!weight) return null
  return mul(weight, sum(cast(greater(weight, 0), 'float'), [1], true))
}

/** The mean over tasks of what each task says of the start, in the start's own shapes. */
export const meanOverTasks = (plan: Plan, pieces: readonly Expr[]): Expr[] =>
  layerShapes(plan).map(({ shape }, k) => reshape(mean(pieces[k], [0]), shape))
