import { describe, expect, it } from 'vitest'
import type { Expr } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { numbers } from './cases.ts'
import { missing, python } from './python.ts'
import { forward, parameterCount } from './training.ts'

/** A trained network is an ordinary ONNX file: OpenCV, which shares no code with our runtimes, predicts the same. */
const SCRIPT = `
import sys, json, base64, numpy, cv2
out = []
for model, shape, data in json.load(sys.stdin):
    net = cv2.dnn.readNetFromONNX(numpy.frombuffer(base64.b64decode(model), numpy.uint8))
    net.setInput(numpy.array(data, numpy.float32).reshape(shape))
    out.append(net.forward().reshape(-1).tolist())
json.dump(out, sys.stdout)`

describe('another ONNX program', () => {
  const lacks = missing(['cv2'])
  it.skipIf(lacks !== null)(`OpenCV gives the same predictions ${lacks ?? ''}`, async () => {
    const layers = [7, 16, 12, 3]
    const draw = numbers(3)
    const data = (count: number) => Float32Array.from({ length: count }, () => 2 * draw() - 1)
    const shapes = layers.slice(1).flatMap((width, k): number[][] => [[layers[k], width], [width]])
    const theta = data(parameterCount(layers))
    let at = 0
    const pieces = shapes.map((shape) => {
      const length = shape.reduce((a, b) => a * b)
      return e.constant(theta.slice(at, (at += length)), shape)
    })
    const x = e.input('x', ['rows', 7])
    // Scaling of inputs and of the target are part of the file.
    const scaled = e.div(e.sub(x, e.constant(data(7))), e.constant(data(7).map((v) => 1.5 + v)))
    const { runtime } = await openRuntime('native')
    const rows = { shape: [5, 7], data: data(35) }
    const programs = [e.relu, e.tanh, e.sigmoid].map((activation) =>
      e.compile({
        y: e.add(e.mul(forward(pieces, scaled, activation as (x: Expr) => Expr), 3), e.constant([1, 2, 3])),
      }),
    )
    const got = python(
      SCRIPT,
      programs.map((own) => [Buffer.from(own.onnx()).toString('base64'), rows.shape, [...rows.data]]),
    ) as number[][]
    for (const [k, own] of programs.entries()) {
      const { y } = await (await runtime.load(own)).run({ x: rows })
      expect(got[k].length).toBe(15)
      got[k].forEach((value, i) => expect(Math.abs(value - Number(y.data[i]))).toBeLessThan(1e-5))
    }
    await runtime.close()
  })
})
