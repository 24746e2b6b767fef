import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import type { RuntimeKind } from '../../electron/lab/runtimes/index.ts'
import { trainingFeeds, trainingProgram } from '../engine/training.ts'

/** Training steps per second of a 28-64-64 network with 20 heads, batches of 64, Adam, all steps in one call. */
const LAYERS = [28, 64, 64, 20]
const STEPS = 1000
for (const kind of (process.argv[2]?.split(',') ?? ['native', 'wasm']) as RuntimeKind[]) {
  const start = performance.now()
  const program = trainingProgram(LAYERS)
  const compiled = performance.now()
  const { runtime } = await openRuntime(kind)
  const session = await runtime.load(program)
  const loaded = performance.now()
  const steps = kind === 'reference' ? 20 : STEPS
  const feeds = trainingFeeds(LAYERS, 2000, steps, 64)
  await session.run(feeds)
  const rates: number[] = []
  for (let round = 0; round < 7; round++) {
    const from = performance.now()
    await session.run(feeds)
    rates.push((1000 * steps) / (performance.now() - from))
  }
  rates.sort((a, b) => a - b)
  const [lo, median, hi] = [rates[0], rates[3], rates[6]].map(Math.round)
  const setup = `compile ${(compiled - start).toFixed(0)} ms, load ${(loaded - compiled).toFixed(0)} ms`
  console.log(`${runtime.version}: ${median} steps/s (${lo} to ${hi}); ${setup}`)
  await runtime.close()
}
