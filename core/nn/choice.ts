import { add, cast, constant, gather, matmul, maximum, reshape, slice, transpose } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { headsOf } from './plan.ts'
import type { Plan } from './plan.ts'

/**
 * The parameters of each row's own task. Tasks are counted column by column, head by head. Where every column has one
 * head, all rows have the same tasks and one product serves them all; with a task column, each row gathers the
 * parameters of its own task, so that 139 tasks cost a row no more than two.
 */
export type Choice = {
  /** [row, column] the head of each cell, null where it is the same for all rows. */
  owner: Expr | null
  /** Whether rows differ in their parameters. */
  perRow: boolean
  /** p [task, ...rest], of the tasks of columns from..to -> [column, row or 1, ...rest]. */
  own(p: Expr, columns?: [from: number, to: number]): Expr
}

export function chooseByOwner(plan: Plan, owner: Expr): Choice {
  if (plan.columns.every((column) => headsOf(column) === 1)) return { ...chooseHead(plan, 0), owner }
  return {
    owner,
    perRow: true,
    own(p, [from, to] = [0, plan.columns.length]) {
      const first = constant(firsts(plan, from, to), [to - from])
      // A cell that was not measured has owner -1 and weight 0: any task will do.
      const heads = maximum(slice(owner, 1, from, to), 0)
      return gather(p, cast(transpose(add(heads, first)), 'int64'))
    },
  }
}

/** The same head for every row: the `head`-th of each column, or the only one. */
export function chooseHead(plan: Plan, head: number): Choice {
  return {
    owner: null,
    perRow: false,
    own(p, [from, to] = [0, plan.columns.length]) {
      const columns = plan.columns.slice(from, to)
      const rest = p.shape.slice(1)
      if (columns.every((column) => headsOf(column) === 1)) return reshape(p, [to - from, 1, ...rest])
      const at = firsts(plan, from, to).map((first, c) => first + Math.min(head, headsOf(columns[c]) - 1))
      return reshape(gather(p, constant(at, [at.length], 'int64')), [to - from, 1, ...rest])
    },
  }
}

/** The first task of each of these columns, counted from the first column's. */
function firsts(plan: Plan, from: number, to: number): number[] {
  let at = 0
  return plan.columns.slice(from, to).map((column) => (at += headsOf(column)) - headsOf(column))
}

/**
 * A layer whose weights are the task's own: h [row, in] or [column, row, in]; weights [task, in, out] and bias
 * [task, out] of the tasks of `columns` -> [column, row, out].
 */
export function ownDense(
  h: Expr,
  weights: Expr,
  bias: Expr | null,
  choice: Choice,
  columns?: [from: number, to: number],
): Expr {
  const w = choice.own(weights, columns) // [column, row or 1, in, out]
  const [c, , inputs, units] = w.shape
  const z = choice.perRow
    ? reshape(matmul(reshape(h, [...h.shape.slice(0, -1), 1, inputs]), w), [c, h.shape.at(-2)!, units])
    : matmul(h, reshape(w, [c, inputs, units]))
  return bias ? add(z, choice.own(bias, columns)) : z
}
