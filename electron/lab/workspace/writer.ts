import type { Db } from './open.ts'
import { UserError } from '../../../core/errors.ts'
import { fault, faults, passing } from './faults.ts'

/** Milliseconds between two commits: at most twice a second. */
const INTERVAL = 500
const RETRY = 2_000

type Op = { run: () => void; keep: boolean; resolve: () => void; reject: (error: unknown) => void }

/**
 * Gathers writes and commits them together. `add` resolves when its write is on the disk: what is reported as saved
 * is saved. Where the disk is full, results (`keep`) wait and are tried again; a person's call fails at once.
 */
export class Writer {
  private ops: Op[] = []
  private timer: NodeJS.Timeout | null = null
  private last = 0
  private failing = false
  private readonly db: Db
  private readonly file: string
  private readonly readOnly: boolean
  /** Called with the fault when kept writes begin to wait, and with null when they are through. */
  private readonly onFault: (error: UserError | null) => void

  constructor(db: Db, file: string, readOnly: boolean, onFault: (error: UserError | null) => void) {
    this.db = db
    this.file = file
    this.readOnly = readOnly
    this.onFault = onFault
  }

  add(run: () => void, keep = false): Promise<void> {
    if (this.readOnly) return Promise.reject(faults.readOnly(this.file))
    return new Promise((resolve, reject) => {
      this.ops.push({ run, keep, resolve, reject })
      this.schedule(this.last + (this.failing && keep ? RETRY : INTERVAL) - performance.now())
    })
  }

  /** One transaction at once: for bulk data that would not wait well in memory, and where training waits for it. */
  now<T>(run: () => T): T {
    if (this.readOnly) throw faults.readOnly(this.file)
    try {
      return this.db.transaction(run).immediate()
    } catch (error) {
      throw fault(this.file, error)
    }
  }

  private schedule(delay: number): void {
    if (this.timer) return
    this.timer = setTimeout(() => this.flush(), Math.max(0, delay))
  }

  /** Commits what waits. Kept writes that fail stay; everything else is answered. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    const ops = this.ops
    if (!ops.length) return
    this.ops = []
    this.last = performance.now()
    const refused = new Map<Op, unknown>()
    try {
      this.db.exec('BEGIN IMMEDIATE')
      for (const op of ops) this.step(op, refused)
      this.db.exec('COMMIT')
    } catch (thrown) {
      if (this.db.inTransaction) this.db.exec('ROLLBACK')
      return this.fail(ops, fault(this.file, thrown))
    }
    for (const op of ops) {
      if (refused.has(op)) op.reject(refused.get(op))
      else op.resolve()
    }
    if (this.failing) this.onFault(null)
    this.failing = false
  }

  /** A write whose own mistake makes it fail takes nothing else with it. */
  private step(op: Op, refused: Map<Op, unknown>): void {
    this.db.exec('SAVEPOINT op')
    try {
      op.run()
      this.db.exec('RELEASE op')
    } catch (error) {
      if (!this.db.inTransaction || fault(this.file, error) !== error) throw error
      this.db.exec('ROLLBACK TO op')
      this.db.exec('RELEASE op')
      refused.set(op, error)
    }
  }

  private fail(ops: Op[], error: unknown): void {
    const again = passing(error)
    const kept = ops.filter((op) => op.keep && again)
    for (const op of ops) if (!kept.includes(op)) op.reject(error)
    if (!kept.length) return
    this.ops = [...kept, ...this.ops]
    if (!this.failing) this.onFault(error as UserError)
    this.failing = true
    this.schedule(RETRY)
  }

  /** Ends the writer: a last try, then what cannot be written is given up. */
  close(): void {
    this.flush()
    if (this.timer) clearTimeout(this.timer)
    for (const op of this.ops) op.reject(new Error('internal: the workspace was closed before this was saved'))
    this.ops = []
  }
}
