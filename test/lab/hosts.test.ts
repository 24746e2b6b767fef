import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { openLab, refused, ROLES, run, until, writeCsv } from './labs.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()
const csv = writeCsv(folder)
let count = 0
const fresh = () => path.join(folder, `lab${++count}.engram`)
const baselines = { name: 'base', methods: [{ id: 'ridge' }, { id: 'mean' }], evaluation: { folds: 3 }, twins: false }
/** Long enough to be stopped on the way. */
const long = {
  name: 'net',
  methods: [{ id: 'hard-sharing', params: { epochs: 100_000, patience: 0, hidden: [32] } }],
  evaluation: { folds: 2 },
  twins: false,
}
const short = { ...long, methods: [{ id: 'hard-sharing', params: { epochs: 60, patience: 0, hidden: [8] } }] }

describe('hosts and runtimes', () => {
  test('after two crashes WebAssembly is used and says so', async () => {
    const lab = await openLab({ workspacePath: fresh(), crashes: 2 })
    const { runtime } = await lab.call('lab.info', {})
    expect(runtime.kind).toBe('wasm')
    expect(runtime.why).toBe('The native runtime crashed 2 times; the WebAssembly runtime is used.')
    expect(lab.notices).toMatchObject([{ type: 'runtime', kind: 'wasm' }])
    const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
    const { runs, status } = await run(lab, { ...short, data: { hash, roles: ROLES } })
    expect(status).toBe('done')
    expect(runs[0].runtime).toMatch(/^wasm onnxruntime-web/)
    await lab.close()
  })

  test('the command line leaves the queue of others alone; a page names no files', async () => {
    const workspacePath = fresh()
    const first = await openLab({ workspacePath, workers: 1 })
    const { hash } = await first.call('data.open', { files: [{ path: csv }] })
    const spec = { ...long, data: { hash, roles: ROLES } } as unknown as ExperimentSpec
    const { id } = await first.call('experiment.run', { spec })
    await until(first, (n) => n.type === 'run' && n.summary.status === 'running')
    await first.close()
    const cli = await openLab({ workspacePath, host: 'cli' })
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect((await cli.call('experiment.get', { id })).line.trials.done).toBe(0)
    await cli.call('queue.stop', { experiment: id })
    expect((await cli.call('experiment.get', { id })).line.status).toBe('stopped')
    await cli.close()
    const page = await openLab({ workspacePath, host: 'browser' })
    const fromPage = { ...baselines, data: { file: '/etc/passwd' } } as unknown as ExperimentSpec
    expect(await refused(page.call('experiment.run', { spec: fromPage }))).toMatchObject({
      code: 'spec.file-from-page',
    })
    await page.close()
  })

  test('samples and generators run like any data', async () => {
    const lab = await openLab({ workspacePath: fresh() })
    const { samples } = await lab.call('data.samples', {})
    expect(samples.map((s) => s.id)).toContain('barley')
    const barley = await lab.call('data.openSample', { id: 'barley' })
    expect(barley.roles).toMatchObject({ targets: ['yield'], task: 'site' })
    const { spec } = await lab.call('experiment.propose', { hash: barley.hash, roles: barley.roles! })
    expect(spec.methods.map((m) => m.id)).toContain('hard-sharing')
    const { generators } = await lab.call('data.generators', {})
    expect(generators.map((g) => g.id)).toContain('sine')
    const sine = await run(lab, {
      name: 'sine',
      data: { generator: 'sine' },
      methods: [{ id: 'mean' }, { id: 'ridge' }],
      evaluation: { protocol: 'few-shot', shots: 5, episodes: 20 },
      twins: false,
    })
    expect(sine.runs.map((r) => [r.methodKey, r.status, r.error])).toEqual(
      sine.runs.map((r) => [r.methodKey, 'done', null]),
    )
    const comparison = await lab.call('experiment.compare', { ids: [sine.id] })
    expect(comparison.methods.map((m) => m.key).sort()).toEqual(['mean', 'ridge'])
    await lab.close()
  })
})
