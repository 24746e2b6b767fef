import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { hashColumns } from '../../../core/data/hash.ts'
import type { Column, Table } from '../../../core/data/table.ts'
import type { Roles } from '../../../core/data/roles.ts'
import type { DatasetSummary } from '../../../core/data/summary.ts'
import { faults } from './faults.ts'
import type { Leases } from './leases.ts'
import type { Db } from './open.ts'
import type { Writer } from './writer.ts'

const zstd = promisify(zlib.zstdCompress)
const CHUNK_ROWS = 65_536
/** Compressed bytes per transaction while a data set is stored. */
const BULK = 16 * 2 ** 20

const PART = { values: 0, valid: 1, tensor: 2 } as const
type Header = {
  columns: { name: string; kind: Column['kind']; levels?: string[] }[]
  tensors: { name: string; shape: number[] }[]
}
type Row = {
  hash: string
  name: string
  added_at: string
  rows: number
  columns: number
  header: Buffer
  summary: Buffer
  roles: string | null
}
export type StoredDataset = {
  hash: string
  name: string
  addedAt: string
  roles: Roles | null
  summary: DatasetSummary
}

const packJson = (value: unknown) => zlib.zstdCompressSync(Buffer.from(JSON.stringify(value)))
const unpackJson = <T>(bytes: Buffer) => JSON.parse(zlib.zstdDecompressSync(bytes).toString()) as T

/** A SHA-256 that takes shared memory by copy, faster than the one in core. */
const hasher = () => {
  const hash = createHash('sha256')
  return { update: (bytes: Uint8Array) => hash.update(bytes), digest: () => new Uint8Array(hash.digest()) }
}

/** Tables as compressed column chunks, with the content hash checked whenever one is loaded. */
export class Datasets {
  private readonly db: Db
  private readonly file: string
  private readonly writer: Writer
  private readonly leases: Leases

  constructor(db: Db, file: string, writer: Writer, leases: Leases) {
    this.db = db
    this.file = file
    this.writer = writer
    this.leases = leases
  }

