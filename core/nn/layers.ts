import { add, matmul, relu, tanh } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { Rng } from '../rng.ts'
import { untouched } from './blocks.ts'
import type { Probe } from './blocks.ts'
import { elementsOf, headsOf, layerShapes, parameterCount } from './plan.ts'
import type { Plan } from './plan.ts'

export const activate = (name: Plan['activation'], x: Expr): Expr => (name === 'relu' ? relu(x) : tanh(x))

/** x [row, in] or [net, row, in]; weights [in, out] or [net, in, out]; bias [out] or [net, 1, out]. */
export const dense = (x: Expr, weights: Expr, bias: Expr): Expr => add(matmul(x, weights), bias)

/** The perceptron: hidden layers with their activation, a linear last layer. `pieces` as `layerShapes` orders them. */
export function forward(
  activation: Plan['activation'],
  pieces: readonly Expr[],
  x: Expr,
  probe: Probe = untouched,
): Expr {
  let h = x
  for (let l = 0; l < pieces.length; l += 2) {
    h = dense(h, pieces[l], pieces[l + 1])
    if (l + 2 < pieces.length) h = probe(`trunk${(l >> 1) + 1}`, activate(activation, h))
  }
  return h
}

/**
 * First parameters: weights uniform in +-sqrt(gain / in), gain 6 before ReLU (He et al. 2015), 3 before tanh and in the
 * last layer; biases 0. Each stacked network draws from its own stream, so that it starts as it would alone. The heads
 * of one target start alike: before a task has said otherwise, it is like the others.
 */
export function initialise(plan: Plan, random: Rng): Float32Array {
  const theta = new Float32Array(parameterCount(plan))
  const nets = plan.stacked ? plan.columns.map((column) => random.split(column.tasks?.[0] ?? column.target)) : [random]
  const shapes = layerShapes(plan)
  let at = 0
  shapes.forEach(({ shape, bias, from }, l) => {
    const size = elementsOf(shape) / nets.length
    const last = l >= shapes.length - 2
    const reach = Math.sqrt((!last && plan.activation === 'relu' ? 6 : 3) / from)
    for (const net of nets) {
      if (!bias) for (let i = 0; i < size; i++) theta[at + i] = reach * (2 * net.uniform() - 1)
      at += size
    }
    if (l === shapes.length - 2 && !plan.stacked) sameStart(plan, theta.subarray(at - size, at), from)
  })
  return theta
}

/** Copies the first head of each column to its others. weights [in, units]. */
function sameStart(plan: Plan, weights: Float32Array, inputs: number): void {
  const units = weights.length / inputs
  for (let i = 0, from = 0; i < inputs; i++, from = 0)
    for (const column of plan.columns) {
      const first = i * units + from
      for (let head = 1; head < headsOf(column); head++)
        weights.copyWithin(first + head * column.width, first, first + column.width)
      from += headsOf(column) * column.width
    }
}
