import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WEB } from '../../core/hosts.ts'
import { openLab } from '../../electron/openLab.ts'
import { pageFiles } from '../../electron/pageFiles.ts'
import { pageFolder } from '../../electron/places.ts'
import type { ClosableLab } from '../../electron/web.ts'
import { startWebServer, type WebServer } from '../../electron/web/server.ts'
import { createUploads, type Uploads } from '../../electron/web/uploads.ts'
import { built } from '../shell/built.ts'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const missing = existsSync(CHROMIUM) ? '' : ` (skipped: no Chromium at ${CHROMIUM})`

/** The real page in a real browser on the real lab: the walls of the browser host as a browser sees them. */
describe.skipIf(missing)(`the browser host in Chromium${missing}`, () => {
  let folder: string
  let lab: ClosableLab
  let uploads: Uploads
  let server: WebServer
  let browser: Browser

  beforeAll(async () => {
    await built('page')
    folder = await mkdtemp(join(tmpdir(), 'engram-browser-test-'))
    uploads = await createUploads()
    lab = await openLab({ workspace: join(folder, 'w.engram'), host: 'browser', workers: 1, uploads })
    server = await startWebServer({ lab, files: pageFiles(pageFolder()), uploads })
    browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await lab?.close()
    await uploads?.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('the page opens with its token, without a violation, and again after a reload', async () => {
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    const sockets: string[] = []
    page.on('websocket', (socket) => {
      sockets.push(socket.url())
      socket.on('framereceived', ({ payload }) => sockets.push(String(payload).slice(0, 8)))
    })
    await page.goto(server.url)
    await expect.poll(() => sockets.length).toBeGreaterThan(1)
    expect(sockets[0]).toBe(`ws://127.0.0.1:${server.port}${WEB.socket}`)
    // The token is out of the address bar, and out of what the page could leak by a link.
    await expect.poll(() => page.url()).not.toContain('token')
    sockets.length = 0
    await page.reload()
    await expect.poll(() => sockets.length).toBeGreaterThan(1)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('a page of another origin reaches neither socket nor uploads, and cannot frame ours', async () => {
    const page = await browser.newPage()
    await page.route('http://evil.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<p>evil' }))
    await page.goto('http://evil.example/')
    const { port, token } = server
    const reached = await page.evaluate(
      async ([p, t, protocol]) => {
        const socket = await new Promise((resolve) => {
          const ws = new WebSocket(`ws://127.0.0.1:${p}/lab`, [`${protocol}`, `${protocol}.${t}`])
          ws.onopen = () => resolve('open')
          ws.onerror = () => resolve('refused')
        })
        const upload = await fetch(`http://127.0.0.1:${p}/upload?name=a.csv`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${t}` },
          body: 'x',
        }).then(
          (response) => `answered ${response.status}`,
          () => 'refused',
        )
        const read = await fetch(`http://127.0.0.1:${p}/`).then(
          () => 'read',
          () => 'refused',
        )
        const frame = document.createElement('iframe')
        frame.src = `http://127.0.0.1:${p}/`
        document.body.append(frame)
        await new Promise((resolve) => (frame.onload = resolve))
        return { socket, upload, read, framed: frame.contentDocument !== null }
      },
      [port, token, WEB.protocol] as const,
    )
    expect(reached).toEqual({ socket: 'refused', upload: 'refused', read: 'refused', framed: false })
    const inner = page.frames().find((frame) => frame !== page.mainFrame())
    expect(inner && (await inner.content())).not.toContain('id="app"')
    await page.close()
  })
})
