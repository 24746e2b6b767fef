import { add, compile, concat, constant, input, mul, sigmoid, slice, softmax, sub } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { Encoder } from '../data/encoding.ts'
import type { Output } from '../frame.ts'
import { forward } from './layers.ts'
import type { Perceptron } from './perceptron.ts'
import { elementsOf, layerShapes } from './plan.ts'

/**
 * A trained model as an ONNX file that other programs can use without Engram: raw encoded inputs in (numbers as they
 * stand in the table, missing ones as the training mean; one 0/1 input per category level), predictions in the targets'
 * own units out. Input and output scaling are part of the graph; the names are in its metadata.
 *   x [rows, input] -> predictions [rows, unit]
 */
export type Unit = { kind: Output['kind']; width: number; mean: number; sd: number; names: string[] }

export function onnxOf(encoder: Encoder, units: Unit[], scores: (x: Expr) => Expr): Uint8Array {
  const { shift, factor } = encoder.scaling
  const raw = input('x', ['rows', encoder.names.length])
  const z = scores(mul(sub(raw, constant(shift)), constant(factor)))
  return compile(
    { predictions: inOwnUnits(z, units) },
    {
      metadata: {
        inputs: JSON.stringify(encoder.names),
        outputs: JSON.stringify(units.flatMap((unit) => unit.names)),
      },
    },
  ).onnx()
}

function inOwnUnits(z: Expr, units: Unit[]): Expr {
  if (units.every((unit) => unit.kind === 'regression'))
    return add(mul(z, constant(units.map((unit) => unit.sd))), constant(units.map((unit) => unit.mean)))
  let from = 0
  const parts = units.map(({ kind, width, mean, sd }) => {
    const own = slice(z, 1, from, (from += width))
    if (kind === 'regression') return add(mul(own, sd), mean)
    return kind === 'binary' ? sigmoid(own) : softmax(own)
  })
  return parts.length === 1 ? parts[0] : concat(parts, 1)
}

/** "Y1", or "Y1=red" for the probability of a class. Of two classes it is that of the second. */
export function unitNames(task: string, kind: Output['kind'], classes: string[] | null): string[] {
  if (kind === 'regression' || !classes) return [task]
  return (kind === 'binary' ? [classes[1]] : classes).map((name) => `${task}=${name}`)
}

export function perceptronOnnx({ plan, theta, encoder }: Perceptron): Uint8Array {
  const units = plan.columns.flatMap((column) =>
    (column.tasks ?? [column.target]).map((task) => ({
      ...column,
      names: unitNames(task, column.kind, column.classes),
    })),
  )
  return onnxOf(encoder, units, (x) => {
    if (!plan.stacked) return forward(plan.activation, blocks(plan, theta, 0), x)
    const nets = plan.columns.map(({ width }, g) => {
      const z = forward(plan.activation, blocks(plan, theta, g), x)
      return z.shape[1] === width ? z : slice(z, 1, 0, width)
    })
    return nets.length === 1 ? nets[0] : concat(nets, 1)
  })
}

/** Weights [in, out] and bias [out] of every layer of network g. */
function blocks(plan: Perceptron['plan'], theta: Float32Array, g: number): Expr[] {
  let at = 0
  const nets = plan.stacked ? plan.columns.length : 1
  return layerShapes(plan).map(({ shape, bias }) => {
    const size = elementsOf(shape) / nets
    const own = theta.subarray(at + g * size, at + (g + 1) * size)
    at += size * nets
    return constant(own, bias ? [size] : shape.slice(-2))
  })
}
