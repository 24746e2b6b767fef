import type { Lines } from './problem.ts'
import { chosenUnits, outputUnits } from './plan.ts'
import type { Plan } from './plan.ts'

export type TaskScore = { task: string; column: number; loss: number }

/** Mean loss of each task's inner cells, in double precision. */
export function scoreTasks(plan: Plan, lines: Lines, out: ArrayLike<number>): TaskScore[] {
  const stride = plan.stacked ? outputUnits(plan) : chosenUnits(plan)
  const width = plan.stacked ? 1 : plan.columns.length
  const unit = (c: number) => (plan.stacked ? 0 : plan.columns.slice(0, c).reduce((sum, col) => sum + col.width, 0))
  return lines.cells.map(({ task, column, lines: own, weight }) => {
    const from = unit(column)
    let sum = 0
    let total = 0
    own.forEach((line, i) => {
      const w = weight ? weight[i] : 1
      const y = lines.y[line * width + (plan.stacked ? 0 : column)]
      sum += w * lossOf(plan.columns[column], out, line * stride + from, y)
      total += w
    })
    return { task, column, loss: total > 0 ? sum / total : 0 }
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