  /**
   * Stores a table under its hash; one that is there already is left as it is. Chunks come first and the row of the
   * data set last, so that a data set is there as a whole or not at all.
   */
  async put(table: Table, name: string, roles: Roles | null, summary: DatasetSummary): Promise<void> {
    if (this.has(table.hash)) return
    this.sweep()
    this.writer.now(() => this.leases.take(importing(table.hash)))
    let waiting: [number, number, number, Uint8Array][] = []
    let size = 0
    const insert = this.db.prepare(
      'INSERT OR REPLACE INTO chunks (dataset, col, part, chunk, bytes) VALUES (?, ?, ?, ?, ?)',
    )
    const store = () => {
      const batch = waiting
      this.writer.now(() => batch.forEach((chunk) => insert.run(table.hash, ...chunk)))
      waiting = []
      size = 0
    }
    const add = async (col: number, part: number, chunk: number, view: ArrayBufferView) => {
      // A copy: compression runs beside this thread and takes no shared memory.
      const raw = Buffer.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
      const bytes = await zstd(raw)
      waiting.push([col, part, chunk, bytes])
      size += bytes.length
      if (size > BULK) store()
    }
    for (const [i, column] of table.columns.entries()) {
      for (let from = 0, chunk = 0; from < table.rows; from += CHUNK_ROWS, chunk++) {
        const to = Math.min(table.rows, from + CHUNK_ROWS)
        await add(i, PART.values, chunk, column.values.subarray(from, to))
        const valid = column.valid.subarray(from, to)
        if (valid.includes(0)) await add(i, PART.valid, chunk, valid)
      }
    }
    for (const [i, tensor] of (table.tensors ?? []).entries())
      for (let from = 0, chunk = 0; from < tensor.values.length; from += CHUNK_ROWS * 16, chunk++)
        await add(i, PART.tensor, chunk, tensor.values.subarray(from, from + CHUNK_ROWS * 16))
    const header: Header = {
      columns: table.columns.map(({ name, kind, levels }) => ({ name, kind, ...(levels ? { levels } : {}) })),
      tensors: (table.tensors ?? []).map(({ name, shape }) => ({ name, shape })),
    }
    store()
    await this.writer.add(() => {
      this.leases.release(importing(table.hash))
      this.db
        .prepare(
          `INSERT OR IGNORE INTO datasets (hash, name, added_at, rows, columns, header, summary, roles)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          table.hash,
          name,
          new Date().toISOString(),
          table.rows,
          table.columns.length,
          packJson(header),
          packJson(summary),
          roles ? JSON.stringify(roles) : null,
        )
    })
  }

  has(hash: string): boolean {
    return this.db.prepare('SELECT 1 FROM datasets WHERE hash = ?').get(hash) !== undefined
  }

  get(hash: string): StoredDataset | null {
    const row = this.db.prepare('SELECT * FROM datasets WHERE hash = ?').get(hash) as Row | undefined
    if (!row) return null
    return {
      hash,
      name: row.name,
      addedAt: row.added_at,
      roles: row.roles ? (JSON.parse(row.roles) as Roles) : null,
      summary: unpackJson<DatasetSummary>(row.summary),
    }
  }

  list(): { hash: string; name: string; rows: number; columns: number; addedAt: string }[] {
    return this.db
      .prepare('SELECT hash, name, rows, columns, added_at AS addedAt FROM datasets ORDER BY added_at DESC, name')
      .all() as ReturnType<Datasets['list']>
  }

  /** The table in shared memory: workers read the same copy. Throws a `UserError` where the content is damaged. */
  load(hash: string): Table | null {
    const row = this.db.prepare('SELECT * FROM datasets WHERE hash = ?').get(hash) as Row | undefined
    if (!row) return null
    try {
      const table = this.read(row)
      if (hashColumns(table.rows, table.columns, hasher(), table.tensors) === hash) return table
    } catch {
      // Whatever could not be read is damage: said below.
    }
    throw faults.contentDamaged(this.file, `the data set "${row.name}"`)
  }

  private read(row: Row): Table {
    const header = unpackJson<Header>(row.header)
    const chunks = this.db.prepare('SELECT part, chunk, bytes FROM chunks WHERE dataset = ? AND col = ? ORDER BY chunk')
    type Chunk = { part: number; chunk: number; bytes: Buffer }
    const fill = (into: Uint8Array, chunk: Chunk, offset: number) =>
      into.set(zlib.zstdDecompressSync(chunk.bytes, { maxOutputLength: into.length - offset || 1 }), offset)
    const columns = header.columns.map(({ name, kind, levels }, i): Column => {
      const width = kind === 'number' ? 8 : 4
      const memory = new SharedArrayBuffer(row.rows * width)
      const valid = new Uint8Array(new SharedArrayBuffer(row.rows)).fill(1)
      for (const chunk of chunks.iterate(row.hash, i) as IterableIterator<Chunk>) {
        if (chunk.part === PART.values) fill(new Uint8Array(memory), chunk, chunk.chunk * CHUNK_ROWS * width)
        else if (chunk.part === PART.valid) fill(valid, chunk, chunk.chunk * CHUNK_ROWS)
      }
      const values = kind === 'number' ? new Float64Array(memory) : new Int32Array(memory)
      return { name, kind, values, valid, ...(levels ? { levels } : {}) }
    })
    const tensors = header.tensors.map(({ name, shape }, i) => {
      const memory = new SharedArrayBuffer(shape.reduce((n, d) => n * d, 4))
      for (const chunk of chunks.iterate(row.hash, i) as IterableIterator<Chunk>)
        if (chunk.part === PART.tensor) fill(new Uint8Array(memory), chunk, chunk.chunk * CHUNK_ROWS * 64)
      return { name, shape, values: new Float32Array(memory) }
    })
    return { hash: row.hash, rows: row.rows, columns, ...(tensors.length ? { tensors } : {}) }
  }

  setRoles(hash: string, roles: Roles): Promise<void> {
    return this.writer.add(() =>
      this.db.prepare('UPDATE datasets SET roles = ? WHERE hash = ?').run(JSON.stringify(roles), hash),
    )
  }

  rename(hash: string, name: string): Promise<void> {
    return this.writer.add(() => this.db.prepare('UPDATE datasets SET name = ? WHERE hash = ?').run(name, hash))
  }

  /** Removes the chunks of imports that were cut off: of no data set, and no living process is importing them. */
  private sweep(): void {
    const cut = this.db
      .prepare('SELECT DISTINCT dataset AS hash FROM chunks WHERE dataset NOT IN (SELECT hash FROM datasets)')
      .all() as { hash: string }[]
    const dead = cut.filter(
      ({ hash }) => !this.leases.elsewhere(importing(hash)) && !this.leases.holds(importing(hash)),
    )
    if (!dead.length) return
    const remove = this.db.prepare('DELETE FROM chunks WHERE dataset = ?')
    this.writer.now(() => dead.forEach(({ hash }) => remove.run(hash)))
  }
}

/** The lease under which a data set is being imported. */
const importing = (hash: string) => `import ${hash}`
