import { fitEncoder } from '../data/encoding.ts'
import type { Encoder, EncoderOptions } from '../data/encoding.ts'
import type { Runtime } from '../engine/runtime.ts'
import { frameOf, loadFrame, saveFrame } from '../frame.ts'
import type { Output } from '../frame.ts'
import type { FitContext, FitEvent, Model, TaskSetSummary } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import { networkView, silenced } from './brain.ts'
import { perceptronOnnx } from './export.ts'
import { predictWith } from './network.ts'
import type { PerceptronParams } from './params.ts'
import { parameterCount, Plan } from './plan.ts'
import type { PlanColumn } from './plan.ts'
import { frameLike, linesOf } from './problem.ts'
import { trainPlan } from './trainer.ts'

/** How a method lays out its networks. */
export type Layout = {
  stacked: boolean
  columns(outputs: Output[]): PlanColumn[]
  encoder?: EncoderOptions
}

/** Fits a perceptron of this layout: the whole of what single-task, pooled and hard-sharing networks have in common. */
export async function* fitPerceptron(
  context: FitContext,
  params: PerceptronParams,
  layout: Layout,
): AsyncGenerator<FitEvent, Perceptron> {
  const frame = frameOf(context.train, fitEncoder(context.train, layout.encoder))
  const plan: Plan = {
    inputs: frame.encoder.names,
    hidden: params.hidden,
    activation: params.activation,
    stacked: layout.stacked,
    columns: layout.columns(frame.outputs),
  }
  const inner = context.inner && linesOf(plan, frameLike(frame, context.inner), 'none')
  const theta = yield* trainPlan(
    plan,
    linesOf(plan, frame, params.classWeights),
    inner?.cells.length ? inner : null,
    params,
    context,
  )
  return { plan, theta, encoder: frame.encoder, outputs: frame.outputs }
}

export type Perceptron = { plan: Plan; theta: Float32Array; encoder: Encoder; outputs: Output[] }

export function perceptronModel(net: Perceptron, runtime: Runtime): Model {
  const { plan, theta, encoder, outputs } = net
  return {
    parameters: theta.length,
    predict: (view) => predictWith(plan, theta, encoder, outputs, view, runtime),
    save: () => pack({ ...saveFrame(net), plan }, { theta }),
    onnx: () => perceptronOnnx(net),
    network: () => networkView(net),
    silence: (units) => perceptronModel({ ...net, theta: silenced(net, units) }, runtime),
  }
}

export function loadPerceptron(bytes: Uint8Array): Perceptron {
  const packed = unpack(bytes)
  const frame = loadFrame(packed.header)
  const parsed = Plan.safeParse((packed.header as { plan?: unknown }).plan)
  if (!parsed.success) throw damaged('a network without its plan')
  const plan = parsed.data
  if (plan.inputs.join('\n') !== frame.encoder.names.join('\n')) throw damaged('a network of other inputs')
  return { plan, theta: take(packed, 'theta', 'f32', parameterCount(plan)), ...frame }
}

/** Multiply-adds of a fit: forward, and backward at twice that, for every row and epoch. */
export function perceptronWork(s: TaskSetSummary, p: PerceptronParams, outputs: number, nets: number): number {
  const widths = [s.features, ...p.hidden, outputs]
  const perRow = widths.slice(1).reduce((sum, out, l) => sum + widths[l] * out, 0)
  // A step costs about as much as 200,000 multiply-adds on top, however small it is.
  const steps = Math.ceil(s.rows / p.batchSize) * p.epochs
  return 3 * p.epochs * s.rows * perRow * nets + 2e5 * steps
}
