import type { Predictions, View } from '../data/taskSet.ts'
import type { Runtime } from '../engine/runtime.ts'
import { programOf } from '../engine/programCache.ts'
import { answer } from '../frame.ts'
import type { Perceptron } from '../nn/perceptron.ts'
import type { Plan } from '../nn/plan.ts'
import { elementsOf } from '../nn/plan.ts'
import { vector } from './adamState.ts'
import { shape } from './metaTrain.ts'
import { spreadProgram } from './programs.ts'
import type { Strategy } from './strategy.ts'

/** Standard deviations of the predictions of learned tasks, in the target's unit; NaN where a task was not learned. */
export async function spreadOf(
  plan: Plan,
  strategy: Strategy,
  theta: Float32Array,
  { net, extra }: { net: Perceptron; extra: Record<string, Float32Array> },
  view: View,
  runtime: Runtime,
): Promise<Predictions> {
  const session = await runtime.load(
    programOf(['spread', shape(plan), strategy.key], () => spreadProgram(plan, strategy)),
  )
  const x = Float32Array.from(net.encoder.encode(view.set, view.rows))
  const rows = view.rows.length
  const shapes = Object.entries(strategy.extra?.(plan) ?? {})
  const sds: ArrayLike<number>[] = []
  for (let task = 0; task < net.outputs.length; task++) {
    const own = shapes.map(([name, dims]) => {
      const size = elementsOf(dims)
      const data = extra[name].subarray(task * size, (task + 1) * size)
      return [`extra_${name}`, { shape: [1, ...dims], data }] as const
    })
    const { sd } = await session.run({
      theta: vector(theta),
      x: { shape: [1, rows, plan.inputs.length], data: x },
      ...Object.fromEntries(own),
    })
    sds.push(sd.data as Float32Array)
  }
  const scale = plan.columns[0].sd
  return answer(view, net.outputs, (output, row, out) => (out[0] = sds[output][row] * scale))
}
