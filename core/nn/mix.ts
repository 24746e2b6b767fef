import { add, mul, reshape, slice } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { Block } from './blocks.ts'
import { tasksOf } from './plan.ts'
import type { Plan } from './plan.ts'

/** sum_k shares_k h_k: shares [column, row or 1, stack], h [stack, row, unit] -> [column, row, unit] */
export function mix(shares: Expr, h: Expr): Expr {
  const [stacks, rows, units] = h.shape
  return Array.from({ length: stacks as number }, (_, k) =>
    mul(slice(shares, 2, k, k + 1), reshape(slice(h, 0, k, k + 1), [rows, units])),
  ).reduce(add)
}

/** softmax of plain numbers. */
export function softmaxOf(scores: ArrayLike<number>): number[] {
  const most = Math.max(...Array.from(scores))
  const parts = Array.from(scores, (v) => Math.exp(v - most))
  const sum = parts.reduce((a, b) => a + b, 0)
  return parts.map((v) => v / sum)
}

/** A block with one tensor per task. */
export const ofTasks = (plan: Plan, name: string, shape: number[], start: Block['start'], bias = false): Block => ({
  name,
  shape: [tasksOf(plan), ...shape],
  start,
  bias,
  owner: 'task',
  columns: [0, plan.columns.length],
})

/** Part t of a block [task, ...]. */
export function partOf(pieces: Map<string, Float32Array>, name: string, t: number, size: number): Float32Array {
  return (pieces.get(name) as Float32Array).slice(t * size, (t + 1) * size)
}

export const counted = (n: number): string[] => Array.from({ length: n }, (_, k) => String(k + 1))
