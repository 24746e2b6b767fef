import { randomUUID } from 'node:crypto'
import os from 'node:os'
import type { Db } from './open.ts'

/** A lease that was not renewed for so long (ms) is free; its holder renews it every `BEAT`. */
const EXPIRY = 15_000
export const BEAT = 3_000

type Lease = { owner: string; pid: number; host: string; beat: number }

/**
 * Which process runs an experiment. Desktop and command line may have one workspace open together; the one that
 * holds the lease runs the trials. A holder that is known to be dead (same machine, no such process) is not waited for.
 */
export class Leases {
  readonly owner = randomUUID()
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** Takes or renews the lease; false where another living process holds it. Inside a transaction. */
  take(experiment: string): boolean {
    const held = this.get(experiment)
    if (held && held.owner !== this.owner && !this.free(held)) return false
    this.db
      .prepare('INSERT OR REPLACE INTO leases (experiment, owner, pid, host, beat) VALUES (?, ?, ?, ?, ?)')
      .run(experiment, this.owner, process.pid, os.hostname(), Date.now())
    return true
  }

  holds(experiment: string): boolean {
    return this.get(experiment)?.owner === this.owner
  }

  /** Whether a living process other than this one runs the experiment. */
  elsewhere(experiment: string): boolean {
    const held = this.get(experiment)
    return held !== undefined && held.owner !== this.owner && !this.free(held)
  }

  release(experiment: string): void {
    this.db.prepare('DELETE FROM leases WHERE experiment = ? AND owner = ?').run(experiment, this.owner)
  }

  private get(experiment: string): Lease | undefined {
    return this.db.prepare('SELECT * FROM leases WHERE experiment = ?').get(experiment) as Lease | undefined
  }

  private free(held: Lease): boolean {
    if (Date.now() - held.beat > EXPIRY) return true
    // Leases of this process by another owner: a second lab in one process, alive as long as it beats.
    if (held.host !== os.hostname() || held.pid === process.pid) return false
    try {
      process.kill(held.pid, 0)
      return false
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH'
    }
  }
}
