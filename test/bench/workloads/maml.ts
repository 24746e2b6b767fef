import type { Expr, Tensor } from '../../../core/engine/index.ts'
import * as e from '../../../core/engine/index.ts'
import { lcg } from '../lcg.ts'
import type { Workload } from '../workload.ts'
import { layers } from '../workload.ts'

/** Exact second-order MAML, all tasks at once: each task's parameters along a leading axis. */
export function adapted(
  pieces: Expr[],
  [xs, ys, xq, yq]: Expr[],
  rate: number,
  tasks: number,
  loss: (z: Expr, y: Expr) => Expr,
  steps = 1,
): Expr {
  const wide = pieces.map((p) =>
    e.broadcastTo(p.shape.length === 1 ? e.reshape(p, [1, ...p.shape]) : p, [
      tasks,
      ...(p.shape.length === 1 ? [1] : []),
      ...p.shape,
    ]),
  )
  const forward = (own: Expr[], x: Expr) => {
    let z = x
    for (let k = 0; k < own.length; k += 2) {
      z = e.add(e.matmul(z, own[k]), own[k + 1])
      if (k + 2 < own.length) z = e.relu(z)
    }
    return z
  }
  // The mean over all tasks' rows, times the tasks: the sum of each task's own mean.
  let fast = wide
  for (let step = 0; step < steps; step++) {
    const slopes = e.grad(e.mul(tasks, loss(forward(fast, xs), ys)), fast)
    fast = fast.map((p, k) => e.sub(p, e.mul(rate, slopes[k])))
  }
  return loss(forward(fast, xq), yq)
}

/** MAML on sine waves (Finn et al. 2017): 1-40-40-1, 25 tasks of 10 support and 10 query rows. */
export function mamlSine(): Workload {
  const [batches, tasks] = [10, 25]
  const first = lcg(1)
  const { u } = lcg(2)
  const parts = ['xs', 'ys', 'xq', 'yq'].map(() => new Float32Array(batches * tasks * 10))
  for (let at = 0; at < batches * tasks; at++) {
    const [amplitude, phase] = [0.1 + 4.9 * u(), Math.PI * u()]
    for (let k = 0; k < 20; k++) {
      const x = -5 + 10 * u()
      const side = k < 10 ? 0 : 2
      parts[side][at * 10 + (k % 10)] = x
      parts[side + 1][at * 10 + (k % 10)] = amplitude * Math.sin(x - phase)
    }
  }
  const tensor = (data: Float32Array): Tensor => ({ shape: [batches, tasks, 10, 1], data })
  return {
    name: 'maml_sine',
    unit: 'meta-iterations/s',
    script: 'maml_sine.py',
    variants: ['batched', 'loop'],
    steps: 200,
    ...layers(first.array, [
      [1, 40],
      [40, 40],
      [40, 1],
    ]),
    data: { xs: tensor(parts[0]), ys: tensor(parts[1]), xq: tensor(parts[2]), yq: tensor(parts[3]) },
    loss: (pieces, { xs, ys, xq, yq }) =>
      adapted(pieces, [xs, ys, xq, yq], 0.01, tasks, (z, y) => e.mean(e.square(e.sub(z, y)))),
  }
}

/** MAML on Omniglot's shapes, a perceptron 784-256-128-64-64-5: 32 tasks, 5 ways, 1 shot. */
export function mamlOmniglot(): Workload {
  const [batches, tasks, ways, width] = [2, 32, 5, 784]
  const first = lcg(1)
  const { array } = lcg(2)
  const [xs, xq] = [0, 1].map(() => new Float32Array(batches * tasks * ways * width))
  const block = ways * width
  const pixels = array(batches * tasks * 2 * block)
  const half = (at: number, side: number) => pixels.subarray((2 * at + side) * block, (2 * at + side + 1) * block)
  const ink = (x: number) => Number((x + 1) / 2 < 0.15)
  for (let at = 0; at < batches * tasks; at++) {
    xs.set(half(at, 0).map(ink), at * block)
    xq.set(half(at, 1).map(ink), at * block)
  }
  const truth = e.constant(
    Array.from({ length: ways * ways }, (_, i) => Number(i % (ways + 1) === 0)),
    [ways, ways],
  )
  const x = (data: Float32Array): Tensor => ({ shape: [batches, tasks, ways, width], data })
  return {
    name: 'maml_omniglot_mlp',
    unit: 'meta-iterations/s',
    script: 'maml_omniglot.py',
    variants: ['loop', 'batched'],
    steps: 20,
    ...layers(first.array, [
      [784, 256],
      [256, 128],
      [128, 64],
      [64, 64],
      [64, 5],
    ]),
    data: { xs: x(xs), xq: x(xq) },
    loss: (pieces, batch) =>
      adapted(pieces, [batch.xs, truth, batch.xq, truth], 0.4, tasks, (z, y) =>
        e.neg(e.mean(e.sum(e.mul(e.logSoftmax(z), y), [2]))),
      ),
  }
}
