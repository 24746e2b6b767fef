import {
  add,
  cast,
  concat,
  constant,
  div,
  logSumExp,
  maximum,
  mul,
  oneHot,
  reshape,
  slice,
  softplus,
  square,
  sub,
  sum,
} from '../engine/index.ts'
import type { Dim, Expr } from '../engine/index.ts'
import { headsOf } from './plan.ts'
import type { Plan, PlanColumn } from './plan.ts'

/**
 * The loss of one cell: squared error of the standardised number, log loss of a class. z [..., width], y [..., 1] the
 * standardised number or the index of the class.
 */
export function cellLoss(kind: PlanColumn['kind'], z: Expr, y: Expr, width: number): Expr {
  const axis = z.shape.length - 1
  if (kind === 'regression') return square(sub(z, y))
  if (kind === 'binary') return sub(softplus(z), mul(y, z))
  const at = oneHot(cast(reshape(y, y.shape.slice(0, -1)), 'int64'), width)
  return sub(logSumExp(z, [axis], true), sum(mul(z, at), [axis], true))
}

/** Of the last layer [row, units], each row's own head per column: [row, chosen units]. owner [row, column]. */
export function chooseHeads(plan: Plan, z: Expr, owner: Expr): Expr {
  if (plan.columns.every((column) => headsOf(column) === 1)) return z
  const rows = z.shape[0]
  let from = 0
  const chosen = plan.columns.map((column, c) => {
    const heads = headsOf(column)
    const own = part(z, 1, from, (from += heads * column.width))
    return heads === 1 ? own : ownHead(own, part(owner, 1, c, c + 1), rows, heads, column.width)
  })
  return chosen.length === 1 ? chosen[0] : concat(chosen, 1)
}

function ownHead(z: Expr, owner: Expr, rows: Dim, heads: number, width: number): Expr {
  const mask = oneHot(cast(reshape(owner, [rows]), 'int64'), heads)
  if (width === 1) return sum(mul(z, mask), [1], true)
  return sum(mul(reshape(z, [rows, heads, width]), reshape(mask, [rows, heads, 1])), [1])
}

/**
 * Mean over rows of the weighted cell losses: y and weight [row, column], z [row, chosen units]. Weights hold the masks
 * (0 where a cell was not measured) and make every column count alike.
 */
export function sharedLoss(plan: Plan, z: Expr, y: Expr, weight: Expr, rows: Expr): Expr {
  const parts: Expr[] = []
  let from = 0
  const columns = (c: number, n: number, x: Expr) => part(x, 1, c, c + n)
  for (let c = 0; c < plan.columns.length;) {
    const { kind, width } = plan.columns[c]
    // Numbers stand together, and so do pairs of classes: one block each.
    let n = 1
    if (width === 1) while (plan.columns[c + n]?.kind === kind) n++
    const own = part(z, 1, from, (from += n * width))
    parts.push(sum(mul(cellLoss(kind, own, columns(c, n, y), width), columns(c, n, weight))))
    c += n
  }
  return div(parts.reduce(add), rows)
}

/**
 * `sharedLoss` task by task, for those who weigh tasks against each other:
 *   losses [task]: mean over the batch's cells of the task, 0 where it has none
 *   shares [task]: what each counts, so that sum(shares x losses) is `sharedLoss`
 * Tasks are counted column by column, head by head. owner [row, column].
 */
export function taskLosses(
  plan: Plan,
  z: Expr,
  y: Expr,
  weight: Expr,
  owner: Expr,
  rows: Expr,
): { losses: Expr; shares: Expr } {
  const sums: Expr[] = []
  const weights: Expr[] = []
  let from = 0
  plan.columns.forEach((column, c) => {
    const { kind, width } = column
    const heads = headsOf(column)
    const w = part(weight, 1, c, c + 1)
    const lost = mul(cellLoss(kind, part(z, 1, from, (from += width)), part(y, 1, c, c + 1), width), w)
    if (heads === 1) {
      sums.push(reshape(sum(lost), [1]))
      weights.push(reshape(sum(w), [1]))
      return
    }
    const own = oneHot(cast(reshape(part(owner, 1, c, c + 1), [z.shape[0]]), 'int64'), heads)
    sums.push(sum(mul(own, lost), [0]))
    weights.push(sum(mul(own, w), [0]))
  })
  const total = concat(weights, 0)
  return { losses: div(concat(sums, 0), maximum(total, LEAST_WEIGHT)), shares: div(total, rows) }
}
const LEAST_WEIGHT = 1e-12

/** `sharedLoss` for networks side by side: z [net, row, units], y and weight [net, row, 1]. */
export function stackedLoss(plan: Plan, z: Expr, y: Expr, weight: Expr, rows: Expr): Expr {
  const kinds = [...new Map(plan.columns.map((column) => [`${column.kind}/${column.width}`, column])).values()]
  const parts = kinds.map(({ kind, width }) => {
    const own = plan.columns.map((column) => Number(column.kind === kind && column.width === width))
    const loss = mul(cellLoss(kind, part(z, 2, 0, width), y, width), weight)
    return sum(kinds.length === 1 ? loss : mul(loss, constant(own, [own.length, 1, 1])))
  })
  return div(parts.reduce(add), rows)
}

/** x[from:to] along an axis; x itself where that is all of it. */
const part = (x: Expr, axis: number, from: number, to: number): Expr =>
  from === 0 && to === x.shape[axis] ? x : slice(x, axis, from, to)
