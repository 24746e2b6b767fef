import type { Tensor } from '../engine/index.ts'
import { programOf } from '../engine/programCache.ts'
import type { Runtime } from '../engine/runtime.ts'
import { UserError } from '../errors.ts'
import type { Frame } from '../frame.ts'
import { linesOf } from '../nn/problem.ts'
import { parameterCount } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import { asFloat32 } from '../nn/trainer.ts'
import type { Learning } from './learner.ts'
import { scalar, vector } from './adamState.ts'
import { lastInputs, shape } from './metaTrain.ts'
import { adaptProgram } from './programs.ts'
import type { Strategy } from './strategy.ts'

/** Support rows of tasks side by side, padded to the longest. */
export type Support = { tasks: number; shots: number; x: Float32Array; y: Float32Array; weight: Float32Array }

/** One network per task of the frame, each learned from the same meta-parameters: a stacked perceptron. */
export async function adaptedNetworks(
  plan: Plan,
  { strategy, adapt: { rate, steps: usual, who } }: Pick<Learning, 'strategy' | 'adapt'>,
  theta: Float32Array,
  frame: Frame,
  steps: number = usual,
  runtime: Runtime,
): Promise<{ stacked: Plan; pieces: Float32Array; extra: Record<string, Float32Array> }> {
  const stacked = stackedFor(plan, frame)
  const { pieces, extra } = await learn(plan, strategy, theta, supportOf(stacked, frame), rate, steps, runtime)
  if (!pieces.every(Number.isFinite)) throw diverged(who, rate, steps)
  return { stacked, pieces, extra }
}

/** A network of its own for each task of the frame. */
export function stackedFor(plan: Plan, frame: Frame): Plan {
  const [column] = plan.columns
  const columns = frame.outputs.map((output) => ({ ...column, tasks: [output.task] }))
  return { ...plan, stacked: true, columns }
}

/** The network that the meta-parameters stand for before any row was seen: no step, and a row that counts nothing. */
export async function startNetwork(
  plan: Plan,
  strategy: Strategy,
  theta: Float32Array,
  runtime: Runtime,
): Promise<Float32Array> {
  const nothing = {
    tasks: 1,
    shots: 1,
    x: new Float32Array(plan.inputs.length),
    y: new Float32Array(1),
    weight: new Float32Array(1),
  }
  const { pieces } = await learn(plan, strategy, theta, nothing, 1, 0, runtime)
  if (pieces.length !== parameterCount(plan)) throw new Error('internal: a start of another size than its network')
  return pieces
}

async function learn(
  plan: Plan,
  strategy: Strategy,
  theta: Float32Array,
  support: Support,
  rate: number,
  steps: number,
  runtime: Runtime,
) {
  const few = support.shots <= lastInputs(plan)
  const session = await runtime.load(
    programOf(['adapt', shape(plan), strategy.key, few], () => adaptProgram(plan, strategy, few)),
  )
  const out = await session.run({
    theta: vector(theta),
    ...rowsFed('support', support, plan.inputs.length),
    rate: scalar(rate),
    count: { shape: [], data: Int32Array.of(steps) },
  })
  const parts: Float32Array[] = []
  for (let k = 0; out[`piece${k}`]; k++) parts.push(asFloat32(out[`piece${k}`].data))
  const pieces = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    pieces.set(part, at)
    at += part.length
  }
  const extra = Object.fromEntries(
    Object.entries(out).flatMap(([name, { data }]) =>
      name.startsWith('extra_') ? [[name.slice('extra_'.length), asFloat32(data)]] : [],
    ),
  )
  return { pieces, extra }
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

export function diverged(who: string, rate: number, steps: number): UserError {
  return new UserError({
    code: 'adaptation-diverged',
    who,
    rule: 'must be small enough that learning a task stays within finite numbers.',
    got: `${rate}, no longer finite within ${steps} steps`,
    remedy: `Try ${rate / 10}.`,
  })
}
