import path from 'node:path'
import type { UserError } from '../../../core/errors.ts'
import { Blobs } from './blobs.ts'
import { Datasets } from './datasets.ts'
import { fault } from './faults.ts'
import { Leases } from './leases.ts'
import { openDatabase, type Db } from './open.ts'
import { Programs } from './programs.ts'
import { Records } from './records.ts'
import { Writer } from './writer.ts'

/** One `.engram` file: everything that was imported, asked for and computed. */
export class Workspace {
  readonly file: string
  readonly readOnly: boolean
  /** Damage that did not prevent opening. */
  readonly warning: UserError | null
  readonly writer: Writer
  readonly blobs: Blobs
  readonly datasets: Datasets
  readonly records: Records
  readonly leases: Leases
  readonly programs: Programs
  private readonly db: Db
  private readonly cleanUp: () => void

  /** Throws a `UserError` where the file cannot be opened. `onFault` hears when saving stops and (null) goes on. */
  constructor(file: string, onFault: (error: UserError | null) => void = () => {}) {
    this.file = path.resolve(file)
    const opened = openDatabase(this.file)
    this.db = opened.db
    this.readOnly = opened.readOnly
    this.warning = opened.warning
    this.cleanUp = opened.cleanUp
    this.writer = new Writer(this.db, this.file, this.readOnly, onFault)
    this.blobs = new Blobs(this.db, this.file)
    this.leases = new Leases(this.db)
    this.datasets = new Datasets(this.db, this.file, this.writer, this.leases)
    this.records = new Records(this.db)
    this.programs = new Programs(this.db)
  }

  /** What SQLite threw, in words. */
  explain(error: unknown): unknown {
    return fault(this.file, error)
  }

  settings(): Record<string, unknown> {
    const rows = this.db.prepare('SELECT key, value FROM settings').all() as { key: string; value: string }[]
    return Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]))
  }

  setSetting(key: string, value: unknown): Promise<void> {
    return this.set('settings', key, value)
  }

  draft(key: string): unknown {
    const row = this.db.prepare('SELECT value FROM drafts WHERE key = ?').get(key) as { value: string } | undefined
    return row ? (JSON.parse(row.value) as unknown) : null
  }

  setDraft(key: string, value: unknown): Promise<void> {
    return this.set('drafts', key, value)
  }

  private set(table: 'settings' | 'drafts', key: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value ?? null)
    return this.writer.add(() =>
      this.db.prepare(`INSERT OR REPLACE INTO ${table} (key, value) VALUES (?, ?)`).run(key, text),
    )
  }

  /** Gives pages that nothing uses any more back to the disk. */
  tidy(): void {
    this.db.exec('PRAGMA incremental_vacuum')
  }

  /** A number that changes when another process has written. */
  dataVersion(): number {
    return this.db.pragma('data_version', { simple: true }) as number
  }

  /** A whole, consistent copy while work goes on. */
  async saveCopy(to: string): Promise<void> {
    this.writer.flush()
    try {
      await this.db.backup(to)
    } catch (error) {
      throw fault(to, error)
    }
  }

  close(): void {
    this.writer.close()
    this.db.close()
    this.cleanUp()
  }
}
