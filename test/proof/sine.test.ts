import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Runtime } from '../../core/engine/runtime.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { overTasks, sineErrors } from './sineProtocol.ts'

/** The short form of sine.slow.ts: fewer iterations, 100 test tasks, what shows early. */
let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

it.each([
  // After 3,000 iterations: MAML 2.7, first-order MAML 2.3, MAML++ 1.7, CAVIA .58, ridge head 1.4, ALPaCA .07.
  ['cavia', 1.2],
  ['ridge-head', 2.2],
  ['alpaca', 0.5],
  ['conditional-neural-process', 1.6],
])('%s learns a sine wave from five points after a short training', async (id, most) => {
  const params = { iterations: 2000, outerLr: 0.001 }
  const { errors } = await sineErrors({ id, params, shots: 5, seed: 1, steps: [1], tasks: 100 }, runtime)
  expect(errors[1]).toHaveLength(100)
  expect(overTasks(errors[1]).mean).toBeLessThan(most)
})
