import * as e from '../../../core/engine/index.ts'
import { lcg } from '../lcg.ts'
import type { Workload } from '../workload.ts'
import { concatFloats } from '../../../core/concat.ts'

/** A recurrent network 85-256-33 with tanh, sequences of 100 steps in batches of 64, through time. */
export function rnn(steps = 100): Workload {
  const [ni, nr, no, rows] = [85, 256, 33, 64]
  const draw = lcg(1).array
  const parts: [number[], number][] = [
    [[ni, nr], ni],
    [[nr, nr], nr],
    [[nr], nr],
    [[nr, no], nr],
    [[no], nr],
  ]
  const data = lcg(2).array
  return {
    name: 'rnn_bptt',
    unit: 'steps/s',
    script: 'rnn_bptt.py',
    variants: ['nn.RNN', 'written'],
    steps: 4,
    shapes: parts.map(([shape]) => shape),
    theta: concatFloats(
      parts.map(([shape, from]) =>
        draw(
          shape.reduce((a, b) => a * b),
          1 / Math.sqrt(from),
        ),
      ),
    ),
    data: {
      x: { shape: [1, steps, rows, ni], data: data(steps * rows * ni) },
      y: { shape: [1, steps, rows, no], data: data(steps * rows * no) },
    },
    loss([wx, wh, b, wo, bo], { x, y }) {
      const { scan } = e.loop({
        count: steps,
        state: [e.constant(new Float64Array(rows * nr), [rows, nr])],
        body(i, [h]) {
          const drive = e.add(e.matmul(e.gather(x, i), wx), b)
          const next = e.tanh(e.add(drive, e.matmul(h, wh)))
          return { state: [next], scan: [next] }
        },
      })
      return e.mean(e.square(e.sub(e.add(e.matmul(scan[0], wo), bo), y)))
    },
  }
}
