import { z } from 'zod'
import type { Encoder } from '../data/encoding.ts'
import { add, constant, matmul } from '../engine/index.ts'
import { onnxOf, unitNames } from '../nn/export.ts'
import { link } from '../link.ts'
import { answer, loadFrame, saveFrame } from '../frame.ts'
import type { Output } from '../frame.ts'
import type { Finish, Model, NetworkView } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import type { View } from '../data/taskSet.ts'

/**
 * A model that is linear in the encoded inputs, one vector per output unit; classes go through the logistic function
 * or the softmax. Ridge, logistic and the pooled models differ only in how they find the coefficients.
 */
export type Linear = {
  encoder: Encoder
  outputs: Output[]
  /** Per output [input + 1, width]: the last row is the intercept. */
  coefficients: Float64Array[]
  /** What a task never seen gets, per target name, where the method can say anything. */
  fresh: Map<string, Float64Array> | null
  /** Number of learned numbers: less than all coefficients where tasks share them. */
  parameters: number
  /** What `adapt` needs beside the lines, as JSON. */
  kept?: unknown
}

export function linearModel(linear: Linear, params: unknown, adapt?: (support: View) => Promise<Linear>): Model {
  const { encoder, outputs, coefficients, fresh } = linear
  const width = encoder.names.length
  return {
    parameters: linear.parameters,
    async predict(view) {
      const x = encoder.encode(view.set, view.rows)
      const widths = new Map(outputs.map((output) => [output.target, output]))
      const say = (c: Float64Array, kind: Output['kind'], row: number, out: Float64Array) => {
        for (let k = 0; k < out.length; k++) {
          let sum = c[width * out.length + k]
          for (let j = 0; j < width; j++) sum += x[row * width + j] * c[j * out.length + k]
          out[k] = sum
        }
        link(kind, out)
      }
      return answer(
        view,
        outputs,
        (output, row, out) => say(coefficients[output], outputs[output].kind, row, out),
        fresh
          ? (target, row, out) => say(fresh.get(target) as Float64Array, (widths.get(target) as Output).kind, row, out)
          : undefined,
      )
    },
    ...(adapt ? { adapt: async (support: View) => linearModel(await adapt(support), params, adapt) } : {}),
    save() {
      const arrays = Object.fromEntries(coefficients.map((c, k) => [`output${k}`, c]))
      for (const [target, c] of fresh ?? []) arrays[`fresh:${target}`] = c
      const { parameters, kept } = linear
      const header = { ...saveFrame(linear), params, parameters, fresh: fresh && [...fresh.keys()], kept }
      return pack(header, arrays)
    },
    onnx: (finish) => linearOnnx(linear, finish),
    network: () => networkOf(linear),
  }
}

const Saved = z.looseObject({
  params: z.unknown(),
  parameters: z.int().nonnegative(),
  fresh: z.array(z.string()).nullable(),
  kept: z.unknown().optional(),
})

export function loadLinear(bytes: Uint8Array): { linear: Linear; params: unknown } {
  const packed = unpack(bytes)
  const parsed = Saved.safeParse(packed.header)
  if (!parsed.success) throw damaged('a linear model without its heading')
  const { outputs, encoder } = loadFrame(packed.header)
  const rows = encoder.names.length + 1
  const widths = new Map(outputs.map((output) => [output.target, output.width]))
  const coefficients = outputs.map((output, k) => take(packed, `output${k}`, 'f64', rows * output.width))
  const fresh =
    parsed.data.fresh &&
    new Map(
      parsed.data.fresh.map((target) => {
        const width = widths.get(target)
        if (!width) throw damaged('a target without tasks')
        return [target, take(packed, `fresh:${target}`, 'f64', rows * width)]
      }),
    )
  return {
    linear: { encoder, outputs, coefficients, fresh, parameters: parsed.data.parameters, kept: parsed.data.kept },
    params: parsed.data.params,
  }
}

/** Inputs straight to one head per task. */
function networkOf({ encoder, outputs, coefficients }: Linear): NetworkView {
  const inputs = encoder.names.length
  return {
    layers: [
      { id: 'input', kind: 'input', units: inputs, names: encoder.names, activation: 'none', task: null },
      ...outputs.map((output) => ({
        id: `head:${output.task}`,
        kind: 'head' as const,
        units: output.width,
        names: output.width > 1 ? output.classes : [output.target],
        activation: { regression: 'none', binary: 'sigmoid', multiclass: 'softmax' }[output.kind],
        task: output.task,
      })),
    ],
    edges: outputs.map((output, k) => ({
      from: 'input',
      to: `head:${output.task}`,
      weights: Float32Array.from(coefficients[k].subarray(0, inputs * output.width)),
      bias: Float32Array.from(coefficients[k].subarray(inputs * output.width)),
    })),
  }
}

function linearOnnx({ encoder, outputs, coefficients }: Linear, finish?: Finish): Uint8Array {
  const inputs = encoder.names.length
  const units = outputs.map(({ task, target, kind, width, classes }) => ({
    target,
    kind,
    width,
    mean: 0,
    sd: 1,
    names: unitNames(task, kind, classes),
  }))
  const all = outputs.reduce((sum, { width }) => sum + width, 0)
  const weights = new Float64Array(inputs * all)
  const bias = new Float64Array(all)
  let from = 0
  outputs.forEach(({ width }, k) => {
    for (let j = 0; j < inputs; j++) weights.set(coefficients[k].subarray(j * width, (j + 1) * width), j * all + from)
    bias.set(coefficients[k].subarray(inputs * width), from)
    from += width
  })
  return onnxOf(encoder, units, (x) => add(matmul(x, constant(weights, [inputs, all])), constant(bias)), finish)
}
