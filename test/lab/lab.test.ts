import fs from 'node:fs'
import path from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LabApi, type Call } from '../../core/contract.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { blobOf, openLab, refused, ROLES, run, writeCsv, type TestLab } from './labs.ts'
import { fileHash, tempFolder } from './places.ts'

const folder = tempFolder()
const csv = writeCsv(folder)
let count = 0
const fresh = () => path.join(folder, `lab${++count}.engram`)
const baselines = { name: 'base', methods: [{ id: 'ridge' }, { id: 'mean' }], evaluation: { folds: 3 }, twins: false }

describe('from a file to a verdict', () => {
  let lab: TestLab
  let hash: string
  let done: Awaited<ReturnType<typeof run>>
  const workspacePath = fresh()
  const unsaved: string[] = []
  const reader = { db: null as Database.Database | null }

  beforeAll(async () => {
    lab = await openLab({
      workspacePath,
      onNotice(notice) {
        // Whatever is told is in the file already: another connection sees it.
        if (notice.type !== 'events') return
        reader.db ??= new Database(workspacePath, { readonly: true })
        const sql = 'SELECT max(e.seq + e.n) AS n FROM events e JOIN runs r ON r.n = e.run WHERE r.id = ?'
        const { n } = reader.db.prepare(sql).get(notice.run) as { n: number | null }
        if ((n ?? 0) <= notice.events.at(-1)!.seq) unsaved.push(notice.run)
      },
    })
    const dataset = await lab.call('data.open', { files: [{ path: csv }], job: 'import 1' })
    hash = dataset.hash
    done = await run(lab, { ...baselines, data: { hash, roles: ROLES } })
  })
  afterAll(async () => {
    await lab.close()
    reader.db?.close()
  })

  test('the data set is kept with its summary, rows and roles', async () => {
    const dataset = await lab.call('data.get', { hash })
    expect(dataset.name).toBe('field')
    expect(dataset.summary.columns.map((column) => [column.name, column.kind, column.missing])).toEqual([
      ['a', 'number', 0],
      ['b', 'number', 0],
      ['soil', 'category', 0],
      ['site', 'category', 0],
      ['产量', 'number', 6],
      ['z', 'number', 0],
    ])
    const { rows } = await lab.call('data.rows', { hash, from: 58, count: 10 })
    expect(rows).toHaveLength(2)
    expect(rows[0].slice(2, 4)).toEqual(['sand', '南'])
    await lab.call('data.setRoles', { hash, roles: { ...ROLES, task: 'site', ignore: [] } })
    expect((await lab.call('data.get', { hash })).roles?.task).toBe('site')
    expect(await refused(lab.call('data.setRoles', { hash, roles: { targets: ['nix'] } }))).toEqual({
      code: 'roles.unknown-column',
      who: 'roles',
      rule: 'Every column that is named must be in the table.',
      got: '"nix"',
      remedy: 'Correct the name.',
    })
    await lab.call('data.rename', { hash, name: '田' })
    expect((await lab.call('data.list', {})).datasets).toMatchObject([{ hash, name: '田', rows: 60, columns: 6 }])
    expect(lab.notices.some((n) => n.type === 'import' && n.job === 'import 1' && n.done === 1)).toBe(true)
  })

  test('every trial ran, baselines first, and nothing was told before it was saved', async () => {
    expect(done.status).toBe('done')
    expect(done.runs.map((r) => [r.methodKey, r.fold, r.status])).toEqual(
      ['ridge', 'mean']
        .flatMap((id) => [0, 1, 2].map((fold) => [id, fold, 'done']))
        .concat([
          ['ridge', 'all', 'done'],
          ['mean', 'all', 'done'],
        ] as never),
    )
    // The news of a commit follows it by a turn of the loop: a lab may answer that it has ended before.
    const told = () => new Set(lab.notices.flatMap((n) => (n.type === 'events' ? [n.run] : [])))
    await expect.poll(told).toEqual(new Set(done.runs.map((r) => r.id)))
    expect(unsaved).toEqual([])
  })

  test('a run is the fold of its events', async () => {
    const [first] = done.runs
    const { events, more } = await lab.call('run.events', { run: first.id })
    expect(more).toBe(false)
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i))
    expect(events[0]).toMatchObject({ type: 'start', dataHash: hash })
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'done' })
    const rmse = events.find((e) => e.type === 'metric' && e.name === 'rmse' && e.task === 'z')
    expect(rmse).toMatchObject({ value: first.metrics.rmse.perTask.z })
    expect(first.metrics.rmse.perTask.z).toBeLessThan(0.3)
    const tail = await lab.call('run.events', { run: first.id, since: 3 })
    expect(tail.events).toEqual(events.slice(3))
  })

  test('the comparison calls ridge better than the mean', async () => {
    const comparison = await lab.call('experiment.compare', { ids: [done.id] })
    expect(LabApi['experiment.compare'].result.parse(comparison)).toEqual(comparison)
    const overall = comparison.differences.find((d) => d.method === 'ridge' && d.task === null)
    expect(overall?.call).toBe('helps')
    expect(comparison.tasks).toEqual([
      { id: '产量', kind: 'regression', rows: 54 },
      { id: 'z', kind: 'regression', rows: 60 },
    ])
    expect(comparison.complete).toBe(true)
  })

  test('the report is one page without rows of the data', async () => {
    const { html } = await lab.call('experiment.report', { ids: [done.id], language: 'zh' })
    expect(html).toContain('lang="zh"')
    expect(html).toContain(hash.slice(0, 4))
    expect(html).not.toContain('<script')
  })

  test('new rows are predicted by name, whatever the order of their columns', async () => {
    const all = done.runs.find((r) => r.methodKey === 'ridge' && r.fold === 'all')!
    const file = path.join(folder, 'new.csv')
    fs.writeFileSync(file, 'soil,extra,b,a\nclay,1,0.5,0.25\npeat,2,0.5,\n')
    const answer = await lab.call('run.predict', { run: all.id, files: [{ path: file }] })
    expect(answer.rows).toBe(2)
    expect(answer.columns).toEqual(['row', '产量', 'z'])
    // y = 2a - b + (clay: 0), z = a + b
    expect(answer.preview[0][1]).toBeCloseTo(2 * 0.25 - 0.5, 0)
    expect(answer.preview[0][2]).toBeCloseTo(0.25 + 0.5, 0)
    expect(answer.warnings.map((w) => w.code)).toEqual(['predict.missing-cells', 'predict.unknown-levels'])
    const text = (await blobOf(lab, answer.csv)).toString()
    expect(text.split('\r\n')[0]).toBe('row,产量,z')
    expect(Number(text.split('\r\n')[1].split(',')[1])).toBe(answer.preview[0][1])
  })

  test('new rows without a column that the model needs', async () => {
    const all = done.runs.find((r) => r.methodKey === 'ridge' && r.fold === 'all')!
    const file = path.join(folder, 'short.csv')
    fs.writeFileSync(file, 'a,y\n1,2\n3,4\n')
    expect(await refused(lab.call('run.predict', { run: all.id, files: [{ path: file }] }))).toEqual({
      code: 'predict.missing-columns',
      who: 'short.csv',
      rule: 'must have every column that the model learned from: a, b, soil.',
      got: 'no column "b", "soil"',
      remedy: 'Add the columns, or correct their names. Empty cells are allowed.',
    })
  })

  test('a run is exported as text', async () => {
    const exported = async (format: 'csv' | 'json' | 'latex') => {
      const { blob, name } = await lab.call('run.export', { run: done.runs[0].id, format })
      return { name, text: (await blobOf(lab, blob)).toString() }
    }
    const table = await exported('csv')
    expect(table.name).toBe(`ridge-${done.runs[0].id}.csv`)
    // 20 test rows of two targets, less those of the six missing cells that are in this fold.
    expect(table.text.split('\r\n')[0]).toBe('row,episode,task,truth,prediction')
    expect(table.text.trim().split('\r\n').length).toBeGreaterThan(34)
    const json = JSON.parse((await exported('json')).text) as { run: { id: string }; dataHash: string }
    expect([json.run.id, json.dataHash]).toEqual([done.runs[0].id, hash])
    expect((await exported('latex')).text).toContain('\\begin{tabular}{lrrrrr}')
    const { methods } = await lab.call('methods.list', {})
    for (const { id, methodKey, fold } of done.runs) {
      if (fold !== 'all') continue
      const answer = lab.call('run.export', { run: id, format: 'onnx' })
      if (methods.find((m) => m.id === methodKey)?.can.onnx) expect((await answer).name).toBe(`${methodKey}-${id}.onnx`)
      else expect(await refused(answer)).toMatchObject({ code: 'run.cannot', who: `Method ${methodKey}` })
    }
  })

  test('renaming, the bin, settings, drafts', async () => {
    await lab.call('experiment.rename', { id: done.id, name: 'new name' })
    await lab.call('experiment.bin', { id: done.id, binned: true })
    const { experiments } = await lab.call('experiment.list', {})
    expect(experiments).toMatchObject([{ name: 'new name', binned: true, trials: { of: 8, done: 8 } }])
    await lab.call('experiment.bin', { id: done.id, binned: false })
    await lab.call('settings.set', { key: 'language', value: 'zh' })
    await lab.call('draft.set', { key: 'spec', value: { half: 'type' } })
    expect((await lab.call('settings.get', {})).settings).toEqual({ language: 'zh' })
    expect((await lab.call('draft.get', { key: 'spec' })).value).toEqual({ half: 'type' })
    expect((await lab.call('draft.get', { key: 'other' })).value).toBeNull()
  })

  test('a copy of the workspace holds all of it and can be opened in its place', async () => {
    const copy = fresh()
    await lab.call('workspace.saveCopy', { path: copy })
    expect(await refused(lab.call('workspace.saveCopy', { path: workspacePath }))).toMatchObject({
      code: 'workspace.copy-onto-itself',
    })
    await lab.call('workspace.open', { path: copy })
    expect((await lab.call('lab.info', {})).workspace).toEqual({
      path: copy,
      name: path.basename(copy, '.engram'),
      readOnly: false,
    })
    const { runs } = await lab.call('experiment.get', { id: done.id })
    expect(runs).toEqual(done.runs)
    expect(await refused(lab.call('workspace.open', { path: path.join(folder, 'no', 'x.engram') }))).toMatchObject({
      code: 'workspace.folder-missing',
    })
    await lab.call('workspace.open', { path: workspacePath })
  })

  test('an import that is cancelled leaves nothing behind', async () => {
    const file = writeCsv(folder, 200_000, 'large.csv')
    const answer = lab.call('data.open', { files: [{ path: file }], job: 'large' })
    setTimeout(() => void lab.call('data.cancel', { job: 'large' }), 50)
    expect(await refused(answer)).toEqual({
      code: 'data.cancelled',
      who: 'large.csv',
      rule: 'An import must run to its end.',
      got: 'a cancelled import',
      remedy: 'Open the file again when you want it. Nothing was changed.',
    })
    expect((await lab.call('data.list', {})).datasets).toHaveLength(1)
  })

  test('a read-only workspace shows, compares and predicts; it refuses to run', async () => {
    const copy = fresh()
    await lab.call('workspace.saveCopy', { path: copy })
    fs.chmodSync(copy, 0o444)
    const before = fileHash(copy)
    const reader = await openLab({ workspacePath: copy })
    expect((await reader.call('lab.info', {})).workspace.readOnly).toBe(true)
    expect((await reader.call('experiment.compare', { ids: [done.id] })).complete).toBe(true)
    const all = done.runs.find((r) => r.fold === 'all')!
    const { csv: blob } = await reader.call('run.predict', { run: all.id, files: [{ path: csv }] })
    expect((await blobOf(reader, blob)).toString().split('\r\n')).toHaveLength(62)
    const spec = { ...baselines, data: { hash, roles: ROLES } } as unknown as ExperimentSpec
    expect(await refused(reader.call('experiment.run', { spec }))).toMatchObject({ code: 'workspace.read-only' })
    await reader.close()
    expect(fileHash(copy)).toBe(before)
  })

  test('bad parameters of every call are refused in words', async () => {
    for (const call of Object.keys(LabApi) as Call[]) {
      const json = await refused(lab.call(call, { surprise: 1 } as never))
      expect([call, json.code, json.who]).toEqual([call, 'bad-parameters', call])
    }
    expect(await refused(lab.call('no.such' as Call, {} as never))).toMatchObject({ code: 'unknown-call' })
    const unknown: [Call, object, string][] = [
      ['data.get', { hash: 'x' }, 'data.unknown'],
      ['data.rows', { hash: 'x', from: 0, count: 1 }, 'data.unknown'],
      ['experiment.get', { id: 'x' }, 'experiment.unknown'],
      ['experiment.compare', { ids: ['x'] }, 'experiment.unknown'],
      ['experiment.compare', { ids: [done.id], metric: 'nope' }, 'unknown-metric'],
      ['queue.stop', { experiment: 'x' }, 'experiment.unknown'],
      ['run.events', { run: 'x' }, 'run.unknown'],
      ['run.network', { run: 'x' }, 'run.unknown'],
      ['blob', { hash: 'x' }, 'blob.missing'],
      ['data.open', { files: [{ upload: 'x', name: 'y.csv' }] }, 'data.no-upload'],
      ['experiment.run', { spec: { data: {}, methods: [{ id: 'mean' }] } }, 'spec.data'],
      ['experiment.run', { spec: { data: { hash, roles: ROLES }, methods: [{ id: 'meen' }] } }, 'unknown-method'],
      // The mean has no network.
      ['run.network', { run: done.runs[3].id }, 'run.cannot'],
    ]
    for (const [call, params, code] of unknown)
      expect([call, (await refused(lab.call(call, params as never))).code]).toEqual([call, code])
  })
})
