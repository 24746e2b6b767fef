import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { numbers } from '../engine/cases.ts'

const CHILD = fileURLToPath(new URL('endingChild.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'engram-ending-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function end(how: string, delay: number, k: number) {
  const child = spawn(process.execPath, [CHILD, join(folder, `${k}.engram`), how, String(delay)])
  let said = ''
  child.stderr.on('data', (text) => (said += String(text)))
  return new Promise<{ code: number | null; signal: string | null; said: string }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, said })),
  )
}

it('stopped, closed or thrown out of its course in the middle of native runs, fifty times, a lab ends cleanly', async () => {
  const draw = numbers(11)
  for (let k = 0; k < 51; k++) {
    const how = ['stop', 'close', 'throw'][k % 3]
    const delay = Math.floor(1200 * draw())
    const { code, signal, said } = await end(how, delay, k)
    expect({ k, how, delay, code, signal }).toEqual({ k, how, delay, code: how === 'throw' ? 1 : 0, signal: null })
    expect(said.includes('thrown in the middle')).toBe(how === 'throw')
  }
})
