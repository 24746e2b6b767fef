import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { hashColumns } from '../../core/data/hash.ts'
import { summarise } from '../../core/data/summary.ts'
import type { Column, Table } from '../../core/data/table.ts'
import { UserError } from '../../core/errors.ts'
import type { Trial } from '../../core/experiment.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { sha256 } from '../../electron/lab/workspace/blobs.ts'
import { VERSION } from '../../electron/lab/workspace/schema.ts'
import { Workspace } from '../../electron/lab/workspace/workspace.ts'
import { fileHash, tempFolder } from './places.ts'

const folder = tempFolder()
let count = 0
const fresh = () => path.join(folder, `w${++count}.engram`)

function table(rows = 100): Table {
  const columns: Column[] = [
    {
      name: 'x',
      kind: 'number',
      values: Float64Array.from({ length: rows }, (_, i) => Math.sin(i)),
      valid: Uint8Array.from({ length: rows }, (_, i) => (i % 7 ? 1 : 0)),
    },
    {
      name: '产地',
      kind: 'category',
      levels: ['北京', 'b'],
      values: Int32Array.from({ length: rows }, (_, i) => i % 2),
      valid: new Uint8Array(rows).fill(1),
    },
  ]
  return { hash: hashColumns(rows, columns), rows, columns }
}

const evaluation = ExperimentSpec.parse({ data: { hash: 'x' }, methods: [{ id: 'mean' }] }).evaluation
const trial = (id: string): Trial => ({
  id,
  methodKey: 'mean',
  method: { id: 'mean', params: {} },
  seed: 1,
  repeat: 0,
  fold: 0,
  evaluation,
  metrics: ['rmse'],
})

/** A workspace with a data set, an experiment with two runs, events, a blob, a setting and a draft. */
async function filled(): Promise<string> {
  const file = fresh()
  fs.copyFileSync(await (template ??= fill(fresh())), file)
  return file
}
let template: Promise<string> | null = null

async function fill(file: string): Promise<string> {
  const workspace = new Workspace(file)
  const t = table()
  await workspace.datasets.put(t, 'test', null, summarise(t))
  const { records, writer, blobs } = workspace
  await writer.add(() => {
    const spec = ExperimentSpec.parse({ data: { hash: t.hash }, methods: [{ id: 'mean' }] })
    records.addExperiment(
      { id: 'e1', name: 'first', createdAt: '2026-01-01', spec, dataHash: t.hash, dataName: 'test' },
      [trial('mean/1/0.0'), trial('mean/1/0.1')],
    )
    records.addEvents(1, [
      { trial: 'mean/1/0.0', seq: 0, type: 'start', runtime: 'native 1', dataHash: t.hash },
      { trial: 'mean/1/0.0', seq: 1, type: 'progress', done: 1, of: 2 },
    ])
    const bytes = Buffer.from('a model '.repeat(100))
    blobs.put(sha256(bytes), bytes)
  })
  await workspace.setSetting('theme', 'dark')
  await workspace.setDraft('spec', { name: '草稿' })
  workspace.close()
  return file
}

/** Everything that is in a workspace, as one hash; asked of a copy, so that asking changes nothing. */
function contentHash(file: string, withLog = true): string {
  const copy = path.join(folder, `copy${++count}.db`)
  fs.copyFileSync(file, copy)
  if (withLog && fs.existsSync(`${file}-wal`)) fs.copyFileSync(`${file}-wal`, `${copy}-wal`)
  const db = new Database(copy)
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all() as {
    name: string
  }[]
  const all = tables.map(({ name }) => [
    name,
    (db.prepare(`SELECT * FROM "${name}"`).raw().all() as unknown[][]).map((row) =>
      row.map((value) => (Buffer.isBuffer(value) ? value.toString('hex') : value)),
    ),
  ])
  db.close()
  return sha256(Buffer.from(JSON.stringify(all)))
}

function refusal(open: () => unknown): UserError['json'] {
  try {
    open()
  } catch (error) {
    if (error instanceof UserError) return error.json
    throw error
  }
  throw new Error('it was not refused')
}

