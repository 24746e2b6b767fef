import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { pageFiles } from '../../electron/pageFiles.ts'
import { startWebServer } from '../../electron/web/server.ts'
import { createUploads } from '../../electron/web/uploads.ts'
import { FakeLab } from './fakeLab.ts'
import type { FakeOptions } from './fakeLab.ts'

/** The built window in real Chromium, served by the real browser host, over a lab in memory. */
export const CHROMIUM = [process.env.ENGRAM_CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== '' && existsSync(path),
)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Builds the page into a folder of its own, so that tests never race with a person's build. */
export function buildPage(outDir: string) {
  const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url))
  const args = [vite, 'build', '--config', 'renderer/vite.config.ts', '--outDir', outDir, '--logLevel', 'warn']
  const built = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`internal: the page does not build: ${built.stderr}${built.stdout}`)
}

export type Opened = {
  page: Page
  lab: FakeLab
  violations: string[]
  errors: string[]
  close(): Promise<void>
  /** The lab goes away; what is returned brings it back under the same address. */
  loseLab(): Promise<() => Promise<void>>
}
export type OpenOptions = FakeOptions & {
  theme?: 'light' | 'dark'
  language?: 'en' | 'zh'
  hash?: string
  lab?: FakeLab
}

export async function openWindow(browser: Browser, folder: string, options: OpenOptions = {}): Promise<Opened> {
  const uploads = await createUploads()
  const lab = options.lab ?? new FakeLab({ ...options, pathOf: (upload) => uploads.pathOf(upload) })
  const files = pageFiles(folder)
  let server = await startWebServer({ lab, files, uploads })
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: options.language === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: options.theme ?? 'light',
  })
  const page = await context.newPage()
  const violations: string[] = []
  const errors: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) violations.push(message.text())
    else if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error.stack ?? error)))
  await page.goto(server.url)
  await page.getByRole('navigation').waitFor()
  return {
    page,
    lab,
    violations,
    errors,
    async loseLab() {
      const { port, token } = server
      await server.close()
      return async () => {
        server = await startWebServer({ lab, files, uploads, port, token })
      }
    },
    async close() {
      await context.close()
      await server.close()
      await uploads.close()
    },
  }
}

export const launch = () => chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
