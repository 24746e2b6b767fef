import type { Tensor } from '../engine/index.ts'
import type { Frame } from '../frame.ts'
import { linesOf } from '../nn/problem.ts'
import type { Plan } from '../nn/plan.ts'

/** Support rows of tasks side by side, padded to the longest. */
export type Support = { tasks: number; shots: number; x: Float32Array; y: Float32Array; weight: Float32Array }

/** A network of its own for each task of the frame. */
export function stackedFor(plan: Plan, frame: Frame): Plan {
  const [column] = plan.columns
  const columns = frame.outputs.map((output) => ({ ...column, tasks: [output.task] }))
  return { ...plan, stacked: true, columns }
}

/** The rows of a support or query set as a program is fed them. */
export function rowsFed(
  set: 'support' | 'query',
  { tasks, shots, x, y, weight }: Support,
  width: number,
): Record<string, Tensor> {
  const rows = (data: Float32Array, each: number): Tensor => ({ shape: [tasks, shots, each], data })
  return { [`${set}X`]: rows(x, width), [`${set}Y`]: rows(y, 1), [`${set}Weight`]: rows(weight, 1) }
}

export function supportOf(stacked: Plan, frame: Frame): Support {
  const lines = linesOf(stacked, frame, 'none')
  const tasks = frame.outputs.length
  const shots = Math.max(...frame.outputs.map((output) => output.cells))
  const width = stacked.inputs.length
  const x = new Float32Array(tasks * shots * width)
  const y = new Float32Array(tasks * shots)
  const weight = new Float32Array(tasks * shots)
  for (let task = 0; task < tasks; task++) {
    const [from, to] = [lines.starts[task], lines.starts[task + 1]]
    let total = 0
    for (let line = from; line < to; line++) total += lines.weight[line]
    for (let line = from; line < to; line++) {
      const at = task * shots + line - from
      const row = lines.rowOf[line] * width
      x.set(lines.x.subarray(row, row + width), at * width)
      y[at] = lines.y[line]
      weight[at] = lines.weight[line] / total
    }
  }
  return { tasks, shots, x, y, weight }
}

/** The same rows, none of which counts: all that is known of tasks before any row was seen. */
export const unseen = (support: Support): Support => ({ ...support, weight: new Float32Array(support.weight.length) })

/** The support set of some of its tasks. */
export function someTasks({ shots, x, y, weight }: Support, tasks: readonly number[]): Support {
  const pick = (all: Float32Array) => {
    const each = (all.length / y.length) * shots
    const out = new Float32Array(tasks.length * each)
    tasks.forEach((task, place) => out.set(all.subarray(task * each, (task + 1) * each), place * each))
    return out
  }
  return { tasks: tasks.length, shots, x: pick(x), y: pick(y), weight: pick(weight) }
}
