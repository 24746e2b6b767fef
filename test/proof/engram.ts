import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../shell/built.ts'
import type { runDocument } from '../../electron/cli/run.ts'

/** The command line as people start it, and real data that lies beside the repository. */
export const SHARED = join(ROOT, '../shared')
export const haveShared = existsSync(join(SHARED, 'reference/folds.json'))
export const unlessAbsent = haveShared ? '' : ' (skipped: no ../shared data here)'

export type Ended = { status: number; out: string; err: string }
export type RunDocument = ReturnType<typeof runDocument>

export const engram = (args: string[], cwd: string) =>
  new Promise<Ended>((resolve) => {
    const command = [join(ROOT, 'electron/engram.mjs'), ...args]
    execFile(process.execPath, command, { cwd, maxBuffer: 1 << 28 }, (error, out, err) =>
      resolve({ status: error ? Number(error.code) : 0, out, err }),
    )
  })

/** `engram run SPEC --json`, which must end well. */
export async function runJson(spec: string, args: string[], cwd: string): Promise<RunDocument> {
  const { status, out, err } = await engram(['run', spec, '--json', ...args], cwd)
  if (status !== 0) throw new Error(`engram run ended with ${status}:\n${out.slice(0, 2000)}\n${err.slice(-2000)}`)
  return JSON.parse(out)
}
