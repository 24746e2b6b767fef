import type { Expr } from '../../../core/engine/index.ts'
import * as e from '../../../core/engine/index.ts'
import { lcg } from '../lcg.ts'
import type { Workload } from '../workload.ts'
import { layers } from '../workload.ts'

/** Hard sharing: a trunk 21-128-128 and seven heads 64-1, batches of 256, the sum of the heads' mean squared errors. */
export function multitask(): Workload {
  const [batches, rows, heads] = [8, 256, 7]
  const { array } = lcg(2)
  const x = new Float32Array(batches * rows * 21)
  const y = new Float32Array(batches * rows * heads)
  for (let b = 0; b < batches; b++) {
    x.set(array(rows * 21), b * rows * 21)
    y.set(array(rows * heads), b * rows * heads)
  }
  const trunk = [
    [21, 128],
    [128, 128],
  ]
  const head = [
    [128, 64],
    [64, 1],
  ]
  const dense = (z: Expr, [w, b]: Expr[]) => e.add(e.matmul(z, w), b)
  return {
    name: 'multitask_mlp',
    unit: 'steps/s',
    script: 'multitask_mlp.py',
    variants: ['fused', 'module'],
    steps: 100,
    ...layers(lcg(1).array, [...trunk, ...Array.from({ length: heads }, () => head).flat()]),
    data: { x: { shape: [batches, rows, 21], data: x }, y: { shape: [batches, rows, heads], data: y } },
    loss(p, batch) {
      const z = e.relu(dense(e.relu(dense(batch.x, p.slice(0, 2))), p.slice(2, 4)))
      return Array.from({ length: heads }, (_, h) => {
        const own = p.slice(4 + 4 * h, 8 + 4 * h)
        const out = dense(e.relu(dense(z, own.slice(0, 2))), own.slice(2, 4))
        return e.mean(e.square(e.sub(out, e.slice(batch.y, 1, h, h + 1))))
      }).reduce((a, b) => e.add(a, b))
    },
  }
}
