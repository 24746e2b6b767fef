import type { FileRef } from '../../core/contract.ts'
import type { ReadOptions } from '../../core/data/reading.ts'
import { UserError } from '../../core/errors.ts'
import { readModel } from '../../core/saved.ts'
import type { Context, Handlers } from './context.ts'
import { fileOf } from './data.ts'
import { exportRun } from './exports.ts'
import { openFiles } from './importers/open.ts'
import { askModel, columnOfNewRows } from './models.ts'
import type { NewRows } from './newRows.ts'
import { shareTable } from './shared.ts'
import { sha256 } from './workspace/blobs.ts'

type Calls = 'run.predict' | 'run.adapt' | 'run.export' | 'blob'

/** Bytes per answer: half a megabyte, so that the text of it stays below one. */
const PIECE = 512 * 1024

export function useCalls(c: Context): Handlers<Calls> {
  const { workspace } = c
  const { blobs, writer } = workspace

  /** Keeps bytes in the workspace (in memory where that is read-only) and answers their hash. */
  async function keep(bytes: Uint8Array): Promise<string> {
    const hash = sha256(bytes)
    if (workspace.readOnly) blobs.hold(hash, bytes)
    else await writer.add(() => blobs.put(hash, bytes))
    return hash
  }

  /** The rows of a file, for the model of a run. */
  async function rowsFor(run: string, files: FileRef[], read: ReadOptions | undefined): Promise<NewRows> {
    const column = columnOfNewRows(c, run)
    const opened = files.map((file) => fileOf(file, c))
    const { table } = await openFiles(opened, read ?? {}, undefined, undefined, true)
    const { name } = opened[0]
    if (table.rows) return { table: shareTable(table), name, ...column }
    throw new UserError({
      code: 'predict.no-rows',
      who: name,
      rule: 'must have at least one row.',
      got: 'none',
      remedy: 'Choose a file with rows.',
    })
  }

  return {
    async 'run.predict'({ run, files, read, model: adapted }) {
      const rows = await rowsFor(run, files, read)
      const { csv, ...answer } = await askModel(c, run, 'predict', () => rows, adapted)
      return { ...answer, csv: await keep(Buffer.from(csv)) }
    },

    async 'run.adapt'({ run, files, read, steps }) {
      const rows = await rowsFor(run, files, read)
      const { bytes, ...answer } = await askModel(c, run, 'adapt', () => ({ ...rows, steps }))
      return { model: await keep(bytes), ...answer }
    },

    async 'run.export'({ run: id, format, model: adaptedHash }) {
      const adapted = adaptedHash ? readModel(blobs.need(adaptedHash), await c.runtime()).model : null
      const { name, mime, bytes } = await exportRun(c, id, format, adapted)
      return { name, mime, blob: await keep(bytes) }
    },

    blob({ hash, offset }) {
      const bytes = blobs.need(hash)
      return { bytes: Buffer.from(bytes.subarray(offset, offset + PIECE)).toString('base64'), size: bytes.length }
    },
  }
}
