import { spawn } from 'node:child_process'
import type { Lab } from '../core/contract.ts'
import { pageFiles } from './pageFiles.ts'
import { pageFolder } from './places.ts'
import type { WebServer } from './web/server.ts'
import { startWebServer } from './web/server.ts'
import type { Uploads } from './web/uploads.ts'
import { createUploads } from './web/uploads.ts'

/**
 * The browser host: the lab of `make` on loopback until the process is asked to end. It is how the lab runs on a
 * headless workstation, and where Electron's binary cannot be had.
 */
export type ClosableLab = Lab & { close(): Promise<void> }
export type ServeOptions = {
  make(uploads: Uploads): Promise<ClosableLab>
  /** 0 takes a free one. */
  port: number
  /** Open the person's browser. */
  open: boolean
  say(line: string): void
}

/** Resolves once the address answers; `closed` resolves when everything was ended in good order. */
export async function serveLab(options: ServeOptions): Promise<WebServer & { closed: Promise<void> }> {
  const files = pageFiles(pageFolder())
  const uploads = await createUploads()
  let lab: ClosableLab | undefined
  try {
    lab = await options.make(uploads)
    const server = await startWebServer({ lab, files, uploads, port: options.port })
    // Listened for before the address is told: who reads it may ask for the end at once.
    const asked = untilAsked(options.say)
    options.say(`Engram runs at ${server.url}`)
    options.say('The address holds a key: who has it can use this lab. Ctrl+C ends it.')
    if (options.open && mayOpenBrowser()) openBrowser(server.url, options.say)
    return { ...server, closed: asked.then(() => end(server, lab as ClosableLab, uploads)) }
  } catch (error) {
    await lab?.close()
    await uploads.close()
    throw error
  }
}

/** The page first, so that nothing new begins; then the lab: its stop flag, and waiting until it is idle. */
async function end(server: WebServer, lab: ClosableLab, uploads: Uploads): Promise<void> {
  await server.close()
  await lab.close()
  await uploads.close()
}

function untilAsked(say: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const asked = () => {
      say('Stopping: what runs comes to its next safe point, everything is kept.')
      resolve()
    }
    // A second Ctrl+C finds no listener and ends the process the hard way.
    process.once('SIGINT', asked)
    process.once('SIGTERM', asked)
  })
}

function mayOpenBrowser(): boolean {
  if (process.env.BROWSER === 'none' || process.env.CI) return false
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
}

function openBrowser(url: string, say: (line: string) => void): void {
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url]
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  child.on('error', () => say('No browser could be opened: copy the address above into one.'))
  child.unref()
}
