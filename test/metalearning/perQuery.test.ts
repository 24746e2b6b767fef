import { afterAll, beforeAll, expect, it } from 'vitest'
import type { View } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { sites } from '../methods/toys.ts'

/** Few-shot classifiers answer each row for itself, whatever else is asked with it; unless batch norm is to look there. */
let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

it.each([
  ['class-means', {}, true],
  ['prototypical', { iterations: 20, hidden: [8] }, true],
  ['maml-classes', { iterations: 20, hidden: [8], metaBatch: 4 }, true],
  ['maml-classes', { iterations: 20, hidden: [8], metaBatch: 4, statistics: 'query' }, false],
] as const)('%s %o: rows are answered alone: %s', async (id, params, alone) => {
  const set = sites('two')
  const tasks = Int32Array.from(set.tasks, (_, k) => k)
  const view = (keep: (row: number) => boolean): View => ({
    set,
    tasks,
    rows: Int32Array.from({ length: set.table.rows }, (_, row) => row).filter(keep),
  })
  const m = method(id)
  const train = view((row) => row % 8 < 6)
  const episodes = { shots: 5, queries: 5, ways: 2 }
  const going = m.fit({ train, inner: null, rng: rng(id), runtime, resume: null, episodes }, paramsOf(m, params))
  let next = await going.next()
  while (!next.done) next = await going.next()
  const ready = await next.value.adapt!(view((row) => row % 8 === 7 && row < 80))
  const asked = (row: number) => row % 8 === 7 && row >= 80
  const all = view(asked)
  const few = view((row) => asked(row) && row % 3 === 0)
  const said = async (own: View) => {
    const { values } = (await ready.predict(own)).targets[0]
    return new Map(Array.from(own.rows, (row, i) => [row, values[i]]))
  }
  const [together, apart] = [await said(all), await said(few)]
  expect(few.rows.length).toBeGreaterThan(2)
  const off = Math.max(...Array.from(few.rows, (row) => Math.abs(together.get(row)! - apart.get(row)!)))
  if (alone) expect(off).toBeLessThan(1e-5)
  else expect(off).toBeGreaterThan(1e-3)
})
