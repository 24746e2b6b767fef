import { add, compile, concat, constant, input, mul, sigmoid, slice, softmax, sub } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { Encoder } from '../data/encoding.ts'
import type { Output } from '../frame.ts'
import type { Finish } from '../method.ts'
import { architectureOf } from './architecture.ts'
import { piecesOf } from './blocks.ts'
import { chooseHead } from './choice.ts'
import { forward } from './layers.ts'
import type { Perceptron } from './perceptron.ts'
import { elementsOf, headsOf, layerShapes } from './plan.ts'
import type { Plan } from './plan.ts'
import { lesionProbe } from './sketch.ts'

/**
 * A trained model as an ONNX file that other programs can use without Engram: raw encoded inputs in (numbers as they
 * stand in the table, missing ones as the training mean; one 0/1 input per category level), predictions in the targets'
 * own units out. Input and output scaling are part of the graph; the names are in its metadata.
 *   x [rows, input] -> predictions [rows, unit]
 */
export type Unit = { target: string; kind: Output['kind']; width: number; mean: number; sd: number; names: string[] }

export function onnxOf(encoder: Encoder, units: Unit[], scores: (x: Expr) => Expr, finish?: Finish): Uint8Array {
  const { shift, factor } = encoder.scaling
  const raw = input('x', ['rows', encoder.names.length])
  const z = scores(mul(sub(raw, constant(shift)), constant(factor)))
  return compile(
    { predictions: finish ? finish(inOwnUnits(z, units), units) : inOwnUnits(z, units) },
    {
      batch: false,
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

export function perceptronOnnx({ plan, theta, alive, encoder }: Perceptron, finish?: Finish): Uint8Array {
  const units = plan.columns.flatMap((column) =>
    (column.tasks ?? [column.target]).map((task) => ({
      ...column,
      names: unitNames(task, column.kind, column.classes),
    })),
  )
  return onnxOf(
    encoder,
    units,
    (x) => {
      if (plan.design && !plan.stacked) return everyHead(plan, theta, alive ?? null, x)
      if (!plan.stacked) return forward(plan.activation, blocks(plan, theta, 0), x)
      const nets = plan.columns.map(({ width }, g) => {
        const z = forward(plan.activation, blocks(plan, theta, g), x)
        return z.shape[1] === width ? z : slice(z, 1, 0, width)
      })
      return nets.length === 1 ? nets[0] : concat(nets, 1)
    },
    finish,
  )
}

/** Every head of every column, [row, unit]: one pass for the first head of each column, one for the second, and so on. */
function everyHead(plan: Plan, theta: Float32Array, alive: Float32Array | null, x: Expr): Expr {
  const { blocks, forward, layers } = architectureOf(plan)
  const own = piecesOf(blocks, theta)
  const pieces = blocks.map(({ name, shape }) => constant(own.get(name) as Float32Array, shape))
  const probe = alive && layers ? lesionProbe(layers, constant(alive)) : undefined
  const most = Math.max(...plan.columns.map(headsOf))
  const passes = Array.from({ length: most }, (_, head) => forward(pieces, x, chooseHead(plan, head), probe))
  let from = 0
  const parts = plan.columns.flatMap((column) => {
    const to = from + column.width
    const heads = passes.slice(0, headsOf(column)).map((z) => slice(z, 1, from, to))
    from = to
    return heads
  })
  return parts.length === 1 ? parts[0] : concat(parts, 1)
}

/** Weights [in, out] and bias [out] of every layer of network g. */
function blocks(plan: Plan, theta: Float32Array, g: number): Expr[] {
  let at = 0
  const nets = plan.stacked ? plan.columns.length : 1
  return layerShapes(plan).map(({ shape, bias }) => {
    const size = elementsOf(shape) / nets
    const own = theta.subarray(at + g * size, at + (g + 1) * size)
    at += size * nets
    return constant(own, bias ? [size] : shape.slice(-2))
  })
}
