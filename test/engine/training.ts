import type { Expr, Program, Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { numbers } from './cases.ts'

/** A network trained with Adam inside a loop: what training tests and the benchmark run. */
export type Layers = readonly number[]
const shapesOf = (layers: Layers) => layers.slice(1).flatMap((width, k): number[][] => [[layers[k], width], [width]])

export const parameterCount = (layers: Layers): number =>
  shapesOf(layers).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0)

export function forward(pieces: readonly Expr[], x: Expr, activation = e.relu as (x: Expr) => Expr): Expr {
  let z = x
  for (let k = 0; k < pieces.length; k += 2) {
    z = e.add(e.matmul(z, pieces[k]), pieces[k + 1])
    if (k + 2 < pieces.length) z = activation(z)
  }
  return z
}

export function trainingProgram(layers: Layers): Program {
  const shapes = shapesOf(layers)
  const width = parameterCount(layers)
  const x = e.input('x', ['rows', layers[0]])
  const y = e.input('y', ['rows', layers.at(-1)!])
  const batches = e.input('batches', ['steps', 'batch'], 'int64')
  const { state, scan } = e.loop({
    count: 'steps',
    state: [e.input('theta', [width]), e.input('m', [width]), e.input('v', [width])],
    body(i, [theta, m, v]) {
      const rows = e.gather(batches, i)
      const pieces = e.unflatten(theta, shapes)
      const guess = forward(pieces, e.gather(x, rows))
      const loss = e.mean(e.square(e.sub(guess, e.gather(y, rows))))
      const g = e.flatten(e.grad(loss, pieces))
      const t = e.add(e.cast(i, 'float'), 1)
      const [nextM, nextV] = [e.add(e.mul(0.9, m), e.mul(0.1, g)), e.add(e.mul(0.999, v), e.mul(0.001, e.square(g)))]
      const unbias = (decay: number) => e.sub(1, e.exp(e.mul(t, Math.log(decay))))
      const rate = e.div(e.mul(1e-3, e.sqrt(unbias(0.999))), unbias(0.9))
      const next = e.sub(theta, e.mul(rate, e.div(nextM, e.add(e.sqrt(nextV), 1e-8))))
      return { state: [next, nextM, nextV], scan: [loss] }
    },
  })
  return e.compile({ theta1: state[0], m1: state[1], v1: state[2], losses: scan[0] })
}

export function trainingFeeds(layers: Layers, rows: number, steps: number, batch: number): Record<string, Tensor> {
  const draw = numbers(1)
  const floats = (shape: number[], scale: number): Tensor => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => (2 * draw() - 1) * scale),
  })
  const width = parameterCount(layers)
  const x = floats([rows, layers[0]], 1)
  const outputs = layers.at(-1)!
  // Targets that can be learned, made by products alone, which every processor rounds alike.
  const y = Float32Array.from({ length: rows * outputs }, (_, i) => {
    const own = (k: number) => x.data[Math.floor(i / outputs) * layers[0] + (k % layers[0])] as number
    return own(i % outputs) * own(i + 1) + 0.5 * own(i + 2)
  })
  return {
    x,
    y: { shape: [rows, outputs], data: y },
    theta: floats([width], 0.4),
    m: floats([width], 0),
    v: floats([width], 0),
    batches: {
      shape: [steps, batch],
      data: Int32Array.from({ length: steps * batch }, () => Math.floor(draw() * rows)),
    },
  }
}
