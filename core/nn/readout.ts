import { concat, reshape, slice, transpose } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { reach } from './blocks.ts'
import type { Block, Probe } from './blocks.ts'
import { ownDense } from './choice.ts'
import type { Choice } from './choice.ts'
import { headsOf } from './plan.ts'
import type { Plan, PlanColumn } from './plan.ts'
import type { Edge, Feed, LayerGroup } from './sketch.ts'

/**
 * Linear heads with weights of their own per task, for features that may differ between tasks:
 *   y_t = f_t W_t + b_t
 * One block for each run of columns of one width, [task, in, width], so that they are one product.
 */
type Run = { from: number; to: number; width: number; name: string }

function runsOf(plan: Plan): Run[] {
  const runs: Run[] = []
  plan.columns.forEach(({ width }, c) => {
    const last = runs.at(-1)
    if (last?.width === width) last.to = c + 1
    else runs.push({ from: c, to: c + 1, width, name: `head${c + 1}` })
  })
  return runs
}

export function headBlocks(plan: Plan, inputs: number): Block[] {
  return runsOf(plan).flatMap(({ from, to, width, name }): Block[] => {
    const tasks = plan.columns.slice(from, to).reduce((sum, column) => sum + headsOf(column), 0)
    const own = { owner: 'task', columns: [from, to] } satisfies Partial<Block>
    return [
      { ...own, name, shape: [tasks, inputs, width], start: reach(inputs, 'linear'), bias: false },
      { ...own, name: `${name}.bias`, shape: [tasks, width], start: 0, bias: true },
    ]
  })
}

/** f [row, in] or [column, row, in] -> [row, chosen unit] */
export function readOut(plan: Plan, at: (name: string) => Expr, f: Expr, choice: Choice, probe: Probe): Expr {
  const parts = runsOf(plan).map(({ from, to, width, name }) => {
    const columns: [number, number] = [from, to]
    const features = f.shape.length === 2 || to - from === f.shape[0] ? f : slice(f, 0, from, to)
    const said = ownDense(features, at(name), at(`${name}.bias`), choice, columns) // [column, row, width]
    const z = probe(name, said, (p) => choice.own(p, columns))
    const rows = z.shape[1]
    if (width === 1) return transpose(reshape(z, [to - from, rows]))
    return to - from === 1 ? reshape(z, [rows, width]) : reshape(transpose(z, [1, 0, 2]), [rows, (to - from) * width])
  })
  return parts.length === 1 ? parts[0] : concat(parts, 1)
}

const ACTIVATION = { regression: 'none', binary: 'sigmoid', multiclass: 'softmax' } as const

/** A task as views name it. */
export type TaskPlace = { task: string | null; name: string; column: PlanColumn }

export const taskPlaces = (columns: PlanColumn[]): TaskPlace[] =>
  columns.flatMap((column) =>
    Array.from({ length: headsOf(column) }, (_, head) => {
      const task = column.tasks?.[head] ?? null
      return { task, name: task ?? column.target, column }
    }),
  )

/** One group per kind of head: those of one run and kind. */
export const headGroups = (plan: Plan): LayerGroup[] =>
  runsOf(plan).map(({ from, to, width, name }) => {
    const places = taskPlaces(plan.columns.slice(from, to))
    return {
      name,
      kind: 'head',
      units: width,
      activation: places.map(({ column }) => ACTIVATION[column.kind]),
      ids: places.map((place) => `head:${place.name}`),
      tasks: places.map((place) => place.task),
      names: places.map(({ column }) => (column.width > 1 ? column.classes : [column.target])),
    }
  })

/** Weights into the heads, from each layer that feeds them. */
export function headEdges(
  plan: Plan,
  pieces: Map<string, Float32Array>,
  inputs: number,
  feeds: (t: number) => Feed[],
): Edge[] {
  let t = 0
  return runsOf(plan).flatMap(({ from, to, width, name }) =>
    taskPlaces(plan.columns.slice(from, to)).flatMap((place, k) => {
      const size = inputs * width
      const weights = (pieces.get(name) as Float32Array).subarray(k * size, (k + 1) * size)
      const bias = (pieces.get(`${name}.bias`) as Float32Array).slice(k * width, (k + 1) * width)
      return feeds(t++).map(({ layer, factor }, i) => ({
        from: layer,
        to: `head:${place.name}`,
        weights: weights.map((w, j) => w * (typeof factor === 'number' ? factor : factor[Math.floor(j / width)])),
        bias: i === 0 ? bias : null,
      }))
    }),
  )
}
