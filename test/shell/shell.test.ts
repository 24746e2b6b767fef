import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Response } from '../../core/contract.ts'
import { PORT_MESSAGE } from '../../core/hosts.ts'
import { built } from './built.ts'
import { CHROMIUM, electronBinary, launchElectron, launchStandIn, type Shell } from './launch.ts'

/** The built main and preload bundles, over the stand-in everywhere and over real Electron where its binary is. */
const drivers = [
  { name: 'the stand-in', launch: launchStandIn, missing: existsSync(CHROMIUM) ? '' : `no Chromium at ${CHROMIUM}` },
  { name: 'Electron', launch: launchElectron, missing: electronBinary() ? '' : "Electron's binary is not here" },
]

for (const { name, launch, missing } of drivers) {
  describe.skipIf(missing)(`the shell over ${name}${missing && ` (skipped: ${missing})`}`, () => {
    let shell: Shell
    beforeAll(async () => {
      await built('shell', 'page')
      shell = await launch()
    })
    afterAll(() => shell?.quit())

    /** Asks for a port, makes one call over it, and returns the checked answer. */
    let nextId = 900_000_000
    async function callLab(call: string, params: unknown) {
      const id = nextId++
      const text = await shell.page.evaluate(
        ([portMessage, request, answerStart]) =>
          new Promise<string>((resolve, reject) => {
            setTimeout(() => reject(new Error('no answer in 20 s')), 20_000)
            const onPort = ({ source, data, ports }: MessageEvent) => {
              if (source !== window || data !== portMessage) return
              // A lab that has just begun may bring a second port, of which one only is heard: each is asked.
              ports[0].addEventListener('message', (event) => {
                if (!event.data.startsWith(answerStart)) return
                window.removeEventListener('message', onPort)
                resolve(event.data)
              })
              ports[0].start()
              ports[0].postMessage(request)
            }
            window.addEventListener('message', onPort)
            ;(window as never as { engram: { connect(): void } }).engram.connect()
          }),
        [PORT_MESSAGE, JSON.stringify({ id, call, params }), `{"id":${id},`],
      )
      return Response.parse(JSON.parse(text)) as { ok?: unknown; error?: { code: string } }
    }
    const labPid = () =>
      shell.main(
        ({ app }) =>
          app
            .getAppMetrics()
            .find((p: { serviceName?: string; name?: string }) => [p.serviceName, p.name].includes('Engram lab'))?.pid,
      ) as Promise<number | undefined>

    test('the window opens, walled off as it should be', async () => {
      const preferences = await shell.main(({ BrowserWindow }) => {
        const [window] = BrowserWindow.getAllWindows()
        return window.options?.webPreferences ?? window.webContents.getLastWebPreferences()
      })
      expect(preferences).toMatchObject({
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webviewTag: false,
      })
      const inPage = await shell.page.evaluate(() => ({
        require: typeof (globalThis as never as Record<string, unknown>).require,
        process: typeof (globalThis as never as Record<string, unknown>).process,
        bridge: Object.keys((window as never as { engram: object }).engram).sort(),
        secure: window.isSecureContext,
      }))
      expect(inPage).toEqual({
        require: 'undefined',
        process: 'undefined',
        bridge: ['chooseFiles', 'chooseSave', 'connect', 'onCommand', 'pathOf', 'platform', 'report'],
        secure: true,
      })
    })

    test('the page loads over the protocol without a violation of its policy', async () => {
      const { page } = shell
      type Watching = { violations: string[] }
      await page.addInitScript(() => {
        const seen: string[] = ((window as never as Watching).violations = [])
        document.addEventListener('securitypolicyviolation', (event) => {
          seen.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
        })
      })
      await page.reload()
      await page.waitForFunction(() => document.body.innerText.trim().length > 20)
      const violations = () => page.evaluate(() => (window as never as Watching).violations)
      expect(await violations()).toEqual([])
      // The watch itself works, and the policy holds: an inline script is refused and seen.
      const ran = await page.evaluate(() => {
        const script = document.createElement('script')
        script.textContent = 'window.inlineRan = true'
        document.head.append(script)
        return 'inlineRan' in window
      })
      expect(ran).toBe(false)
      await page.waitForFunction(() => (window as never as Watching).violations.length > 0)
      expect((await violations())[0]).toContain('script-src')
      const reached = await page.evaluate(() =>
        fetch('https://example.com').then(
          () => true,
          () => false,
        ),
      )
      expect(reached).toBe(false)
    })

    test('a call goes through to the lab and back, and a wrong one is answered', async () => {
      const { ok } = (await callLab('lab.info', {})) as { ok: { host: string; workspace: { path: string } } }
      expect(ok.host).toBe('desktop')
      expect(ok.workspace.path).toBe(join(shell.home, 'Engram', 'My lab.engram'))
      expect((await callLab('lab.info', { extra: 1 })).error?.code).toBe('bad-parameters')
      expect((await callLab('no.such', {})).error?.code).toBe('unknown-call')
    })

    test('what is no message ends its connection, and nothing else', async () => {
      const pid = await labPid()
      await shell.page.evaluate(
        (portMessage) =>
          new Promise<void>((resolve) => {
            const texts = ['hello', '[]', '{"id":-1}', `{"id":1,"call":"x","params":"${'x'.repeat(1_100_000)}"}`]
            const messages: unknown[] = [...texts, { id: 1, call: 'lab.info', params: {} }, 7, null]
            const onPort = ({ source, data, ports }: MessageEvent) => {
              if (source !== window || data !== portMessage) return
              ports[0].postMessage(messages.shift())
              if (messages.length) return bridge.connect()
              window.removeEventListener('message', onPort)
              resolve()
            }
            const bridge = (window as never as { engram: { connect(): void } }).engram
            window.addEventListener('message', onPort)
            bridge.connect()
          }),
        PORT_MESSAGE,
      )
      expect(((await callLab('lab.info', {})).ok as { host: string }).host).toBe('desktop')
      expect(await labPid()).toBe(pid)
    })

    test('a lab that was killed is started again, and the page gets a new port unasked', async () => {
      const before = await labPid()
      expect(before).toBeGreaterThan(0)
      const newPort = shell.page.evaluate(
        (portMessage) =>
          new Promise((resolve) =>
            window.addEventListener('message', ({ data }) => data === portMessage && resolve(true), { once: true }),
          ),
        PORT_MESSAGE,
      )
      process.kill(before as number, 'SIGKILL')
      expect(await newPort).toBe(true)
      const { ok } = (await callLab('lab.info', {})) as { ok: { host: string } }
      expect(ok.host).toBe('desktop')
      expect(await labPid()).not.toBe(before)
    })

    test('a lab that is started again opens the workspace that was open', async () => {
      const other = join(shell.home, 'other.engram')
      expect((await callLab('workspace.open', { path: other })).ok).toEqual({ path: other })
      const before = (await labPid()) as number
      process.kill(before, 'SIGKILL')
      await expect.poll(async () => (await labPid()) ?? before, { timeout: 10_000 }).not.toBe(before)
      const opened = async () => ((await callLab('lab.info', {})).ok as { workspace: { path: string } }).workspace.path
      expect(await opened()).toBe(other)
      await callLab('workspace.open', { path: join(shell.home, 'Engram', 'My lab.engram') })
      expect(await opened()).toBe(join(shell.home, 'Engram', 'My lab.engram'))
    })

    test('messages of a foreign sender, or outside their schema, are not heard', async () => {
      const heard = await shell.main(async ({ BrowserWindow, ipcMain }) => {
        const [window] = BrowserWindow.getAllWindows()
        const contents = window.webContents
        const frame = contents.mainFrame
        const original = contents.postMessage
        let ports = 0
        contents.postMessage = () => void ports++
        ipcMain.emit('engram:connect', { sender: contents, senderFrame: { url: 'engram://app/' } })
        ipcMain.emit('engram:connect', { sender: contents, senderFrame: null })
        ipcMain.emit('engram:connect', { sender: {}, senderFrame: frame })
        const fromForeign = ports
        ipcMain.emit('engram:connect', { sender: contents, senderFrame: frame })
        const fromOurs = ports
        contents.postMessage = original
        window.setTitle('before')
        ipcMain.emit('engram:report', { sender: {}, senderFrame: frame }, { title: 'foreign' })
        ipcMain.emit('engram:report', { sender: contents, senderFrame: frame }, { title: 'extra', other: 1 })
        ipcMain.emit('engram:report', { sender: contents, senderFrame: frame }, { title: 7 })
        const untouched = window.getTitle()
        ipcMain.emit('engram:report', { sender: contents, senderFrame: frame }, { title: 'ours' })
        const refused = await Promise.resolve()
          .then(() => ipcMain._invokeHandlers.get('engram:choose-files')({ sender: {}, senderFrame: frame }))
          .then(() => 'answered', String)
        return { fromForeign, fromOurs, untouched, title: window.getTitle(), refused }
      })
      expect(heard).toEqual({
        fromForeign: 0,
        fromOurs: 1,
        untouched: 'before',
        title: 'ours',
        refused: 'Error: refused',
      })
    })

    test('every permission is denied', async () => {
      if (name === 'Electron') {
        const state = await shell.page.evaluate(() =>
          navigator.permissions.query({ name: 'geolocation' }).then((p) => p.state),
        )
        expect(state).toBe('denied')
        return
      }
      const answers = await shell.main(({ session }) => {
        const { handlers } = session.defaultSession
        const asked: boolean[] = []
        handlers.request({}, 'media', (granted: boolean) => asked.push(granted))
        return [...asked, handlers.check(), handlers.device()]
      })
      expect(answers).toEqual([false, false, false])
    })

    test('foreign navigation and new windows are denied', async () => {
      const { page } = shell
      const home = page.url()
      await page.evaluate(() => {
        location.href = 'https://example.com/'
      })
      await page.evaluate(() => {
        const link = Object.assign(document.createElement('a'), { href: 'https://example.com/', target: '_blank' })
        document.body.append(link)
        link.click()
        window.open('https://example.com/')
      })
      await page.waitForTimeout(500)
      expect(new URL(page.url()).origin).toBe(new URL(home).origin)
      const windows = await shell.main(({ BrowserWindow }) => ({
        count: BrowserWindow.getAllWindows().length,
        opened: BrowserWindow.getAllWindows()[0].webContents.opened ?? [],
      }))
      expect(windows).toEqual({ count: 1, opened: [] })
      const prevented = await shell.main(({ BrowserWindow }) => {
        let stopped = 0
        const event = { url: 'https://example.com/', preventDefault: () => stopped++ }
        const { webContents } = BrowserWindow.getAllWindows()[0]
        for (const what of ['will-attach-webview', 'will-redirect', 'will-frame-navigate'])
          webContents.emit(what, event)
        webContents.emit('will-navigate', { ...event, url: 'engram://app/#view' })
        return stopped
      })
      expect(prevented).toBe(3)
    })

    test('menu, dialogs and files of the system reach the page', async () => {
      const { page } = shell
      type Heard = { heard: unknown[]; engram: { onCommand(listener: (c: unknown) => void): () => void } }
      await page.evaluate(() => {
        const w = window as never as Heard
        w.heard = []
        w.engram.onCommand((command) => w.heard.push(command))
      })
      const file = join(shell.home, '数据.csv')
      await writeFile(file, 'a,b\n1,2\n')
      await shell.main(async ({ Menu, dialog, app }, path) => {
        const menu = Menu.getApplicationMenu()
        for (const id of ['run', 'undo', 'palette']) menu.getMenuItemById(id).click()
        dialog.showOpenDialog = async () => ({ filePaths: [path] })
        menu.getMenuItemById('open').click()
        await new Promise((resolve) => setTimeout(resolve, 100))
        app.emit('second-instance', {}, ['engram', '--flag', '数据.csv', 'none.csv'], path.replace(/[^/\\]+$/, ''))
        app.emit('open-file', { preventDefault: () => {} }, path)
      }, file)
      await page.waitForFunction(() => (window as never as Heard).heard.length >= 6)
      expect(await page.evaluate(() => (window as never as Heard).heard)).toEqual([
        { command: 'run' },
        { command: 'undo' },
        { command: 'palette' },
        { command: 'open', paths: [file] },
        { command: 'open', paths: [file] },
        { command: 'open', paths: [file] },
      ])
      await shell.main(({ dialog }, path) => void (dialog.showSaveDialog = async () => ({ filePath: path })), file)
      type Bridge = { engram: { chooseSave(r: { name: string }): Promise<string>; report(r: object): void } }
      expect(await page.evaluate(() => (window as never as Bridge).engram.chooseSave({ name: 'a.csv' }))).toBe(file)
      await page.evaluate((path) => (window as never as Bridge).engram.report({ opened: path, title: 'T' }), file)
      await expect
        .poll(() => shell.main(({ Menu }) => Menu.getApplicationMenu().getMenuItemById('recent-0')?.label))
        .toBe('数据.csv')
    })

    test('quitting ends the lab in good order and keeps the window state', async () => {
      const pid = (await labPid()) as number
      const state = join(shell.home, 'userData', 'shell.json')
      // The home folder goes with quitting, so what was kept is read while the shell waits for the lab.
      const kept = shell.main(({ app }) => new Promise<void>((resolve) => app.once('will-quit', () => resolve())))
      const code = shell.quit()
      await kept
      const { workspace, bounds } = JSON.parse(readFileSync(state, 'utf8'))
      expect(workspace).toBe(join(shell.home, 'Engram', 'My lab.engram'))
      expect(bounds.width).toBe(1280)
      expect(await code).toBe(0)
      expect(() => process.kill(pid, 0)).toThrow('ESRCH')
      shell = undefined as never
    })
  })
}
