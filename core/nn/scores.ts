import type { Lines } from './problem.ts'
import { chosenUnits, outputUnits } from './plan.ts'
import type { Plan } from './plan.ts'

export type TaskScore = { task: string; column: number; loss: number }

/** Mean loss of each task's inner cells, in double precision. */
export function scoreTasks(plan: Plan, lines: Lines, out: ArrayLike<number>): TaskScore[] {
  const losses = cellLosses(plan, lines, out)
  return lines.cells.map(({ task, column, weight }, k) => ({ task, column, loss: weightedMean(losses[k], weight) }))
}

export function weightedMean(values: Float64Array, weight: Float64Array | null): number {
  let sum = 0
  let total = 0
  for (let i = 0; i < values.length; i++) {
    const w = weight ? weight[i] : 1
    sum += w * values[i]
    total += w
  }
  return total > 0 ? sum / total : 0
}

/** Per task of `lines.cells`, the loss of each of its cells. */
export function cellLosses(plan: Plan, lines: Lines, out: ArrayLike<number>): Float64Array[] {
  const stride = plan.stacked ? outputUnits(plan) : chosenUnits(plan)
  const width = plan.stacked ? 1 : plan.columns.length
  const unit = (c: number) => (plan.stacked ? 0 : plan.columns.slice(0, c).reduce((sum, col) => sum + col.width, 0))
  return lines.cells.map(({ column, lines: own }) => {
    const from = unit(column)
    return Float64Array.from(own, (line) =>
      lossOf(plan.columns[column], out, line * stride + from, lines.y[line * width + (plan.stacked ? 0 : column)]),
    )
  })
}

function lossOf({ kind, width }: Plan['columns'][number], out: ArrayLike<number>, at: number, y: number): number {
  const value = out[at]
  if (kind === 'regression') return (value - y) ** 2
  if (kind === 'binary') return Math.max(value, 0) - value * y + Math.log1p(Math.exp(-Math.abs(value)))
  let largest = -Infinity
  for (let k = 0; k < width; k++) largest = Math.max(largest, out[at + k])
  let sum = 0
  for (let k = 0; k < width; k++) sum += Math.exp(out[at + k] - largest)
  return Math.log(sum) + largest - out[at + y]
}
