import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../core/errors.ts'
import { setReaderEntry } from './lab/importers/open.ts'
import { setWorkerEntry } from './lab/pool.ts'
import { createLab, type LabOptions } from './lab/service.ts'
import { FROM_SOURCE } from './places.ts'
import type { Uploads } from './web/uploads.ts'
import type { ClosableLab } from './web.ts'

/** The lab as every host starts it. In the bundle its worker and its reader are files beside this one. */
export type OpenLab = Pick<LabOptions, 'host' | 'workers' | 'runtime' | 'crashes'> & {
  workspace: string
  /** The workspace must be there already: a slip in its name makes no new one. */
  existing?: boolean
  uploads?: Uploads
}

export async function openLab({ workspace, existing, uploads, ...options }: OpenLab): Promise<ClosableLab> {
  if (existing && !existsSync(workspace)) throw missing(workspace)
  if (!FROM_SOURCE) {
    setWorkerEntry(beside('worker.js'))
    setReaderEntry(beside('reader.js'))
  }
  return createLab({ ...options, workspacePath: workspace, uploads: uploads && ((id) => uploads.pathOf(id)) })
}

function missing(workspace: string): UserError {
  return new UserError({
    code: 'workspace.missing',
    who: `Workspace ${basename(workspace)}`,
    rule: 'must be there to be looked into.',
    got: `nothing at ${workspace}`,
    remedy: 'Check the name after -w; `engram run` and `engram import` make a new one.',
  })
}

/** Threads and processes start from real files: in the package these are unpacked, outside the archive. */
function beside(name: string): string {
  const path = fileURLToPath(new URL(name, import.meta.url))
  const unpacked = path.replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked')
  return existsSync(unpacked) ? unpacked : path
}
