import path from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { ended, eventsOf, openLab, ROLES, run, until, writeCsv } from './labs.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()
const csv = writeCsv(folder)
let count = 0
const fresh = () => path.join(folder, `lab${++count}.engram`)
/** Long enough to be stopped on the way. */
const long = {
  name: 'net',
  methods: [{ id: 'hard-sharing', params: { epochs: 100_000, patience: 0, hidden: [32] } }],
  evaluation: { folds: 2 },
  twins: false,
}
const network = { ...long, methods: [{ id: 'hard-sharing', params: { epochs: 4000, patience: 0, hidden: [32] } }] }
const short = { ...long, methods: [{ id: 'hard-sharing', params: { epochs: 60, patience: 0, hidden: [8] } }] }

describe('the queue', () => {
  test('one worker or four: the same events of every trial', async () => {
    const said = []
    for (const workers of [1, 4]) {
      const lab = await openLab({ workspacePath: fresh(), workers })
      const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
      const { id, status } = await run(lab, {
        ...short,
        methods: [...short.methods, { id: 'ridge' }],
        data: { hash, roles: ROLES },
      })
      expect(status).toBe('done')
      said.push(await eventsOf(lab, id))
      await lab.close()
    }
    expect(said[0].size).toBe(6)
    expect(said[1]).toEqual(said[0])
    expect([...said[0].values()].flat().length).toBeGreaterThan(100)
  })

  test('pause keeps the checkpoint, resume says what a quiet run says; closing and opening too', async () => {
    const quiet = await openLab({ workspacePath: fresh() })
    const { hash } = await quiet.call('data.open', { files: [{ path: csv }] })
    const spec = { ...network, data: { hash, roles: ROLES } }
    const undisturbed = await eventsOf(quiet, (await run(quiet, spec)).id)
    await quiet.close()

    const workspacePath = fresh()
    let lab = await openLab({ workspacePath })
    await lab.call('data.open', { files: [{ path: csv }] })
    const { id } = await lab.call('experiment.run', { spec: spec as unknown as ExperimentSpec })
    await until(lab, (n) => n.type === 'run' && n.summary.done > 400)
    await lab.call('queue.pause', { experiment: id })
    await until(lab, (n) => n.type === 'run' && n.summary.status === 'paused')
    const { line, runs } = await lab.call('experiment.get', { id })
    expect(line.status).toBe('paused')
    expect(runs.some((r) => r.status === 'paused')).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect((await lab.call('experiment.get', { id })).line.trials.done).toBe(line.trials.done)
    await lab.call('queue.resume', { experiment: id })
    await lab.close()

    lab = await openLab({ workspacePath })
    expect((await ended(lab, id)).status).toBe('done')
    expect(await eventsOf(lab, id)).toEqual(undisturbed)
    await lab.close()
  })

  test('stop keeps what there is and labels it', async () => {
    const lab = await openLab({ workspacePath: fresh(), workers: 1 })
    const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
    const spec = { ...long, data: { hash, roles: ROLES } } as unknown as ExperimentSpec
    const { id } = await lab.call('experiment.run', { spec })
    await until(lab, (n) => n.type === 'run' && n.summary.status === 'running')
    await lab.call('queue.stop', { experiment: id })
    const { status, runs } = await ended(lab, id)
    expect(status).toBe('stopped')
    expect(runs.map((r) => r.status)).toEqual(['stopped', 'stopped', 'stopped'])
    const { events } = await lab.call('run.events', { run: runs[0].id })
    expect(events.length).toBeGreaterThan(1)
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'stopped', seq: events.length - 1 })
    await lab.close()
  })

  test('a trial that fails says why; the others go on', async () => {
    const lab = await openLab({ workspacePath: fresh() })
    const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
    const wild = { id: 'hard-sharing', params: { epochs: 200, learningRate: 1, weightDecay: 0, hidden: [64, 64, 64] } }
    const { runs, status } = await run(lab, { ...short, methods: [wild, { id: 'mean' }], data: { hash, roles: ROLES } })
    expect(status).toBe('done')
    for (const r of runs.filter((r) => r.status === 'failed')) expect(r.error?.rule).toBeTruthy()
    expect(runs.filter((r) => r.methodKey === 'mean').map((r) => r.status)).toEqual(['done', 'done', 'done'])
    await lab.close()
  })

  test('two labs on one workspace: one runs the trials, the other sees them and may stop them', async () => {
    const workspacePath = fresh()
    const a = await openLab({ workspacePath, workers: 1 })
    const b = await openLab({ workspacePath, workers: 1 })
    const { hash } = await a.call('data.open', { files: [{ path: csv }] })
    const spec = { ...long, data: { hash, roles: ROLES } } as unknown as ExperimentSpec
    const { id } = await a.call('experiment.run', { spec })
    await until(b, (n) => n.type === 'experiment' && n.line.id === id && n.line.status === 'running')
    expect(b.notices.filter((n) => n.type === 'events')).toEqual([])
    await b.call('queue.stop', { experiment: id })
    expect((await ended(a, id)).status).toBe('stopped')
    expect(b.notices.filter((n) => n.type === 'events')).toEqual([])
    await a.close()
    await b.close()
  })

  test('the estimate before the start learns from runs that finished', async () => {
    const lab = await openLab({ workspacePath: fresh() })
    const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
    const spec = { ...network, data: { hash, roles: ROLES } } as unknown as ExperimentSpec
    const before = await lab.call('experiment.plan', { spec })
    expect([before.trials, before.workers]).toEqual([3, 2])
    expect(before.perMethod).toMatchObject([{ key: 'hard-sharing', trials: 3 }])
    const { runs } = await run(lab, spec)
    const took = runs.reduce((sum, r) => sum + r.seconds!, 0)
    const after = await lab.call('experiment.plan', { spec })
    const said = after.perMethod[0].seconds
    expect(said / took).toBeGreaterThan(0.8)
    expect(said / took).toBeLessThan(1.25)
    expect(Math.abs(Math.log(said / took))).toBeLessThan(Math.abs(Math.log(before.perMethod[0].seconds / took)) + 0.2)
    await lab.close()
  })

  test('while nothing can be saved no further trial begins; then it goes on by itself', async () => {
    const lab = await openLab({ workspacePath: fresh(), workers: 1 })
    const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
    const spec = { ...network, data: { hash, roles: ROLES } } as unknown as ExperimentSpec
    const { id } = await lab.call('experiment.run', { spec })
    await until(lab, (n) => n.type === 'run' && n.summary.status === 'running')
    // Another program holds the file for longer than the lab waits for it.
    const other = new Database((await lab.call('lab.info', {})).workspace.path)
    other.exec('BEGIN IMMEDIATE')
    await until(lab, (n) => n.type === 'fault')
    expect(lab.notices.filter((n) => n.type === 'fault')).toMatchObject([
      { error: { code: 'workspace.busy', got: 'a file that stayed locked for 3 seconds' } },
    ])
    other.exec('ROLLBACK')
    other.close()
    const { status, runs } = await ended(lab, id)
    expect([status, ...runs.map((r) => r.status)]).toEqual(['done', 'done', 'done', 'done'])
    await lab.close()
  })
})
