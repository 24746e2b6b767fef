import { fitEncoder } from '../data/encoding.ts'
import type { Encoder, EncoderOptions } from '../data/encoding.ts'
import type { Runtime } from '../engine/runtime.ts'
import { frameOf, loadFrame, saveFrame } from '../frame.ts'
import type { Output } from '../frame.ts'
import type { FitContext, FitEvent, Model } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import { architectureOf, sizeOf } from './architecture.ts'
import type { Design } from './design.ts'
import { perceptronOnnx } from './export.ts'
import { silenced } from './lesions.ts'
import { predictWith } from './network.ts'
import type { Net } from './network.ts'
import type { PerceptronParams } from './params.ts'
import { Plan } from './plan.ts'
import type { PlanColumn } from './plan.ts'
import { frameLike, linesOf } from './problem.ts'
import { unitsIn } from './sketch.ts'
import { trainPlan } from './trainer.ts'

/** How a method lays out its networks. */
export type Layout = {
  stacked: boolean
  columns(outputs: Output[]): PlanColumn[]
  design?(outputs: Output[]): Design
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
    ...(layout.design ? { design: layout.design(frame.outputs) } : {}),
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

export type Perceptron = Net & { encoder: Encoder; outputs: Output[] }

export function perceptronModel(net: Perceptron, runtime: Runtime): Model {
  const { plan, theta, alive } = net
  return {
    parameters: theta.length,
    predict: (view) => predictWith(net, view, runtime),
    save: () => pack({ ...saveFrame(net), plan }, alive ? { theta, alive } : { theta }),
    onnx: (finish) => perceptronOnnx(net, finish),
    network: () => architectureOf(plan).view(theta),
    silence: (units) => perceptronModel(silenced(net, units), runtime),
  }
}

export function loadPerceptron(bytes: Uint8Array): Perceptron {
  const packed = unpack(bytes)
  const frame = loadFrame(packed.header)
  const parsed = Plan.safeParse((packed.header as { plan?: unknown }).plan)
  if (!parsed.success) throw damaged('a network without its plan')
  const plan = parsed.data
  if (plan.inputs.join('\n') !== frame.encoder.names.join('\n')) throw damaged('a network of other inputs')
  const architecture = architectureOf(plan)
  const theta = take(packed, 'theta', 'f32', sizeOf(architecture))
  const { layers } = architecture
  if (!layers || !packed.arrays.has('alive')) return { plan, theta, ...frame }
  return { plan, theta, alive: take(packed, 'alive', 'f32', unitsIn(layers)), ...frame }
}
