import type { Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { lcg } from './lcg.ts'
import type { Workload } from './workload.ts'
import { layers, trainingFeeds, trainingProgram } from './workload.ts'
import { adapted } from './workloads/maml.ts'

/**
 * How the cost of a step grows, one thing at a time: MAML (exact second order) with tasks, width, shots and inner steps,
 * and a perceptron of seven outputs with rows. Processor milliseconds a step, best of five calls, and MiB that came with
 * the session and its first call.   node test/bench/growth.ts
 */
type Sizes = { tasks: number; width: number; shots: number; steps: number }
const BASE: Sizes = { tasks: 25, width: 40, shots: 10, steps: 1 }
const tensor = (shape: number[], seed: number): Tensor => ({
  shape,
  data: lcg(seed).array(shape.reduce((a, b) => a * b)),
})

function maml({ tasks, width, shots, steps }: Sizes): Workload {
  const shape = [1, tasks, shots, 1]
  const names = ['xs', 'ys', 'xq', 'yq']
  return {
    name: 'maml',
    unit: '',
    script: '',
    variants: [],
    steps: 50,
    ...layers(lcg(1).array, [
      [1, width],
      [width, width],
      [width, 1],
    ]),
    data: Object.fromEntries(names.map((name, k) => [name, tensor(shape, k + 2)])),
    loss: (p, { xs, ys, xq, yq }) =>
      adapted(p, [xs, ys, xq, yq], 0.01, tasks, (z, y) => e.mean(e.square(e.sub(z, y))), steps),
  }
}

function perceptron(rows: number): Workload {
  return {
    name: 'perceptron',
    unit: '',
    script: '',
    variants: [],
    steps: 50,
    ...layers(lcg(1).array, [
      [21, 128],
      [128, 128],
      [128, 7],
    ]),
    data: { x: tensor([1, rows, 21], 2), y: tensor([1, rows, 7], 3) },
    loss([w1, b1, w2, b2, w3, b3], { x, y }) {
      const z = e.relu(e.add(e.matmul(e.relu(e.add(e.matmul(x, w1), b1)), w2), b2))
      return e.mean(e.square(e.sub(e.add(e.matmul(z, w3), b3), y)))
    },
  }
}

const SERIES: [string, number[], (n: number) => Workload][] = [
  ['tasks', [5, 25, 100, 400], (tasks) => maml({ ...BASE, tasks })],
  ['width', [20, 40, 80, 160], (width) => maml({ ...BASE, width })],
  ['shots', [5, 10, 20, 40], (shots) => maml({ ...BASE, shots })],
  ['inner steps', [1, 2, 3, 5], (steps) => maml({ ...BASE, steps })],
  ['rows', [32, 128, 512, 2048], perceptron],
]
const { runtime } = await openRuntime('native')
await runtime.load(e.compile({ y: e.neg(e.input('x', [1])) }))
for (const [name, sizes, make] of SERIES)
  for (const n of sizes) {
    const workload = make(n)
    const before = process.memoryUsage().rss
    const began = process.cpuUsage()
    const session = await runtime.load(trainingProgram(workload))
    const compiled = process.cpuUsage(began)
    await session.run(trainingFeeds(workload, 0, 5))
    const memory = (process.memoryUsage().rss - before) / 2 ** 20
    let best = Infinity
    for (let k = 0; k < 5; k++) {
      const start = process.cpuUsage()
      await session.run(trainingFeeds(workload, 0, workload.steps))
      const { user, system } = process.cpuUsage(start)
      best = Math.min(best, (user + system) / 1000 / workload.steps)
    }
    const ready = (compiled.user + compiled.system) / 1000
    console.log(`${name} ${n}: ${best.toFixed(3)} ms a step, ready in ${ready.toFixed(0)} ms, ${memory.toFixed(1)} MiB`)
    await session.release()
  }
await runtime.close()
