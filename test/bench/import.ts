import { createWriteStream, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFiles } from '../../electron/lab/importers/open.ts'

/**
 * Imports a generated CSV of 1,000,000 x 50 and measures time, peak memory of all processes together, progress, and
 * how long a cancel takes. Fails above 30 s or 2 GiB. Run: node test/bench/import.ts [rows] [columns]
 */
const rows = Number(process.argv[2] ?? 1_000_000)
const width = Number(process.argv[3] ?? 50)

/** Resident memory of this process and its children, in bytes (Linux only; elsewhere this process alone). */
function resident(): number {
  try {
    const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid))
    let kilobytes = 0
    for (const pid of pids) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      const parent = /PPid:\s+(\d+)/.exec(status)?.[1]
      if (pid === String(process.pid) || parent === String(process.pid))
        kilobytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
    }
    return kilobytes * 1024
  } catch {
    return process.memoryUsage.rss()
  }
}

async function write(path: string): Promise<void> {
  const out = createWriteStream(path)
  let text = Array.from({ length: width }, (_, c) => `v${c}`).join(',') + '\n'
  let state = 1
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < width; c++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      const u = (state >>> 0) / 4294967296
      // Decimals, whole numbers, words, and one cell in fifty missing.
      const cell =
        u < 0.02 ? '' : c % 10 === 9 ? `site${Math.floor(u * 12)}` : c % 5 === 4 ? Math.floor(u * 1000) : u.toFixed(6)
      text += c ? `,${cell}` : cell
    }
    text += '\n'
    if (text.length > 1 << 20) {
      if (!out.write(text)) await once(out, 'drain')
      text = ''
    }
  }
  out.end(text)
  await once(out, 'close')
}

const folder = mkdtempSync(join(tmpdir(), 'engram-bench-'))
try {
  const path = join(folder, 'large.csv')
  await write(path)
  const file = { path, name: 'large.csv' }
  console.log(`file: ${rows} x ${width}, ${(statSync(path).size / 2 ** 20).toFixed(0)} MB`)

  let peak = 0
  let longest = 0
  let before = performance.now()
  const steps: string[] = []
  const watch = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - before - 50)
    before = now
    peak = Math.max(peak, resident())
  }, 50)
  const started = performance.now()
  const { table } = await openFiles([file], {}, ({ phase, done }) => {
    const at = ((performance.now() - started) / 1000).toFixed(1)
    if (!steps.length || !steps.at(-1)?.startsWith(phase))
      steps.push(`${phase} ${(100 * done).toFixed(0)} % at ${at} s`)
  })
  const seconds = (performance.now() - started) / 1000
  clearInterval(watch)
  console.log(`import: ${seconds.toFixed(1)} s, peak ${(peak / 2 ** 30).toFixed(2)} GiB in all processes`)
  console.log(`longest block of the importing thread: ${longest.toFixed(0)} ms`)
  console.log(`progress: ${steps.join(', ')}`)
  if (table.rows !== rows || table.columns.length !== width) throw new Error('internal: the table has another size')

  const latencies: number[] = []
  for (const at of [0.02, 0.2, 0.6]) {
    const controller = new AbortController()
    let asked = 0
    await openFiles(
      [file],
      {},
      ({ done }) => {
        if (done < at || asked) return
        asked = performance.now()
        controller.abort()
      },
      controller.signal,
    ).catch(() => latencies.push(performance.now() - asked))
  }
  console.log(`cancel: ${latencies.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`)
  if (latencies.length !== 3) throw new Error('internal: a cancelled import went on')
  if (seconds > 30 || peak > 2 * 2 ** 30) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true })
}
