import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Builds what is missing or older than its sources; several test files may ask at once, one of them builds. */
export async function built(...parts: ('shell' | 'page')[]): Promise<void> {
  const lock = join(ROOT, 'out', '.building')
  mkdirSync(join(ROOT, 'out'), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      // A build takes seconds: an older lock was left by a process that was killed.
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 120_000)
        rmSync(lock, { recursive: true, force: true })
      await sleep(200)
    }
  }
  try {
    for (const part of parts) if (stale(part)) build(part)
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

const PARTS = {
  shell: {
    product: 'out/main/main.js',
    sources: ['electron', 'core', 'electron.vite.config.ts'],
    command: ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'error'],
  },
  page: {
    product: 'out/renderer/index.html',
    sources: ['renderer', 'core'],
    command: ['node_modules/vite/bin/vite.js', 'build', '--config', 'renderer/vite.config.ts', '--logLevel', 'error'],
  },
}

function stale(part: 'shell' | 'page'): boolean {
  const { product, sources } = PARTS[part]
  const file = join(ROOT, product)
  return !existsSync(file) || newest(sources) > statSync(file).mtimeMs
}

function newest(sources: string[]): number {
  let time = 0
  for (const source of sources.map((name) => join(ROOT, name))) {
    time = Math.max(time, statSync(source).mtimeMs)
    if (statSync(source).isDirectory())
      for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' }))
        time = Math.max(time, statSync(join(source, name)).mtimeMs)
  }
  return time
}

const build = (part: 'shell' | 'page') =>
  execFileSync(process.execPath, PARTS[part].command, {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
