import { expect, test } from 'vitest'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { latest } from '../../renderer/lab/latest.ts'
import type { LabStore } from '../../renderer/lab/store.svelte.ts'
import { BrainState } from '../../renderer/views/brain/brain.svelte.ts'
import { Relating } from '../../renderer/views/compare/relating.svelte.ts'

/** A lab whose answers come when the test says so, in any order. */
function slowLab() {
  const open: { call: string; params: unknown; answer: (value: unknown) => void; fail: (error: Error) => void }[] = []
  const lab = {
    methods: [],
    experiments: [],
    place: { view: 'brain', id: null, params: {} },
    call: (call: string, params: unknown) =>
      new Promise((answer, fail) => open.push({ call, params, answer, fail: (error) => fail(error) })),
  }
  return { lab: lab as unknown as LabStore, open }
}
const settled = () => new Promise((done) => setTimeout(done))

test('only the newest question is still asked', () => {
  const ask = latest()
  const first = ask()
  expect(first()).toBe(true)
  const second = ask()
  expect([first(), second()]).toEqual([false, true])
})

test('a quote that comes late does not replace that of a newer question, and neither does its error', async () => {
  const { lab, open } = slowLab()
  const relating = new Relating(lab)
  const spec = (name: string) =>
    ({ name, methods: [], evaluation: { protocol: 'k-fold' }, metrics: [] }) as unknown as ExperimentSpec
  void relating.quote(spec('A'), () => true, ['pairs'])
  void relating.quote(spec('B'), () => true, ['pairs'])
  void relating.quote(spec('C'), () => true, ['pairs'])
  expect(open.map(({ call }) => call)).toEqual(Array(3).fill('experiment.plan'))
  open[2].answer({ trials: 3 })
  await settled()
  open[0].answer({ trials: 1 })
  open[1].fail(new Error('late'))
  await settled()
  expect([relating.quoted?.plan, relating.error]).toEqual([{ trials: 3 }, null])
})

test('a network and its lesions that come late are not shown for the run chosen since', async () => {
  const { lab, open } = slowLab()
  const brain = new BrainState(lab)
  const network = (id: string) => ({ layers: [{ id, kind: 'input', units: 0 }], edges: [] })
  const asked = async (wanted: string) => {
    await settled()
    return open.find(({ params }) => (params as { run: string }).run === wanted)!
  }
  void brain.load('a')
  const a = await asked('a')
  void brain.load('b')
  const b = await asked('b')
  b.answer(network('of b'))
  await settled()
  a.answer(network('of a'))
  await settled()
  expect([brain.loaded, brain.network?.layers[0].id]).toEqual(['b', 'of b'])

  open.length = 0
  void brain.measure('b', [{ layer: 'trunk1', unit: 0 }])
  void brain.measure('b', [{ layer: 'trunk1', unit: 1 }])
  open[0].answer({ perTask: {}, better: {}, first: true })
  await settled()
  expect([brain.lesion, brain.measuring]).toEqual([null, true])
  open[1].answer({ perTask: {}, better: {} })
  await settled()
  expect([brain.lesion, brain.measuring]).toEqual([{ perTask: {}, better: {} }, false])
})
