import type { FileRef } from '../../core/contract.ts'
import type { ReadOptions } from '../../core/data/reading.ts'
import { UserError } from '../../core/errors.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { readModel } from '../../core/saved.ts'
import type { Context, Handlers } from './context.ts'
import { fileOf } from './data.ts'
import { exportRun } from './exports.ts'
import { openFiles } from './importers/open.ts'
import { adaptTo } from './adapt.ts'
import { trainedModel } from './models.ts'
import { answers, newRows, toCsv } from './newRows.ts'
import { sha256 } from './workspace/blobs.ts'

type Calls = 'run.predict' | 'run.adapt' | 'run.export' | 'blob'

/** Bytes per answer: half a megabyte, so that the text of it stays below one. */
const PIECE = 512 * 1024
/** Rows of predictions that are shown at once. */
const SHOWN = 20

/** Made-up tasks stand in a table whose task column is called "task". */
const taskColumnOf = ({ data }: ExperimentSpec) => data.roles?.task ?? (data.generator ? 'task' : null)

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

  async function rowsOf(files: FileRef[], read: ReadOptions | undefined) {
    const opened = files.map((file) => fileOf(file, c))
    const { table } = await openFiles(opened, read ?? {})
    const { name } = opened[0]
    if (table.rows) return { table, name }
    throw new UserError({
      code: 'predict.no-rows',
      who: name,
      rule: 'must have at least one row.',
      got: 'none',
      remedy: 'Choose a file with rows.',
    })
  }

  return {
    async 'run.predict'({ run: id, files, read, model: adaptedHash }) {
      const trained = await trainedModel(c, id)
      const { about, model } = adaptedHash ? readModel(blobs.need(adaptedHash), await c.runtime()) : trained
      const { table, name } = await rowsOf(files, read)
      const taskColumn = taskColumnOf(trained.experiment.spec)
      const set = newRows(table, about, taskColumn, name)
      const { columns, rows, warnings } = await answers(model, set, about, taskColumn)
      const csv = await keep(Buffer.from(toCsv(columns, rows)))
      return { rows: table.rows, columns, preview: rows.slice(0, SHOWN), csv, warnings }
    },

    async 'run.adapt'({ run: id, files, read, steps }) {
      const { run, experiment, about, model } = await trainedModel(c, id)
      const { table, name } = await rowsOf(files, read)
      const set = newRows(table, about, taskColumnOf(experiment.spec), name, true)
      const { bytes, ...answer } = await adaptTo(run, about, model, set, steps)
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
