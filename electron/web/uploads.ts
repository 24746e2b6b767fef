import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UserError } from '../../core/errors.ts'
import type { Uploaded } from '../../core/hosts.ts'

const GIB = 2 ** 30

export type UploadLimits = { file: number; total: number }

/** Files that a browser sent, streamed to a temporary folder that goes when the host closes. Sizes in bytes. */
export async function createUploads(limits: UploadLimits = { file: 4 * GIB, total: 16 * GIB }) {
  const folder = await mkdtemp(join(tmpdir(), 'engram-uploads-'))
  const paths = new Map<string, string>()
  let total = 0

  return {
    folder,
    /** Throws a UserError with code `upload-too-large` or `upload-disk`; nothing of a refused file is kept. */
    async save(stream: Readable, name: string): Promise<Uploaded> {
      const id = randomBytes(16).toString('hex')
      const extension = extname(name).toLowerCase()
      const path = join(folder, id + (/^\.[a-z0-9]{1,10}$/.test(extension) ? extension : ''))
      let size = 0
      const measure = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          size += chunk.length
          total += chunk.length
          if (size > limits.file || total > limits.total) done(tooLarge(name, limits))
          else done(null, chunk)
        },
      })
      try {
        await pipeline(stream, measure, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
      } catch (error) {
        total -= size
        await rm(path, { force: true })
        throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? diskFull(name, folder) : error
      }
      paths.set(id, path)
      return { upload: id, name }
    },
    pathOf: (upload: string): string | undefined => paths.get(upload),
    async close(): Promise<void> {
      paths.clear()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type Uploads = Awaited<ReturnType<typeof createUploads>>

const tooLarge = (name: string, limits: UploadLimits) =>
  new UserError({
    code: 'upload-too-large',
    who: 'Upload',
    rule: `takes files of at most ${limits.file} bytes, ${limits.total} bytes together.`,
    got: `more in "${name}"`,
    remedy: 'Open the file by its path with the command line: engram import FILE -w WORKSPACE.',
  })

const diskFull = (name: string, folder: string) =>
  new UserError({
    code: 'upload-disk',
    who: 'Upload',
    rule: 'needs room for the file on the disk.',
    got: `a full disk at ${folder} while storing "${name}"`,
    remedy: 'Free some space, or set TMPDIR to a larger disk.',
  })
