import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'

/** A folder of its own for one test file, removed when all of it is done. */
export function tempFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engram-test-'))
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

export const fileHash = (file: string) => createHash('sha256').update(fs.readFileSync(file)).digest('hex')
