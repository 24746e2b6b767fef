import { gramOf } from '../classical/gram.ts'
import type { Frame, Output, OutputCells } from '../frame.ts'
import type { TaskSetSummary } from '../method.ts'

/**
 * All that squared loss needs to know of one task's cells, which are its own: a target not measured in a row is not
 * in the sums. Inputs are centred on the task's cells and the target is standardised on them, so that
 *   1/(2n) sum (y - b0 - x w)^2  =  1/2 - cross w + 1/2 w' gram w     with the best intercept b0
 * Tasks measured in the same rows share one gram.
 */
export type Moments = {
  /** [input] weighted mean over the task's cells */
  centre: Float64Array
  /** [input, input] X'X / n */
  gram: Float64Array
  /** [input] X'y / n */
  cross: Float64Array
}

export function momentsOf({ x, encoder, outputs, cells }: Frame): Moments[] {
  const width = encoder.names.length
  const done: { at: Int32Array; centre: Float64Array; gram: Float64Array }[] = []
  return cells.map((own, k) => {
    let inputs = done.find(({ at }) => same(at, own.at))
    if (!inputs) done.push((inputs = { at: own.at, ...inputMoments(x, width, own) }))
    const { centre, gram } = inputs
    return { centre, gram, cross: crossOf(x, width, own, outputs[k], centre) }
  })
}

/** Inputs for each row that a task has: the more, the longer iterations on its moments take. */
export const crowding = ({ features, rows, targets, tasks, taskColumn }: TaskSetSummary): number =>
  features / Math.max(1, taskColumn ? (rows * targets) / tasks : rows)

/** Weights on the standardised scale [input, task], as a linear model keeps them: per task [input + 1]. */
export function coefficientsOf(weights: Float64Array, moments: Moments[], outputs: Output[]): Float64Array[] {
  const tasks = outputs.length
  return outputs.map(({ mean, sd }, t) => {
    const { centre } = moments[t]
    const own = Float64Array.from(centre, (_, j) => sd * weights[j * tasks + t])
    return Float64Array.of(...own, mean - own.reduce((sum, b, j) => sum + b * centre[j], 0))
  })
}

const same = (a: Int32Array, b: Int32Array) => a.length === b.length && a.every((row, i) => row === b[i])

function inputMoments(x: Float64Array, width: number, cells: OutputCells) {
  const { centre, gram, total } = gramOf(x, width, cells)
  return { centre, gram: gram.map((sum) => sum / (total || 1)) }
}

function crossOf(
  x: Float64Array,
  width: number,
  { at, y, weight }: OutputCells,
  { mean, sd }: Output,
  centre: Float64Array,
): Float64Array {
  const cross = new Float64Array(width)
  if (sd === 0) return cross
  let total = 0
  for (let i = 0; i < at.length; i++) {
    const w = weight ? weight[i] : 1
    total += w
    const scaled = (w * (y[i] - mean)) / sd
    for (let j = 0; j < width; j++) cross[j] += scaled * (x[at[i] * width + j] - centre[j])
  }
  return cross.map((sum) => sum / (total || 1))
}
