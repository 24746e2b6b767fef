import { UserError } from '../../core/errors.ts'
import type { Context, Handlers } from './context.ts'
import { fileOf } from './data.ts'
import { exportRun } from './exports.ts'
import { openFiles } from './importers/open.ts'
import { trainedModel } from './models.ts'
import { answers, newRows, toCsv } from './newRows.ts'
import { sha256 } from './workspace/blobs.ts'

type Calls = 'run.predict' | 'run.export' | 'blob'

/** Bytes per answer: half a megabyte, so that the text of it stays below one. */
const PIECE = 512 * 1024
/** Rows of predictions that are shown at once. */
const SHOWN = 20

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

  return {
    async 'run.predict'({ run: id, files, read }) {
      const { experiment, about, model } = await trainedModel(c, id)
      const opened = files.map((file) => fileOf(file, c))
      const { table } = await openFiles(opened, read ?? {})
      if (!table.rows)
        throw new UserError({
          code: 'predict.no-rows',
          who: opened[0].name,
          rule: 'must have at least one row.',
          got: 'none',
          remedy: 'Choose a file with rows to predict.',
        })
      const taskColumn = experiment.spec.data.roles?.task ?? null
      const set = newRows(table, about, taskColumn, opened[0].name)
      const { columns, rows, warnings } = await answers(model, set, about, taskColumn)
      const csv = await keep(Buffer.from(toCsv(columns, rows)))
      return { rows: table.rows, columns, preview: rows.slice(0, SHOWN), csv, warnings }
    },

    async 'run.export'({ run: id, format }) {
      const { name, mime, bytes } = await exportRun(c, id, format)
      return { name, mime, blob: await keep(bytes) }
    },

    blob({ hash, offset }) {
      const bytes = blobs.need(hash)
      return { bytes: Buffer.from(bytes.subarray(offset, offset + PIECE)).toString('base64'), size: bytes.length }
    },
  }
}
