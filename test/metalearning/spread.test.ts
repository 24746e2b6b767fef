import { afterAll, beforeAll, expect, it } from 'vitest'
import { generatorTaskSet } from '../../core/data/generators/index.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { generatedViews } from '../../core/episodeViews.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'

/** Standard deviations that methods give with their answers, held against the errors of these answers on new tasks. */
let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

const TASKS = 40
const NOISE = 0.3
const set = generatorTaskSet('linear', { noise: NOISE }, rng('table'), 2, 10)

it.each([
  ['alpaca', 0.15],
  ['conditional-neural-process', 0.3],
])('%s: errors are as large as it says', async (id, within) => {
  const m = method(id)
  const rows = Int32Array.from({ length: set.table.rows }, (_, row) => row)
  const train = { set, rows, tasks: Int32Array.from(set.tasks, (_, k) => k) }
  const episodes = { shots: 10, queries: 10, ways: 2 }
  const going = m.fit(
    { train, inner: null, rng: rng(id), runtime, resume: null, episodes },
    paramsOf(m, { iterations: 600 }),
  )
  let next = await going.next()
  while (!next.done) next = await going.next()
  const trained = next.value
  /** Root mean square of error / standard deviation, and the mean deviation, with so many labelled rows. */
  async function judged(shots: number) {
    const { support, query } = generatedViews(set.generator!, rng(`test/${shots}`), TASKS, shots, 20, 1)
    const model = await trained.adapt!(support)
    const [said, spread] = [await model.predict(query), await model.spread!(query)].map((own) => own.targets[0].values)
    const truth = query.set.table.columns[query.set.targets[0]].values
    const squares = Array.from(query.rows, (row, i) => ((said[i] - truth[row]) / spread[i]) ** 2)
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length
    const inside = mean(squares.map((square) => Number(square < 1)))
    return { ratio: Math.sqrt(mean(squares)), inside, sd: mean(spread) }
  }
  const { ratio, inside, sd } = await judged(10)
  expect(Math.abs(ratio - 1)).toBeLessThan(within)
  // Of normal errors 68 % are smaller than one standard deviation.
  expect(Math.abs(inside - 0.683)).toBeLessThan(0.08)
  // Two rows leave more open than ten do; with ten, ALPaCA is left with little more than the noise.
  expect((await judged(2)).sd).toBeGreaterThan(1.1 * sd)
  if (id === 'alpaca') expect([sd > NOISE, sd < 1.4 * NOISE]).toEqual([true, true])
})
