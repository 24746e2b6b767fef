import { fork } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { _electron, chromium, type Page } from 'playwright-core'
import { ROOT } from './built.ts'

/** The running shell as a test sees it: its page, and a way to run a function in its main process. */
export type Shell = {
  page: Page
  // What `import 'electron'` gives there; its type differs between the two.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  main<T, A = undefined>(run: (electron: any, arg: A) => T | Promise<T>, arg?: A): Promise<T>
  home: string
  /** Asks it to quit, as the menu does, and resolves to the exit status. */
  quit(): Promise<number | null>
}

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

export function electronBinary(): string | null {
  const folder = join(ROOT, 'node_modules', 'electron')
  const name = join(folder, 'path.txt')
  const binary = existsSync(name) ? join(folder, 'dist', readFileSync(name, 'utf8')) : ''
  return binary && existsSync(binary) ? binary : null
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function launchStandIn(args: string[] = []): Promise<Shell> {
  const home = await mkdtemp(join(tmpdir(), 'engram-shell-test-'))
  const port = await freePort()
  const register = pathToFileURL(fileURLToPath(new URL('./standIn/register.mjs', import.meta.url))).href
  const child = fork(join(ROOT, 'out/main/main.js'), args, {
    execArgv: ['--disable-warning=ExperimentalWarning', '--import', register],
    env: { ...process.env, STAND_IN_HOME: home, STAND_IN_CDP_PORT: String(port), HOME: home },
    serialization: 'advanced',
  })
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  let next = 0
  const main: Shell['main'] = (run, arg) =>
    new Promise((resolve, reject) => {
      const id = next++
      const hear = (message: { id: number; value: never; error?: string }) => {
        if (message.id !== id) return
        child.off('message', hear)
        if (message.error) reject(new Error(message.error))
        else resolve(message.value)
      }
      child.on('message', hear)
      child.send({ id, source: String(run), arg }, (error) => error && reject(error))
    })
  const browser = await retry(async () => {
    if (child.exitCode !== null) throw new Error(`the shell ended with ${child.exitCode}`)
    return chromium.connectOverCDP(`http://127.0.0.1:${port}`)
  })
  const page = await retry(async () => {
    const found = browser
      .contexts()[0]
      ?.pages()
      .find((each) => each.url().startsWith('https://app.engram.test/'))
    if (!found) throw new Error('no page yet')
    return found
  })
  return {
    page,
    main,
    home,
    async quit() {
      await main(({ app }) => void setTimeout(() => app.quit(), 0))
      const code = await Promise.race([exited, sleep(40_000, 'late' as const)])
      if (code === 'late') child.kill('SIGKILL')
      await browser.close().catch(() => {})
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
      return code === 'late' ? -1 : code
    },
  }
}

export async function launchElectron(args: string[] = []): Promise<Shell> {
  const home = await mkdtemp(join(tmpdir(), 'engram-shell-test-'))
  const app = await _electron.launch({
    executablePath: electronBinary() as string,
    args: [
      ROOT,
      `--user-data-dir=${join(home, 'userData')}`,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...args,
    ],
    env: { ...(process.env as Record<string, string>), HOME: home },
  })
  const child = app.process()
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  return {
    page: await app.firstWindow(),
    main: (run, arg) => app.evaluate(run as never, arg) as never,
    home,
    async quit() {
      await app.evaluate(({ app: electronApp }) => void setTimeout(() => electronApp.quit(), 0))
      const code = await exited
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
      return code
    },
  }
}

async function retry<T>(attempt: () => Promise<T>, limit = 20_000): Promise<T> {
  const until = Date.now() + limit
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > until) throw error
      await sleep(100)
    }
  }
}
