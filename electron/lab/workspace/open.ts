import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import { UserError } from '../../../core/errors.ts'
import { fault, faults } from './faults.ts'
import { inspectLog } from './log.ts'
import { APPLICATION_ID, MIGRATIONS, VERSION } from './schema.ts'

export type Db = Database.Database
export type Opened = {
  db: Db
  readOnly: boolean
  /** Damage that did not prevent opening. */
  warning: UserError | null
  /** Removes what a read-only opening put beside. */
  cleanUp(): void
}

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1')
/** Milliseconds to wait for another process's write; the lab's thread stands still meanwhile. */
const BUSY = 3_000
/** Every page is checked on open up to this size, and after an unclean end. */
const CHECK_ALWAYS = 128 * 2 ** 20

/** Opens or makes a workspace. Throws a `UserError` where it cannot be opened; the file is then as it was before. */
export function openDatabase(file: string): Opened {
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (!stat && !fs.existsSync(path.dirname(file))) throw faults.folderMissing(file)
  if (stat && !stat.isFile()) throw faults.notAWorkspace(file, 'a folder')
  if (!writable(file, stat)) {
    if (stat) return openCopy(file)
    throw faults.readOnly(file)
  }
  return { ...openHere(file), readOnly: false, cleanUp: () => {} }
}

function openHere(file: string): { db: Db; warning: UserError | null } {
  const log = `${file}-wal`
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const unclean = (fs.statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0
  if (size === 0 && unclean) throw faults.cut(file, 0, fs.statSync(log).size)
  const warning = unclean ? setAsideDamagedLog(file, log) : null
  let db: Db | null = null
  try {
    // A log that is gone or empty must not leave an index behind: SQLite makes a new one.
    db = new Database(file, { timeout: BUSY })
    if (size > 0) identify(db, file)
    // Checkpoints come and go: their pages are given back when an experiment ends. To be set before the first table.
    else db.pragma('auto_vacuum = INCREMENTAL')
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = OFF')
    // A log that grew large during an import is cut back at the next checkpoint.
    db.pragma('journal_size_limit = 8388608')
    migrate(db)
    sameTables(db, file)
    if (size > 0 && (unclean || size <= CHECK_ALWAYS)) check(db, file)
    return { db, warning }
  } catch (error) {
    db?.close()
    throw explain(file, error)
  }
}

/** A read-only workspace is opened as a copy in the temporary folder, so that nothing beside it is touched. */
function openCopy(file: string): Opened {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engram-'))
  const copy = path.join(folder, path.basename(file))
  const cleanUp = () => fs.rmSync(folder, { recursive: true, force: true })
  try {
    fs.copyFileSync(file, copy)
    fs.chmodSync(copy, 0o600)
    if (fs.existsSync(`${file}-wal`)) {
      fs.copyFileSync(`${file}-wal`, `${copy}-wal`)
      fs.chmodSync(`${copy}-wal`, 0o600)
    }
    const { db, warning } = openHere(copy)
    db.pragma('query_only = ON')
    return { db, readOnly: true, warning, cleanUp }
  } catch (error) {
    cleanUp()
    throw error
  }
}

/** The mark counts even for an administrator: a file that is marked read-only is not written. */
function writable(file: string, stat: fs.Stats | undefined): boolean {
  if (stat && (stat.mode & 0o222) === 0) return false
  const folder = fs.statSync(path.dirname(file))
  if (process.platform !== 'win32' && (folder.mode & 0o222) === 0) return false
  try {
    fs.accessSync(stat ? file : path.dirname(file), fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}

function identify(db: Db, file: string): void {
  const id = db.pragma('application_id', { simple: true }) as number
  const version = db.pragma('user_version', { simple: true }) as number
  const empty = (db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number }).n === 0
  if (id === APPLICATION_ID ? version === 0 && !empty : !(id === 0 && empty && version === 0))
    throw faults.notAWorkspace(file, 'a database of another program')
  if (version > VERSION) throw faults.newer(file, version, VERSION)
}

function migrate(db: Db): void {
  const version = () => db.pragma('user_version', { simple: true }) as number
  if (version() === VERSION) return
  db.transaction(() => {
    for (let v = version(); v < VERSION; v++) db.exec(MIGRATIONS[v])
    db.pragma(`application_id = ${APPLICATION_ID}`)
    db.pragma(`user_version = ${VERSION}`)
  }).immediate()
}

/** Early versions changed their tables under the same number: such a file is refused in words before it is used. */
function sameTables(db: Db, file: string): void {
  const made = new Database(':memory:')
  for (const step of MIGRATIONS) made.exec(step)
  const expected = columnsOf(made)
  made.close()
  const got = columnsOf(db)
  const lacking = [...expected].filter((column) => !got.has(column))
  if (lacking.length) throw faults.olderTables(file, lacking)
}

function columnsOf(db: Db): Set<string> {
  const sql =
    "SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
  return new Set(db.prepare(sql).pluck().all() as string[])
}

function check(db: Db, file: string): void {
  const found = db.pragma('quick_check(1)', { simple: true }) as string
  if (found !== 'ok') throw faults.damaged(file, found)
}

/** Keeps a damaged log under another name before SQLite drops its unreadable part. */
function setAsideDamagedLog(file: string, log: string): UserError | null {
  const state = inspectLog(log)
  if (!state?.damaged) return null
  let kept = `${log}.damaged`
  for (let n = 2; fs.existsSync(kept); n++) kept = `${log}.damaged-${n}`
  fs.copyFileSync(log, kept)
  return faults.logDamaged(file, state.commits, state.commits + state.lostCommits, kept)
}

/** Looks at the file itself only after SQLite refused it (closing a second handle would drop a good file's locks). */
function explain(file: string, error: unknown): unknown {
  const code = (error as { code?: string }).code ?? ''
  if (!code.startsWith('SQLITE_NOTADB') && !code.startsWith('SQLITE_CORRUPT')) return fault(file, error)
  const size = fs.statSync(file).size
  const head = Buffer.alloc(Math.min(size, 65_536))
  const handle = fs.openSync(file, 'r')
  try {
    fs.readSync(handle, head, 0, head.length, 0)
  } finally {
    fs.closeSync(handle)
  }
  if (head.every((byte) => byte === 0)) return faults.zeroed(file, size)
  if (!head.subarray(0, 16).equals(MAGIC.subarray(0, Math.min(16, head.length))))
    return faults.notAWorkspace(file, 'a file of another kind')
  const field = head.length >= 32 ? head.readUInt16BE(16) : 0
  const expected = head.length >= 32 ? (field === 1 ? 65_536 : field) * head.readUInt32BE(28) : MAGIC.length
  if (expected > size) return faults.cut(file, size, expected)
  return fault(file, error)
}
