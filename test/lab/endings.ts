import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { numbers } from '../engine/cases.ts'
import { tempFolder } from './places.ts'

const CHILD = fileURLToPath(new URL('endingChild.ts', import.meta.url))

function end(folder: string, how: string, delay: number, k: number) {
  const child = spawn(process.execPath, [CHILD, join(folder, `${k}.engram`), how, String(delay)])
  let said = ''
  child.stderr.on('data', (text) => (said += String(text)))
  return new Promise<{ code: number | null; signal: string | null; said: string }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, said })),
  )
}

/** Stops, closes or throws, by turns, at drawn moments of native runs; none may end in an abort. */
export function endings(count: number) {
  const folder = tempFolder()
  return async () => {
    const draw = numbers(11)
    for (let k = 0; k < count; k++) {
      const how = ['stop', 'close', 'throw'][k % 3]
      const delay = Math.floor(1200 * draw())
      const { code, signal, said } = await end(folder, how, delay, k)
      expect({ k, how, delay, code, signal }).toEqual({ k, how, delay, code: how === 'throw' ? 1 : 0, signal: null })
      expect(said.includes('thrown in the middle')).toBe(how === 'throw')
    }
  }
}
