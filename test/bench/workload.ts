import type { Expr, Program, Tensor } from '../../core/engine/index.ts'
import { concatFloats } from '../../core/concat.ts'
import * as e from '../../core/engine/index.ts'
import { adam } from '../../core/nn/adam.ts'

/** One of the peers' workloads: the same numbers, the same model, the same optimizer. */
export type Workload = {
  name: string
  unit: string
  /** The peer's script and its variants, the best first. */
  script: string
  variants: readonly string[]
  /** Steps in one call of the runtime. */
  steps: number
  shapes: readonly (readonly number[])[]
  /** First parameters, in the order of `shapes`. */
  theta: Float32Array
  /** Fed once; the first axis counts batches. */
  data: Record<string, Tensor>
  loss(pieces: Expr[], batch: Record<string, Expr>): Expr
}

export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

/** Layers' weights and biases as the peers draw them: uniform in +-1 / sqrt(inputs). */
export function layers(draw: (count: number, scale: number) => Float32Array, dims: readonly (readonly number[])[]) {
  const shapes = dims.flatMap(([from, to]): number[][] => [[from, to], [to]])
  const parts = dims.flatMap(([from, to]) => [draw(from * to, 1 / Math.sqrt(from)), draw(to, 1 / Math.sqrt(from))])
  return { shapes, theta: concatFloats(parts) }
}

const dataInputs = ({ data }: Workload) =>
  Object.fromEntries(Object.entries(data).map(([name, { shape }]) => [name, e.input(name, shape)]))

/** Loss and gradient of the first batch. */
export function gradientProgram(workload: Workload, simplify = true): Program {
  const theta = e.input('theta', [workload.theta.length])
  const pieces = e.unflatten(theta, workload.shapes)
  const first = e.constant(0, [], 'int64')
  const batch = Object.fromEntries(Object.entries(dataInputs(workload)).map(([name, x]) => [name, e.gather(x, first)]))
  const loss = workload.loss(pieces, batch)
  return e.compile({ loss, gradient: e.flatten(e.grad(loss, pieces)) }, { simplify })
}

export const gradientFeeds = ({ theta, data }: Workload): Record<string, Tensor> => ({
  ...data,
  theta: { shape: [theta.length], data: theta },
})

/** Many steps of Adam (1e-3) in one call; `order` names each step's batch. */
export function trainingProgram(workload: Workload): Program {
  const size = workload.theta.length
  const data = dataInputs(workload)
  const order = e.input('order', ['steps'], 'int64')
  const t0 = e.input('t0', [])
  const { state, scan } = e.loop({
    count: 'steps',
    state: [e.input('theta', [size]), e.input('m', [size]), e.input('v', [size])],
    body(i, [theta, m, v]) {
      const pieces = e.unflatten(theta, workload.shapes)
      const at = e.gather(order, i)
      const loss = workload.loss(
        pieces,
        Object.fromEntries(Object.entries(data).map(([name, x]) => [name, e.gather(x, at)])),
      )
      const t = e.add(e.add(e.cast(i, 'float'), t0), 1)
      const next = adam({ theta, m, v }, e.flatten(e.grad(loss, pieces)), t, e.constant(1e-3), null)
      return { state: [next.theta, next.m, next.v], scan: [loss] }
    },
  })
  return e.compile({ theta1: state[0], m1: state[1], v1: state[2], losses: scan[0] })
}

/** Feeds of `steps` steps from step `from` on, with the state that the last call left. */
export function trainingFeeds(
  { theta, data }: Workload,
  from: number,
  steps: number,
  last?: Record<string, Tensor>,
): Record<string, Tensor> {
  const zeros = { shape: [theta.length], data: new Float32Array(theta.length) }
  const batches = Object.values(data)[0].shape[0]
  return {
    ...data,
    theta: last?.theta1 ?? { shape: [theta.length], data: theta },
    m: last?.m1 ?? zeros,
    v: last?.v1 ?? zeros,
    t0: { shape: [], data: Float32Array.of(from) },
    order: { shape: [steps], data: Int32Array.from({ length: steps }, (_, i) => (from + i) % batches) },
  }
}
