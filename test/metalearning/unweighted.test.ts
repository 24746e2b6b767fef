import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TaskSet } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { method, methods, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { unweighted } from '../../core/unweighted.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { sites } from '../methods/toys.ts'

/** Methods in whose learning rows count alike: they say so, and it is so. */
let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

it('is said of each such method before anything is trained, where there is a weight column', () => {
  const set = sites('two')
  const said = (weight: string | null) => {
    const spec = ExperimentSpec.parse({
      data: { hash: set.table.hash, roles: { targets: ['ripe'], task: 'site', weight } },
      methods: [{ id: 'prototypical' }, { id: 'maml' }, { id: 'maml-classes' }],
      twins: false,
      metrics: ['accuracy'],
    })
    return unweighted(spec, expand(spec, set)).map(({ params, text }) => [params.methodId, text])
  }
  expect(said(null)).toEqual([])
  expect(said('x3')).toEqual([
    ['prototypical', expect.stringMatching(/^Prototypical .*"x3"/)],
    ['maml-classes', expect.stringContaining('"x3"')],
  ])
})

const ALIKE = methods.filter(({ ignoresWeights, can }) => ignoresWeights && can.taskColumn).map(({ id }) => id)
it.each([...ALIKE, 'maml'])('%s: weights change its answers just where it does not say otherwise', async (id) => {
  const set = sites('two')
  const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
  const whole = (of: TaskSet) => ({ set: of, rows, tasks: Int32Array.from(of.tasks, (_, k) => k) })
  const m = method(id)
  const learned = async (weight: Float64Array | null) => {
    const episodes = { shots: 5, queries: 5, ways: 2 }
    const context = { train: whole({ ...set, weight }), inner: null, rng: rng('w'), runtime, resume: null, episodes }
    const going = m.fit(context, paramsOf(m, 'iterations' in (paramsOf(m, {}) as object) ? { iterations: 10 } : {}))
    let next = await going.next()
    while (!next.done) next = await going.next()
    return [...(await next.value.predict(whole(set))).targets[0].values]
  }
  const [with_, without] = [await learned(Float64Array.from(rows, (row) => row % 3)), await learned(null)]
  if (m.ignoresWeights) expect(with_).toEqual(without)
  else expect(with_).not.toEqual(without)
})
