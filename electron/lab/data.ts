import path from 'node:path'
import { z } from 'zod'
import { generators } from '../../core/data/generators/index.ts'
import { cell } from '../../core/data/summary.ts'
import { thumbnails } from '../../core/data/thumbnails.ts'
import type { Dataset, FileRef } from '../../core/contract.ts'
import type { ReadOptions } from '../../core/data/reading.ts'
import { Roles } from '../../core/data/roles.ts'
import { UserError } from '../../core/errors.ts'
import { templatesOn } from '../../core/templates/index.ts'
import type { Context, Handlers } from './context.ts'
import { openFiles, preview, type FileToOpen } from './importers/open.ts'
import { openSample, samples } from './importers/samples.ts'
import { noDataset } from './store.ts'

type Calls =
  | 'data.preview'
  | 'data.open'
  | 'data.cancel'
  | 'data.samples'
  | 'data.openSample'
  | 'data.generators'
  | 'data.list'
  | 'data.get'
  | 'data.rows'
  | 'data.images'
  | 'data.setRoles'
  | 'data.rename'

/** Where a file really is. Throws a UserError for an upload that is not there. */
export function fileOf(ref: FileRef, { options }: Pick<Context, 'options'>): FileToOpen {
  if ('path' in ref) return { path: ref.path, name: path.basename(ref.path) }
  const found = options.uploads?.(ref.upload)
  if (found) return { path: found, name: path.basename(ref.name) }
  throw new UserError({
    code: 'data.no-upload',
    who: ref.name || 'Upload',
    rule: 'An uploaded file must still be with the lab.',
    got: 'an upload that is not there (any more)',
    remedy: 'Drop the file again.',
  })
}

const nameOf = (file: FileToOpen) => path.basename(file.name, path.extname(file.name)) || 'data'

/** Reads files, keeps the table in the workspace, and answers what it is. */
export async function importFiles(
  c: Context,
  files: FileToOpen[],
  read?: Partial<ReadOptions>,
  job?: string,
  signal?: AbortSignal,
): Promise<Dataset> {
  const result = await openFiles(
    files,
    read ?? {},
    ({ phase, done }) => job && c.notify({ type: 'import', job, phase, done, of: 1 }),
    signal,
  )
  c.store.keep(result.table)
  // A published data set brings the roles of the templates about it.
  const known = templatesOn(result.table.hash).at(0)
  const roles = known ? Roles.parse(known.roles) : null
  await c.workspace.datasets.put(result.table, nameOf(files[0]), roles, result.summary)
  return datasetOf(c, result.table.hash)
}

export async function importSample(c: Context, id: string): Promise<Dataset> {
  const { sample, table, summary } = await openSample(id)
  c.store.keep(table)
  await c.workspace.datasets.put(table, sample.title, sample.roles, summary)
  return datasetOf(c, table.hash)
}

export function datasetOf(c: Context, hash: string): Dataset {
  const dataset = c.workspace.datasets.get(hash)
  if (!dataset) throw noDataset(hash)
  return dataset
}

export function dataCalls(c: Context): Handlers<Calls> {
  const jobs = new Map<string, AbortController>()
  return {
    'data.preview': ({ files, read }) =>
      preview(
        files.map((file) => fileOf(file, c)),
        read,
      ),

    async 'data.open'({ files, read, job }) {
      const abort = new AbortController()
      if (job) jobs.set(job, abort)
      try {
        return await importFiles(
          c,
          files.map((file) => fileOf(file, c)),
          read,
          job,
          abort.signal,
        )
      } catch (error) {
        if (!abort.signal.aborted) throw error
        throw new UserError({
          code: 'data.cancelled',
          who: files.map((file) => fileOf(file, c).name).join(', '),
          rule: 'An import must run to its end.',
          got: 'a cancelled import',
          remedy: 'Open the file again when you want it. Nothing was changed.',
        })
      } finally {
        if (job) jobs.delete(job)
      }
    },

    'data.cancel'({ job }) {
      jobs.get(job)?.abort()
      return { ok: true }
    },

    'data.samples': () => ({ samples: samples.map(({ id, title, question }) => ({ id, title, question })) }),
    'data.openSample': ({ id }) => importSample(c, id),
    'data.generators': () => ({
      generators: generators.map(({ id, title, about, params }) => ({
        id,
        title,
        about,
        schema: z.toJSONSchema(params, { io: 'input' }),
      })),
    }),

    'data.list': () => ({ datasets: c.workspace.datasets.list() }),
    'data.get': ({ hash }) => datasetOf(c, hash),

    'data.rows'({ hash, from, count }) {
      const { columns, rows } = c.store.table(hash)
      const here = Math.max(0, Math.min(count, rows - from))
      return { rows: Array.from({ length: here }, (_, i) => columns.map((column) => cell(column, from + i))) }
    },

    'data.images'({ hash, ...asked }) {
      const [image] = datasetOf(c, hash).summary.tensors ?? []
      const { groups, ...size } = thumbnails(c.store.table(hash), asked, image ?? { min: 0, max: 1 })
      const text = (bytes: Uint8Array) => Buffer.from(bytes.buffer).toString('base64')
      return { ...size, groups: groups.map((group) => ({ ...group, pixels: text(group.pixels) })) }
    },

    async 'data.setRoles'({ hash, roles }) {
      const known = new Set(datasetOf(c, hash).summary.columns.map((column) => column.name))
      const { targets, features = [], ignore, task, group, split, weight } = roles
      const named = [...targets, ...features, ...ignore, task, group, split, weight]
      const unknown = named.find((name) => name !== null && !known.has(name))
      if (unknown !== undefined)
        throw new UserError({
          code: 'roles.unknown-column',
          who: 'roles',
          rule: 'Every column that is named must be in the table.',
          got: `"${unknown}"`,
          remedy: 'Correct the name.',
        })
      await c.workspace.datasets.setRoles(hash, roles)
      return { ok: true }
    },

    async 'data.rename'({ hash, name }) {
      datasetOf(c, hash)
      await c.workspace.datasets.rename(hash, name)
      return { ok: true }
    },
  }
}
