import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { FileRef } from '../../core/contract.ts'
import type { ClosableLab } from '../web.ts'

export type LabOptions = {
  workspace: string
  existing?: boolean
  workers?: number
  runtime?: 'native' | 'wasm' | 'reference'
}
export type MakeLab = (options: LabOptions) => Promise<ClosableLab>

/**
 * Runs `use` with a lab on this workspace (or on a temporary one that goes afterwards), and ends the lab in good
 * order whatever happens.
 */
export async function withLab<T>(
  make: MakeLab,
  options: Partial<LabOptions>,
  use: (lab: ClosableLab) => Promise<T>,
): Promise<T> {
  const folder = options.workspace ? null : await mkdtemp(join(tmpdir(), 'engram-'))
  const workspace = options.workspace ? resolve(options.workspace) : join(folder as string, 'temporary.engram')
  try {
    const lab = await make({ ...options, workspace })
    try {
      return await use(lab)
    } finally {
      await lab.close()
    }
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

export const fileRefs = (files: string[], base = '.'): FileRef[] => files.map((file) => ({ path: resolve(base, file) }))

/** The whole blob, piece by piece. */
export async function fetchBlob(lab: ClosableLab, hash: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let offset = 0; ;) {
    const { bytes, size } = await lab.call('blob', { hash, offset })
    const piece = Buffer.from(bytes, 'base64')
    pieces.push(piece)
    offset += piece.length
    if (offset >= size) return Buffer.concat(pieces)
    if (!piece.length) throw new Error(`internal: blob ${hash} ended at ${offset} of ${size} bytes`)
  }
}
