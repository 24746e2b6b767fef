import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { securityHeaders } from '../../../electron/policy.ts'
import config from './vite.config.ts'

/** The Chromium that tests drive: `ENGRAM_CHROMIUM` or `CHROMIUM`, else Debian's; null where there is none. */
export function findChromium(): string | null {
  return (
    [process.env.ENGRAM_CHROMIUM, process.env.CHROMIUM, '/usr/bin/chromium'].find((path) => path && existsSync(path)) ??
    null
  )
}

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
}

export type Stage = { url: string; browser: Browser; close(): Promise<void> }

/** Builds the stage into a folder of its own, serves it on loopback under the real content policy, and opens a browser. */
export async function openStage(executablePath: string): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'engram-stage-'))
  await build({ ...config, configFile: false, build: { ...config.build, outDir: folder } })
  const server = createServer((request, response) => {
    const path = join(folder, decodeURIComponent(new URL(request.url ?? '/', 'http://stage').pathname))
    const file = path.endsWith('/') ? join(path, 'index.html') : path
    if (!existsSync(file)) return response.writeHead(404).end()
    response
      .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', ...securityHeaders([]) })
      .end(readFileSync(file))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    browser,
    async close() {
      await browser.close()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
