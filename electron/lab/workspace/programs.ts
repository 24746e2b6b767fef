import { createHmac } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { installationSecret } from '../installation.ts'
import { squeeze } from './blobs.ts'
import type { Db } from './open.ts'

/** A program as it was built: what was asked for, and the whole of it but its graph. */
export type Kept = { recipe: string; bytes: Uint8Array }

/** Programs kept, of whatever code; beyond this the oldest go. 5 to 50 kB each, compressed to a fifth. */
const MOST = 400

/**
 * Programs that were built once. They are worth nothing to other code than that which built them, and nothing is lost
 * with them: one that is damaged, or that another installation wrote, counts as not there.
 */
export class Programs {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  /** Inside a transaction. */
  add(code: string, { recipe, bytes }: Kept): void {
    const { size, packed, bytes: kept } = squeeze(bytes)
    this.db
      .prepare('INSERT OR IGNORE INTO programs (code, recipe, hash, size, packed, bytes) VALUES (?, ?, ?, ?, ?, ?)')
      .run(code, recipe, signed(recipe, bytes), size, packed, kept)
    this.db.prepare('DELETE FROM programs WHERE n <= (SELECT max(n) FROM programs) - ?').run(MOST)
  }

  /** All of this code that are whole. */
  of(code: string): Kept[] {
    const rows = this.db.prepare('SELECT recipe, hash, size, packed, bytes FROM programs WHERE code = ?').all(code) as {
      recipe: string
      hash: string
      size: number
      packed: number
      bytes: Buffer
    }[]
    return rows.flatMap(({ recipe, hash, size, packed, bytes: kept }) => {
      try {
        const bytes = new Uint8Array(packed ? zstdDecompressSync(kept, { maxOutputLength: size || 1 }) : kept)
        return signed(recipe, bytes) === hash ? [{ recipe, bytes }] : []
      } catch {
        return []
      }
    })
  }
}

function signed(recipe: string, bytes: Uint8Array): string {
  return createHmac('sha256', installationSecret()).update(recipe).update('\n').update(bytes).digest('hex')
}
