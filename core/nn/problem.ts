import type { Frame, OutputCells } from '../frame.ts'
import { cellsOfView } from '../frame.ts'
import type { Encoder } from '../data/encoding.ts'
import { single } from '../data/encoding.ts'
import type { View } from '../data/taskSet.ts'
import type { Plan } from './plan.ts'

/**
 * A view as the arrays a perceptron trains on: standardised targets, masks and weights in one.
 *
 * Shared: one line per row, [line, column] of y, weight and owner (which head). Stacked: one line per measured cell,
 * network after network; `rowOf` says which row of x it reads.
 */
export type Lines = {
  lines: number
  /** [row, input] */
  x: Float32Array
  y: Float32Array
  weight: Float32Array
  /** Shared: [line, column] index of the head, -1 where the cell has none. */
  owner: Float32Array
  /** Stacked: [line] row of x. */
  rowOf: Float32Array
  /** Stacked: the lines of network g are starts[g] to starts[g + 1]. */
  starts: Int32Array
  /** Per task of the plan, in the order of `tasksOf`: its lines with their true weights. */
  cells: { task: string; column: number; lines: Int32Array; weight: Float64Array | null }[]
}

/** What a class counts in training: `balanced` makes every class of a task weigh the same in sum. */
export type ClassWeights = 'none' | 'balanced'

export function linesOf(plan: Plan, frame: Frame, classWeights: ClassWeights): Lines {
  const columnOf = new Map<string, number>()
  const headOf = new Map<string, number>()
  plan.columns.forEach((column, c) => {
    const tasks = column.tasks ?? frame.outputs.filter((o) => o.target === column.target).map((o) => o.task)
    tasks.forEach((task, head) => {
      columnOf.set(task, c)
      headOf.set(task, column.tasks ? head : 0)
    })
  })
  const known = frame.outputs.map((output, k) => ({ output, cells: frame.cells[k] }))
  const used = known.filter(({ output }) => columnOf.has(output.task))
  const x = single(frame.x)
  const rows = frame.view.rows.length
  const columns = plan.columns.length
  const counts = new Float64Array(columns)
  for (const { output, cells } of used) counts[columnOf.get(output.task) as number] += cells.y.length
  const total = counts.reduce((sum, n) => sum + n, 0)
  const lines = plan.stacked ? total : rows
  const width = plan.stacked ? 1 : columns
  const out: Lines = {
    lines,
    x,
    y: new Float32Array(lines * width),
    weight: new Float32Array(lines * width),
    owner: new Float32Array(plan.stacked ? 0 : lines * width).fill(-1),
    rowOf: new Float32Array(plan.stacked ? lines : 0),
    starts: new Int32Array(plan.stacked ? columns + 1 : 0),
    cells: [],
  }
  // Stacked networks have one task each; their lines follow the order of the columns.
  if (plan.stacked) {
    used.sort((a, b) => (columnOf.get(a.output.task) as number) - (columnOf.get(b.output.task) as number))
    for (let c = 0; c < columns; c++) out.starts[c + 1] = out.starts[c] + counts[c]
  }
  let next = 0
  for (const { output, cells } of used) {
    const c = columnOf.get(output.task) as number
    const { kind, mean, sd } = plan.columns[c]
    const own = new Int32Array(cells.y.length)
    const classWeight =
      classWeights === 'balanced' && kind !== 'regression' ? balance(cells, output.shares.length) : null
    // Every column counts alike, however many of its cells were measured; a stacked network's weights mean 1.
    const scale = plan.stacked ? 1 : rows / (counts[c] * columns)
    for (let i = 0; i < cells.y.length; i++) {
      const line = plan.stacked ? next++ : cells.at[i]
      const at = plan.stacked ? line : line * width + c
      own[i] = line
      out.y[at] = kind === 'regression' ? (cells.y[i] - mean) / sd : cells.y[i]
      out.weight[at] = scale * (cells.weight ? cells.weight[i] : 1) * (classWeight ? classWeight[cells.y[i]] : 1)
      if (plan.stacked) out.rowOf[line] = cells.at[i]
      else out.owner[at] = headOf.get(output.task) as number
    }
    out.cells.push({ task: output.task, column: c, lines: own, weight: cells.weight })
  }
  return out
}

/** n / (classes present x n of the class). */
function balance({ y }: OutputCells, classes: number): Float64Array {
  const counts = new Float64Array(classes)
  for (const k of y) counts[k]++
  const present = counts.filter((n) => n > 0).length
  return counts.map((n) => (n > 0 ? y.length / (present * n) : 0))
}

/** The same tasks on other rows, scaled by what the training rows said. */
export function frameLike(
  frame: Pick<Frame, 'outputs' | 'encoder'>,
  view: View,
  encoder: Encoder = frame.encoder,
): Frame {
  const cells = cellsOfView(view)
  const known = new Map(frame.outputs.map((output) => [output.task, output]))
  const tasks = Array.from(view.tasks, (task) => view.set.tasks[task].id)
  const keep = tasks.map((task, k) => known.has(task) && cells[k].y.length > 0)
  return {
    view,
    encoder,
    x: encoder.encode(view.set, view.rows),
    outputs: tasks.filter((_, k) => keep[k]).map((task) => known.get(task) as Frame['outputs'][number]),
    cells: cells.filter((_, k) => keep[k]),
  }
}

/** Of the lines of networks side by side, those of some: columns are counted anew. */
export function linesOfNets(lines: Lines, nets: readonly number[]): Lines {
  const starts = new Int32Array(nets.length + 1)
  nets.forEach((g, k) => (starts[k + 1] = starts[k] + lines.starts[g + 1] - lines.starts[g]))
  const pick = (data: Float32Array) => {
    const out = new Float32Array(starts[nets.length])
    nets.forEach((g, k) => out.set(data.subarray(lines.starts[g], lines.starts[g + 1]), starts[k]))
    return out
  }
  return {
    ...lines,
    lines: starts[nets.length],
    y: pick(lines.y),
    weight: pick(lines.weight),
    rowOf: pick(lines.rowOf),
    starts,
    cells: lines.cells.flatMap((cell) => {
      const column = nets.indexOf(cell.column)
      if (column < 0) return []
      const shift = starts[column] - lines.starts[cell.column]
      return [{ ...cell, column, lines: cell.lines.map((line) => line + shift) }]
    }),
  }
}
