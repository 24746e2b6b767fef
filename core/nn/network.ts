import type { Encoder } from '../data/encoding.ts'
import { single } from '../data/encoding.ts'
import type { Predictions, View } from '../data/taskSet.ts'
import type { Runtime, Session, Tensor } from '../engine/runtime.ts'
import { answer } from '../frame.ts'
import type { Output } from '../frame.ts'
import { link } from '../link.ts'
import { architectureOf } from './architecture.ts'
import { chosenUnits, outputUnits } from './plan.ts'
import type { Plan } from './plan.ts'
import { programOf } from './programs.ts'
import type { Lines } from './problem.ts'

/** Parameters in their plan; `alive` [unit] where units were silenced. */
export type Net = { plan: Plan; theta: Float32Array; alive?: Float32Array | null }

/**
 * The last layer of the network for every line, before link and scale. Shared: [line, chosen unit]; stacked: [line,
 * unit] of the line's own network.
 */
export async function lineOutputs(
  { plan, theta, alive }: Net,
  lines: Pick<Lines, 'lines' | 'x' | 'owner' | 'rowOf' | 'starts'>,
  runtime: Runtime,
): Promise<ArrayLike<number>> {
  const session = await runtime.load(programOf(alive ? 'lesioned' : 'output', plan))
  const { linesAtOnce } = architectureOf(plan)
  const rows = lines.x.length / plan.inputs.length
  const feeds: Record<string, Tensor> = {
    theta: { shape: [theta.length], data: theta },
    x: { shape: [rows, plan.inputs.length], data: lines.x },
    ...(alive ? { alive: { shape: [alive.length], data: alive } } : {}),
  }
  if (plan.stacked) return stackedOutputs(plan, session, feeds, lines, linesAtOnce)
  const columns = plan.columns.length
  const out = new Float64Array(rows * chosenUnits(plan))
  for (let from = 0; from < rows; from += linesAtOnce) {
    const to = Math.min(rows, from + linesAtOnce)
    const part = (data: Float32Array, width: number) => ({
      shape: [to - from, width],
      data: data.subarray(from * width, to * width),
    })
    const { z } = await session.run({
      ...feeds,
      x: part(lines.x, plan.inputs.length),
      owner: part(lines.owner, columns),
    })
    out.set(z.data as Float32Array, from * chosenUnits(plan))
  }
  return out
}

async function stackedOutputs(
  plan: Plan,
  session: Session,
  feeds: Record<string, Tensor>,
  { lines, rowOf, starts }: Pick<Lines, 'lines' | 'rowOf' | 'starts'>,
  atOnce: number,
): Promise<Float64Array> {
  const nets = plan.columns.length
  const units = outputUnits(plan)
  const out = new Float64Array(lines * units)
  let longest = 0
  for (let g = 0; g < nets; g++) longest = Math.max(longest, starts[g + 1] - starts[g])
  for (let from = 0; from < longest; from += atOnce) {
    const asked = Math.min(atOnce, longest - from)
    const at = new Float32Array(nets * asked)
    for (let g = 0; g < nets; g++)
      for (let i = 0; i < asked && starts[g] + from + i < starts[g + 1]; i++)
        at[g * asked + i] = rowOf[starts[g] + from + i]
    const z = (await session.run({ ...feeds, at: { shape: [nets, asked], data: at } })).z.data as Float32Array
    for (let g = 0; g < nets; g++)
      for (let i = 0; i < asked && starts[g] + from + i < starts[g + 1]; i++)
        for (let u = 0; u < units; u++) out[(starts[g] + from + i) * units + u] = z[(g * asked + i) * units + u]
  }
  return out
}

/** Predictions in the targets' own units. A column without heads of its own answers tasks never seen, too. */
export async function predictWith(
  net: Net & { encoder: Encoder; outputs: Output[] },
  view: View,
  runtime: Runtime,
): Promise<Predictions> {
  const { plan, encoder, outputs } = net
  const x = single(encoder.encode(view.set, view.rows))
  const asked = askedCells(plan, outputs, view)
  const z = await lineOutputs(net, { ...asked, x }, runtime)
  const write = (line: number, unit: number, c: number, out: Float64Array) => {
    const { kind, mean, sd } = plan.columns[c]
    const stride = plan.stacked ? outputUnits(plan) : chosenUnits(plan)
    for (let k = 0; k < out.length; k++) out[k] = z[line * stride + unit + k]
    if (kind === 'regression') out[0] = out[0] * sd + mean
    else link(kind, out)
  }
  const columnOf = outputs.map((output) => columnFor(plan, output))
  const units = plan.columns.map((_, c) =>
    plan.stacked ? 0 : plan.columns.slice(0, c).reduce((sum, column) => sum + column.width, 0),
  )
  return answer(
    view,
    outputs,
    (output, row, out) => {
      const c = columnOf[output]
      write(plan.stacked ? (asked.lineOf[c].get(row) as number) : row, units[c], c, out)
    },
    plan.stacked || plan.columns.some((column) => column.tasks)
      ? undefined
      : (target, row, out) => {
          const c = plan.columns.findIndex((column) => column.target === target)
          write(row, units[c], c, out)
        },
  )
}

/** The column that answers a task. */
export function columnFor(plan: Plan, output: Output): number {
  const c = plan.columns.findIndex((column) =>
    column.tasks ? column.tasks.includes(output.task) : column.target === output.target,
  )
  if (c < 0) throw new Error(`internal: no column for task ${output.task}`)
  return c
}

/** Which head (shared) or which rows (stacked) the view asks for. */
function askedCells(plan: Plan, outputs: Output[], { set, rows, tasks }: View) {
  const known = new Map(outputs.map((output) => [output.task, columnFor(plan, output)]))
  const wanted = new Set(tasks)
  const columns = plan.columns.length
  const owner = new Float32Array(plan.stacked ? 0 : rows.length * columns)
  const lineOf = plan.columns.map(() => new Map<number, number>())
  const perNet: number[][] = plan.columns.map(() => [])
  for (let target = 0; target < set.targets.length; target++)
    for (let i = 0; i < rows.length; i++) {
      const task = set.taskOf(rows[i], target)
      const c = task < 0 || !wanted.has(task) ? undefined : known.get(set.tasks[task].id)
      if (c === undefined) continue
      if (plan.stacked) perNet[c].push(i)
      else owner[i * columns + c] = plan.columns[c].tasks?.indexOf(set.tasks[task].id) ?? 0
    }
  const starts = new Int32Array(columns + 1)
  const rowOf: number[] = []
  perNet.forEach((own, c) => {
    for (const row of own) lineOf[c].set(row, rowOf.push(row) - 1)
    starts[c + 1] = rowOf.length
  })
  return { lines: plan.stacked ? rowOf.length : rows.length, owner, rowOf: Float32Array.from(rowOf), starts, lineOf }
}
