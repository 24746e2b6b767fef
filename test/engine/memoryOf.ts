import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const CHILD = fileURLToPath(new URL('memoryChild.ts', import.meta.url))

export type Memory = { begun: number; called: number; loaded: number; rested: number; made: number; awake: number }

/** Resident MiB of a process of its own, see `memoryChild.ts`. */
export async function memoryOf(calls: number, sessions: number): Promise<Memory> {
  const args = ['--expose-gc', '--disable-warning=ExperimentalWarning', CHILD, String(calls), String(sessions)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 1_500_000 })
  return JSON.parse(stdout) as Memory
}