describe('what is kept', () => {
  test('comes back after closing: data bit by bit, events, blobs, settings, drafts', async () => {
    const file = await filled()
    const w = new Workspace(file)
    const t = table()
    const back = w.datasets.load(t.hash)!
    expect(back.rows).toBe(100)
    expect(back.columns[0].values.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect([...back.columns[0].valid]).toEqual([...t.columns[0].valid])
    expect([...back.columns[0].values]).toEqual([...t.columns[0].values])
    expect(back.columns[1].levels).toEqual(['北京', 'b'])
    expect(w.datasets.list()).toMatchObject([{ hash: t.hash, name: 'test', rows: 100, columns: 2 }])
    expect(w.records.experiments().map((row) => [row.id, row.status])).toEqual([['e1', 'queued']])
    expect(w.records.runs('e1').map((run) => [run.id, run.trial])).toEqual([
      ['e1-1', 'mean/1/0.0'],
      ['e1-2', 'mean/1/0.1'],
    ])
    expect(w.records.events(w.records.run('e1-1')!)).toEqual([
      { trial: 'mean/1/0.0', seq: 0, type: 'start', runtime: 'native 1', dataHash: t.hash },
      { trial: 'mean/1/0.0', seq: 1, type: 'progress', done: 1, of: 2 },
    ])
    expect(Buffer.from(w.blobs.need(sha256(Buffer.from('a model '.repeat(100))))).toString()).toContain(
      'a model a model',
    )
    expect(w.settings()).toEqual({ theme: 'dark' })
    expect(w.draft('spec')).toEqual({ name: '草稿' })
    w.close()
  })

  test('a data set of many chunks comes back bit by bit', async () => {
    const t = table(150_000)
    const w = new Workspace(fresh())
    await w.datasets.put(t, 'long', null, summarise(t))
    const back = w.datasets.load(t.hash)!
    expect(Buffer.compare(Buffer.from(back.columns[0].values.buffer), Buffer.from(t.columns[0].values.buffer))).toBe(0)
    expect(Buffer.compare(Buffer.from(back.columns[0].valid.buffer), Buffer.from(t.columns[0].valid.buffer))).toBe(0)
    w.close()
  })

  test('the pieces of an import that was cut off are removed by the next one', async () => {
    const file = fresh()
    const w = new Workspace(file)
    const raw = new Database(file)
    raw.prepare("INSERT INTO chunks (dataset, col, part, chunk, bytes) VALUES ('cut', 0, 0, 0, x'00')").run()
    const t = table()
    await w.datasets.put(t, 'test', null, summarise(t))
    const left = raw.prepare('SELECT DISTINCT dataset FROM chunks').all()
    expect(left).toEqual([{ dataset: t.hash }])
    expect(raw.prepare('SELECT count(*) AS n FROM leases').get()).toEqual({ n: 0 })
    raw.close()
    w.close()
  })

  test('the same event written twice is one event', async () => {
    const w = new Workspace(await filled())
    const before = w.records.events({ n: 1, trial: 't' })
    await w.writer.add(() => w.records.addEvents(1, before))
    expect(w.records.events({ n: 1, trial: 't' })).toEqual(before)
    w.close()
  })

  test('a write that fails takes nothing else of its batch with it', async () => {
    const w = new Workspace(fresh())
    const bad = w.writer.add(() => {
      throw new Error('internal: on purpose')
    })
    const good = w.setSetting('a', 1)
    await expect(bad).rejects.toThrow('on purpose')
    await good
    expect(w.settings()).toEqual({ a: 1 })
    w.close()
  })

  test('many writes are committed at most twice a second', async () => {
    const file = fresh()
    const w = new Workspace(file)
    const other = new Database(file)
    let commits = 0
    let version = other.pragma('data_version', { simple: true })
    const began = performance.now()
    const done: Promise<void>[] = []
    while (performance.now() - began < 1600) {
      done.push(w.setSetting(`k${done.length}`, done.length))
      await new Promise((resolve) => setTimeout(resolve, 20))
      const now = other.pragma('data_version', { simple: true })
      if (now !== version) commits++
      version = now
    }
    await Promise.all(done)
    expect(commits).toBeGreaterThanOrEqual(2)
    expect(commits).toBeLessThanOrEqual(4)
    expect(Object.keys(w.settings())).toHaveLength(done.length)
    other.close()
    w.close()
  })

  test('a copy is whole while work goes on', async () => {
    const w = new Workspace(await filled())
    const copy = fresh()
    void w.setSetting('late', true)
    await w.saveCopy(copy)
    w.close()
    const c = new Workspace(copy)
    expect(c.settings()).toEqual({ theme: 'dark', late: true })
    expect(c.datasets.load(table().hash)?.rows).toBe(100)
    c.close()
  })

  test('two processes may have it open; an experiment is run by one of them', async () => {
    const file = await filled()
    const a = new Workspace(file)
    const b = new Workspace(file)
    const take = (w: Workspace) => w.writer.now(() => w.leases.take('e1'))
    expect(take(a)).toBe(true)
    expect(take(b)).toBe(false)
    expect(take(a)).toBe(true)
    expect(b.leases.elsewhere('e1')).toBe(true)
    a.writer.now(() => a.leases.release('e1'))
    expect(take(b)).toBe(true)
    // A holder that is dead is not waited for: no process has this id.
    const raw = new Database(file)
    raw.prepare('UPDATE leases SET pid = 4194303, owner = ?').run('gone')
    raw.close()
    expect(take(a)).toBe(true)
    a.close()
    b.close()
  })
})

describe('what cannot be opened says why and is left as it is', () => {
  test('a folder that is not there', () => {
    const file = path.join(folder, 'nowhere', 'x.engram')
    expect(refusal(() => new Workspace(file))).toEqual({
      code: 'workspace.folder-missing',
      who: 'Workspace x.engram',
      rule: 'The folder of a workspace must exist.',
      got: `the missing folder ${path.join(folder, 'nowhere')}`,
      remedy: 'Make the folder, connect the drive, or choose another place.',
    })
  })

  test('a folder, and a file of another kind', () => {
    expect(refusal(() => new Workspace(folder))).toMatchObject({ code: 'workspace.not-a-workspace', got: 'a folder' })
    const file = fresh()
    fs.writeFileSync(file, 'a,b\n1,2\n'.repeat(500))
    const before = fileHash(file)
    expect(refusal(() => new Workspace(file))).toEqual({
      code: 'workspace.not-a-workspace',
      who: `Workspace ${path.basename(file)}`,
      rule: 'A workspace must be a file that Engram made.',
      got: 'a file of another kind',
      remedy: 'Choose an .engram file, or open this file as data. Nothing in it was changed.',
    })
    expect(fileHash(file)).toBe(before)
  })

  test('a database of another program', () => {
    const file = fresh()
    const db = new Database(file)
    db.exec('CREATE TABLE t (a)')
    db.close()
    const before = fileHash(file)
    expect(refusal(() => new Workspace(file))).toMatchObject({
      code: 'workspace.not-a-workspace',
      got: 'a database of another program',
    })
    expect(fileHash(file)).toBe(before)
  })

  test.each([1, 2])('a workspace of version %d is brought up to date, with all that is in it', async (version) => {
    const file = await filled()
    const before = contentHash(file)
    const db = new Database(file)
    db.exec('DROP TABLE programs')
    if (version < 2) db.exec('ALTER TABLE runs DROP COLUMN found')
    db.pragma(`user_version = ${version}`)
    db.close()
    expect(contentHash(file)).not.toBe(before)
    new Workspace(file).close()
    expect(contentHash(file)).toBe(before)
    const after = new Database(file, { readonly: true })
    expect(after.pragma('user_version', { simple: true })).toBe(VERSION)
    after.close()
  })

  test('a workspace of a newer version', async () => {
    const file = await filled()
    const db = new Database(file)
    db.pragma('user_version = 99')
    db.close()
    const before = fileHash(file)
    expect(refusal(() => new Workspace(file))).toEqual({
      code: 'workspace.newer',
      who: `Workspace ${path.basename(file)}`,
      rule: 'This Engram reads workspaces up to version 3.',
      got: 'version 99',
      remedy: 'Update Engram to open it. Nothing in it was changed.',
    })
    expect(fileHash(file)).toBe(before)
  })

  test('a workspace cut in half', async () => {
    const file = await filled()
    const size = fs.statSync(file).size
    fs.truncateSync(file, size / 2)
    const before = fileHash(file)
    expect(refusal(() => new Workspace(file))).toEqual({
      code: 'workspace.cut',
      who: `Workspace ${path.basename(file)}`,
      rule: 'A workspace must be whole.',
      got: `${size / 2} bytes of ${size}`,
      remedy: 'The end of the file is missing: copy it again or restore it from a backup. Nothing in it was changed.',
    })
    expect(fileHash(file)).toBe(before)
  })

  test('a zeroed workspace', async () => {
    const file = await filled()
    const size = fs.statSync(file).size
    fs.writeFileSync(file, Buffer.alloc(size))
    const before = fileHash(file)
    expect(refusal(() => new Workspace(file))).toEqual({
      code: 'workspace.zeroed',
      who: `Workspace ${path.basename(file)}`,
      rule: 'A workspace must hold its content.',
      got: `${size} bytes that are all zero`,
      remedy: 'The disk or a copy program lost the content. Restore the file from a backup. Nothing in it was changed.',
    })
    expect(fileHash(file)).toBe(before)
  })

  test('a page overwritten in the middle', async () => {
    const file = await filled()
    const bytes = fs.readFileSync(file)
    bytes.fill(0xaa, 8192, 12288)
    fs.writeFileSync(file, bytes)
    const before = fileHash(file)
    const json = refusal(() => new Workspace(file))
    expect(json).toMatchObject({
      code: 'workspace.damaged',
      who: `Workspace ${path.basename(file)}`,
      rule: 'A workspace must be free of damage.',
    })
    expect(json.got).toContain('a damaged file')
    expect(json.remedy).toContain('Restore the file from a backup')
    expect(fileHash(file)).toBe(before)
  })

  test('a cell that was changed in a data set, and a blob', async () => {
    const file = await filled()
    const db = new Database(file)
    const { bytes } = db.prepare('SELECT bytes FROM chunks WHERE col = 1 AND part = 0').get() as { bytes: Buffer }
    const cells = zstdDecompressSync(bytes)
    cells[0] ^= 1
    db.prepare('UPDATE chunks SET bytes = ? WHERE col = 1 AND part = 0').run(zstdCompressSync(cells))
    db.prepare('UPDATE blobs SET packed = 0').run()
    const { hash } = db.prepare('SELECT hash FROM blobs').get() as { hash: string }
    db.close()
    const w = new Workspace(file)
    expect(refusal(() => w.datasets.load(table().hash))).toEqual({
      code: 'workspace.content-damaged',
      who: `Workspace ${path.basename(file)}`,
      rule: 'What is kept must match its fingerprint.',
      got: 'different content for the data set "test"',
      remedy: 'Import the data again or restore the workspace from a backup. Nothing in it was changed.',
    })
    expect(refusal(() => w.blobs.need(hash))).toMatchObject({ code: 'workspace.content-damaged' })
    w.close()
  })
})

describe('what can be opened with care', () => {
  test('a read-only workspace is read and refuses to be changed', async () => {
    const file = await filled()
    fs.chmodSync(file, 0o444)
    const before = fileHash(file)
    const w = new Workspace(file)
    expect(w.readOnly).toBe(true)
    expect(w.settings()).toEqual({ theme: 'dark' })
    expect(w.datasets.load(table().hash)?.rows).toBe(100)
    const refused = w.setSetting('theme', 'light').catch((error: UserError) => error.json)
    expect(await refused).toEqual({
      code: 'workspace.read-only',
      who: `Workspace ${path.basename(file)}`,
      rule: 'A workspace must be writable to be changed.',
      got: 'a read-only file or folder',
      remedy: 'Use "Save a copy" and go on in the copy, or change the permissions of the file.',
    })
    await expect(w.datasets.put({ ...table(), hash: 'other' }, 'x', null, summarise(table()))).rejects.toThrow(
      UserError,
    )
    const copy = fresh()
    await w.saveCopy(copy)
    w.close()
    expect(fileHash(file)).toBe(before)
    expect(fs.existsSync(`${file}-wal`)).toBe(false)
    const c = new Workspace(copy)
    expect(c.readOnly).toBe(false)
    await c.setSetting('theme', 'light')
    c.close()
  })

  test('a damaged log: what was saved before the damage is open, and the log is kept', async () => {
    const file = await filled()
    const saved = contentHash(file)
    // A log as a killed process leaves it: two commits, not yet in the file.
    const w = new Workspace(file)
    await w.setSetting('one', 1)
    const afterOne = { hash: contentHash(file), size: fs.statSync(`${file}-wal`).size }
    await w.setSetting('two', 2)
    await w.setSetting('three', 3)
    const broken = fresh()
    fs.copyFileSync(file, broken)
    fs.copyFileSync(`${file}-wal`, `${broken}-wal`)
    w.close()
    const log = fs.readFileSync(`${broken}-wal`)
    log[afterOne.size + 24 + 100] ^= 0xff
    fs.writeFileSync(`${broken}-wal`, log)

    const opened = new Workspace(broken)
    expect(opened.warning?.json).toEqual({
      code: 'workspace.log-damaged',
      who: `Workspace ${path.basename(broken)}`,
      rule: 'The log of a workspace (-wal) must be whole.',
      got: 'a damaged log: 1 of 3 commits can be read',
      remedy: `Everything saved before the damage is open; runs that are missing can be run again. The damaged log is kept as ${path.basename(broken)}-wal.damaged.`,
    })
    expect(opened.settings()).toEqual({ theme: 'dark', one: 1 })
    opened.close()
    expect(contentHash(broken)).toBe(afterOne.hash)
    expect(contentHash(broken)).not.toBe(saved)
    expect(fileHash(`${broken}-wal.damaged`)).toBe(sha256(log))
  })

  test('a log whose head is destroyed: everything before it is unchanged', async () => {
    const file = await filled()
    const saved = contentHash(file)
    const w = new Workspace(file)
    await w.setSetting('one', 1)
    const broken = fresh()
    fs.copyFileSync(file, broken)
    const log = fs.readFileSync(`${file}-wal`)
    log.fill(0, 0, 32)
    fs.writeFileSync(`${broken}-wal`, log)
    w.close()
    const opened = new Workspace(broken)
    expect(opened.warning?.json.code).toBe('workspace.log-damaged')
    expect(opened.settings()).toEqual({ theme: 'dark' })
    opened.close()
    expect(contentHash(broken)).toBe(saved)
  })

  test('the unfinished tail that a crash leaves is no damage', async () => {
    const file = await filled()
    const w = new Workspace(file)
    await w.setSetting('one', 1)
    const whole = fs.statSync(`${file}-wal`).size
    await w.setSetting('two', 2)
    const torn = fresh()
    fs.copyFileSync(file, torn)
    fs.writeFileSync(`${torn}-wal`, fs.readFileSync(`${file}-wal`).subarray(0, whole + 2000))
    w.close()
    const opened = new Workspace(torn)
    expect(opened.warning).toBeNull()
    expect(opened.settings()).toEqual({ theme: 'dark', one: 1 })
    opened.close()
  })

  test('a full disk: a call fails at once, results wait, and what was saved is unchanged', async () => {
    const file = await filled()
    const saved = contentHash(file)
    const faults: (string | null)[] = []
    const w = new Workspace(file, (error) => faults.push(error?.json.code ?? null))
    // As if the disk had no room for another page.
    const db = (w as unknown as { db: Database.Database }).db
    db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true })}`)
    const big = 'x'.repeat(200_000)
    const refused = await w.setDraft('big', big).catch((error: UserError) => error.json)
    expect(refused).toEqual({
      code: 'workspace.disk-full',
      who: `Workspace ${path.basename(file)}`,
      rule: 'The disk must have room for the results.',
      got: 'a full disk',
      remedy: 'Free some space: saving is tried again by itself. What was saved before is unchanged.',
    })
    let through = false
    const bytes = randomBytes(50_000)
    const kept = w.writer.add(() => w.blobs.put(sha256(bytes), bytes), true).then(() => (through = true))
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect(faults).toEqual(['workspace.disk-full'])
    expect(through).toBe(false)
    expect(contentHash(file)).toBe(saved)
    db.pragma('max_page_count = 1000000')
    await kept
    expect(faults).toEqual(['workspace.disk-full', null])
    expect(w.blobs.need(sha256(bytes)).length).toBe(50_000)
    w.close()
  })
})
