import type { Runtime } from '../../core/engine/runtime.ts'
import { architectureOf, sizeOf } from '../../core/nn/architecture.ts'
import type { Plan } from '../../core/nn/plan.ts'
import { trainerOf } from '../../core/nn/programs.ts'
import { NO_EXTRAS } from '../../core/nn/regularise.ts'
import { rng } from '../../core/rng.ts'

/**
 * How fast this machine is, measured in a few hundredths of a second: plain code, and steps of a small network on the
 * runtime. Both as seconds over those of the machine on which the built-in speeds were measured.
 */
export type MachineSpeed = { plain: number; network: number }

/** Of the processor on this thread, so that what else runs on the machine does not matter. */
function threadSeconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

/** Seconds there, at best of a few. */
const PLAIN = 0.0035
const NETWORK = 0.009
const STEPS = 100
const TIMES = 3

const PLAN: Plan = {
  inputs: Array.from({ length: 16 }, (_, i) => `x${i}`),
  hidden: [64, 64],
  activation: 'relu',
  stacked: false,
  columns: [{ target: 'y', kind: 'regression', width: 1, classes: null, tasks: null, mean: 0, sd: 1 }],
}

export async function machineSpeed(runtime: Runtime): Promise<MachineSpeed> {
  const network = await networkSteps(runtime)
  return { plain: fastest(products) / PLAIN, network: network / NETWORK }
}

function fastest(work: () => void): number {
  let best = Infinity
  for (let k = 0; k < TIMES; k++) {
    const from = threadSeconds()
    work()
    best = Math.min(best, threadSeconds() - from)
  }
  return best
}

/** Sums of products over rows, as the linear methods make them. */
function products(): void {
  const [rows, width] = [2000, 40]
  const x = new Float64Array(rows * width).map((_, i) => (i % 7) - 3)
  const sums = new Float64Array(width * width)
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < width; i++) {
      const v = x[r * width + i]
      for (let j = 0; j <= i; j++) sums[i * width + j] += v * x[r * width + j]
    }
  if (!Number.isFinite(sums[0])) throw new Error('internal: a sum of products is not a number')
}

async function networkSteps(runtime: Runtime): Promise<number> {
  const architecture = architectureOf(PLAN)
  const size = sizeOf(architecture)
  const random = rng('machine speed')
  const session = await runtime.load(trainerOf('train', PLAN, NO_EXTRAS))
  const numbers = (shape: number[], value: () => number) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, value),
  })
  const rows = 256
  const feeds = {
    x: numbers([rows, PLAN.inputs.length], () => random.normal()),
    y: numbers([rows, 1], () => random.normal()),
    weight: numbers([rows, 1], () => 1),
    theta: { shape: [size], data: architecture.initialise(random) },
    m: numbers([size], () => 0),
    v: numbers([size], () => 0),
    t: numbers([], () => 0),
    lr: numbers([], () => 0.001),
    decay: numbers([], () => 0),
    batch: numbers([STEPS, 32], () => random.int(rows)),
  }
  let best = Infinity
  for (let k = 0; k < TIMES; k++) {
    const from = threadSeconds()
    await session.run(feeds)
    best = Math.min(best, threadSeconds() - from)
  }
  return best
}
