import { createHash } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { UserError } from '../../../core/errors.ts'
import type { Db } from './open.ts'
import { faults } from './faults.ts'

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Bytes as they are kept: with zstd (packed 1) or as they are. `size` is of the bytes before. */
export type Packed = { size: number; packed: 0 | 1; bytes: Uint8Array }

/** Compressed where that saves at least a tenth. */
export function squeeze(bytes: Uint8Array): Packed {
  const size = bytes.length
  if (size < 64) return { size, packed: 0, bytes }
  const small = zstdCompressSync(bytes)
  return small.length < size * 0.9 ? { size, packed: 1, bytes: small } : { size, packed: 0, bytes }
}

/** Bytes by their SHA-256: models, predictions, traces, exported tables. */
export class Blobs {
  /** What a read-only workspace cannot keep: gone when it is closed. */
  private readonly passing = new Map<string, Uint8Array>()
  private readonly db: Db
  private readonly file: string

  constructor(db: Db, file: string) {
    this.db = db
    this.file = file
  }

  /** Inside a transaction. */
  put(hash: string, bytes: Uint8Array): void {
    this.putPacked(hash, squeeze(bytes))
  }

  putPacked(hash: string, { size, packed, bytes }: Packed): void {
    this.db
      .prepare('INSERT OR IGNORE INTO blobs (hash, size, packed, bytes) VALUES (?, ?, ?, ?)')
      .run(hash, size, packed, bytes)
  }

  hold(hash: string, bytes: Uint8Array): void {
    this.passing.set(hash, bytes)
  }

  get(hash: string): Uint8Array | null {
    const held = this.passing.get(hash)
    if (held) return held
    const row = this.db.prepare('SELECT size, packed, bytes FROM blobs WHERE hash = ?').get(hash) as
      { size: number; packed: number; bytes: Buffer } | undefined
    if (!row) return null
    let bytes: Uint8Array
    try {
      // Plain bytes of their own: a Buffer may lie anywhere in a larger one, and its `slice` copies nothing.
      bytes = new Uint8Array(row.packed ? zstdDecompressSync(row.bytes, { maxOutputLength: row.size || 1 }) : row.bytes)
    } catch {
      throw faults.contentDamaged(this.file, `blob ${hash.slice(0, 12)}`)
    }
    if (sha256(bytes) !== hash) throw faults.contentDamaged(this.file, `blob ${hash.slice(0, 12)}`)
    return bytes
  }

  need(hash: string): Uint8Array {
    const bytes = this.get(hash)
    if (bytes) return bytes
    throw new UserError({
      code: 'blob.missing',
      who: 'Workspace',
      rule: 'A blob must be in the workspace.',
      got: `the unknown hash ${hash.slice(0, 64)}`,
      remedy: 'Take a hash from a run of this workspace.',
    })
  }
}
