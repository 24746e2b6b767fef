import { fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type BrowserContext, type Frame, type Page, type Route } from 'playwright-core'
import { type FromMain, pageShim } from './pageShim.ts'
import { MessageChannelMain, type Port, type Wire } from './ports.ts'

/**
 * A small stand-in for the `electron` module over Node and a real Chromium, for tests of the built bundles where
 * Electron's binary cannot be had. It has what electron/main.ts uses, and nothing else: what main.ts starts to use
 * must be added here. The page's protocol is a route of an https origin, since Chromium alone knows no engram://.
 */
const HOME = process.env.STAND_IN_HOME as string
const ORIGIN = 'https://app.engram.test'
const REAL = 'engram://app'
const toReal = (url: string) => (url.startsWith(`${ORIGIN}/`) ? REAL + url.slice(ORIGIN.length) : url)

type Preventable = { preventDefault(): void; defaultPrevented: boolean }
const preventable = <T extends object>(more: T): T & Preventable => ({
  ...more,
  defaultPrevented: false,
  preventDefault() {
    this.defaultPrevented = true
  },
})

const utilities = new Map<number, string>()

class App extends EventEmitter {
  readonly isPackaged = false
  recentDocuments: string[] = []
  enableSandbox() {}
  requestSingleInstanceLock = () => true
  whenReady = async () => {}
  getLocale = () => 'en-US'
  getVersion = () => '0.0.0'
  getPath = (name: string) => join(HOME, name)
  addRecentDocument = (path: string) => void this.recentDocuments.push(path)
  getAppMetrics = () => [...utilities].map(([pid, serviceName]) => ({ pid, type: 'Utility', serviceName }))

  quit(): void {
    const before = preventable({})
    this.emit('before-quit', before)
    if (before.defaultPrevented) return
    for (const window of BrowserWindow.getAllWindows()) window.close()
    const event = preventable({})
    this.emit('will-quit', event)
    if (!event.defaultPrevented) void this.exit(0)
  }

  async exit(code: number): Promise<void> {
    await Promise.all(BrowserWindow.browsers.map((browser) => browser.close().catch(() => {})))
    process.exit(code)
  }
}
export const app = new App()

const schemes = new Map<string, (request: Request) => Promise<Response>>()
export const protocol = {
  privileged: [] as unknown[],
  registerSchemesAsPrivileged: (list: unknown[]) => void protocol.privileged.push(...list),
  handle: (scheme: string, handler: (request: Request) => Promise<Response>) => void schemes.set(scheme, handler),
}

class Session extends EventEmitter {
  handlers: Record<string, (...args: never[]) => unknown> = {}
  setPermissionRequestHandler = (handler: () => void) => void (this.handlers.request = handler)
  setPermissionCheckHandler = (handler: () => boolean) => void (this.handlers.check = handler)
  setDevicePermissionHandler = (handler: () => boolean) => void (this.handlers.device = handler)
}
export const session = { defaultSession: new Session() }

export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] }

export const dialog = {
  showOpenDialog: async () => ({ filePaths: [] as string[] }),
  showSaveDialog: async () => ({ filePath: '' }),
  showMessageBox: async () => ({ response: 2 }),
  showErrorBox: (title: string, content: string) => console.error(`${title}: ${content}`),
}

class IpcMain extends EventEmitter {
  _invokeHandlers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>()
  handle = (channel: string, handler: (event: unknown, ...args: unknown[]) => unknown) =>
    void this._invokeHandlers.set(channel, handler)
}
export const ipcMain = new IpcMain()

type Item = { id?: string; label?: string; click?: () => void; enabled?: boolean; submenu?: Item[] }
export class Menu {
  static current: Menu | null = null
  static buildFromTemplate = (template: Item[]) => new Menu(template)
  static setApplicationMenu = (menu: Menu) => void (Menu.current = menu)
  static getApplicationMenu = () => Menu.current
  readonly items: Item[]
  constructor(items: Item[]) {
    this.items = items
  }
  getMenuItemById(id: string): Item | undefined {
    const all = (items: Item[]): Item[] => items.flatMap((item) => [item, ...all(item.submenu ?? [])])
    return all(this.items).find((item) => item.id === id)
  }
}

class FrameStandIn {
  private readonly frame: Frame
  constructor(frame: Frame) {
    this.frame = frame
  }
  get url(): string {
    return toReal(this.frame.url())
  }
}

class WebContents extends EventEmitter {
  readonly window: BrowserWindow
  page: Page | null = null
  opened: string[] = []
  private readonly frames = new Map<Frame, FrameStandIn>()
  private readonly ports = new Map<number, Port>()
  private nextPort = 1
  private windowOpenHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' })

  constructor(window: BrowserWindow) {
    super()
    this.window = window
  }

  get mainFrame(): FrameStandIn | null {
    return this.page && this.frameOf(this.page.mainFrame())
  }
  frameOf(frame: Frame): FrameStandIn {
    if (!this.frames.has(frame)) this.frames.set(frame, new FrameStandIn(frame))
    return this.frames.get(frame) as FrameStandIn
  }
  getURL = () => toReal(this.page?.url() ?? '')
  setWindowOpenHandler = (handler: WebContents['windowOpenHandler']) => void (this.windowOpenHandler = handler)
  reload = () => void this.page?.reload()
  send = (channel: string, ...args: unknown[]) => this.deliver({ kind: 'send', channel, args, ports: [] })
  postMessage = (channel: string, message: unknown, transfer: Port[] = []) =>
    this.deliver({ kind: 'send', channel, args: [message], ports: transfer.map((port) => this.bridge(port)) })

  attach(page: Page): void {
    this.page = page
    page.on('framenavigated', (frame) => {
      if (frame !== page.mainFrame()) return
      for (const port of this.ports.values()) port.close()
      this.ports.clear()
    })
  }

  /** What the page sent over its binding. */
  async receive(
    frame: Frame,
    kind: string,
    payload: { channel: string; args: unknown[]; port: number; data: unknown },
  ) {
    if (kind === 'port') return this.ports.get(payload.port)?.postMessage(payload.data)
    const event = { sender: this, senderFrame: this.frameOf(frame), ports: [] }
    if (kind === 'send') return void ipcMain.emit(payload.channel, event, ...payload.args)
    const handler = ipcMain._invokeHandlers.get(payload.channel)
    if (!handler) throw new Error(`no handler for ${payload.channel}`)
    return handler(event, ...payload.args)
  }

  popup(popup: Page): void {
    const url = toReal(popup.url())
    if (this.windowOpenHandler({ url }).action !== 'deny') this.opened.push(url)
    void popup.close()
  }

  private bridge(port: Port): number {
    const id = this.nextPort++
    this.ports.set(id, port)
    port.on('message', ({ data }) => this.deliver({ kind: 'port', port: id, data }))
    port.start()
    return id
  }
  private deliver(message: FromMain): void {
    const page = this.page
    if (!page) return
    type Delivering = { standInDeliver?(message: FromMain): void }
    page.evaluate((m) => (window as never as Delivering).standInDeliver?.(m as FromMain), message).catch(() => {})
  }
}

type Options = {
  width: number
  height: number
  title: string
  webPreferences: Record<string, unknown> & { preload: string }
}

export class BrowserWindow extends EventEmitter {
  static browsers: BrowserContext[] = []
  private static windows: BrowserWindow[] = []
  static getAllWindows = () => [...BrowserWindow.windows]
  readonly options: Options
  readonly webContents: WebContents
  title: string
  progress = -1
  shown = false

  constructor(options: Options) {
    super()
    this.options = options
    this.title = options.title
    this.webContents = new WebContents(this)
    BrowserWindow.windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
  }

  async loadURL(url: string): Promise<void> {
    const { webContents } = this
    const { width, height, webPreferences } = this.options
    const context = await chromium.launchPersistentContext(join(HOME, 'chromium'), {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      headless: true,
      chromiumSandbox: false,
      args: [`--remote-debugging-port=${process.env.STAND_IN_CDP_PORT}`],
      viewport: { width, height },
    })
    BrowserWindow.browsers.push(context)
    const page = context.pages()[0]
    webContents.attach(page)
    context.on('page', (popup) => webContents.popup(popup))
    await context.route('**/*', (route) => this.serve(route, page))
    await page.exposeBinding('standInMain', ({ frame }, kind, payload) => webContents.receive(frame, kind, payload))
    const preload = `(require, process, exports) => {\n${readFileSync(webPreferences.preload, 'utf8')}\n}`
    await page.addInitScript(`(${pageShim})(${preload}, '${ORIGIN}', '${process.platform}')`)
    await page.goto(url.replace(REAL, ORIGIN))
    this.emit('ready-to-show')
    webContents.emit('did-finish-load')
  }

  private async serve(route: Route, page: Page): Promise<void> {
    const request = route.request()
    const url = toReal(request.url())
    if (request.isNavigationRequest() && frameOf(request) === page.mainFrame()) {
      const event = preventable({ url })
      if (page.url() !== 'about:blank') this.webContents.emit('will-navigate', event, url)
      // An answer without content leaves the page where it is, as a prevented navigation does.
      if (event.defaultPrevented) return route.fulfill({ status: 204 })
    }
    const handler = schemes.get(url.split(':')[0])
    if (!handler) return route.abort()
    const response = await handler(new Request(url, { method: request.method() }))
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    })
  }

  show = () => void (this.shown = true)
  focus() {}
  restore() {}
  maximize() {}
  isMinimized = () => false
  isMaximized = () => false
  getNormalBounds = () => ({ x: 10, y: 20, width: this.options.width, height: this.options.height })
  getTitle = () => this.title
  setTitle = (title: string) => void (this.title = title)
  setProgressBar = (share: number) => void (this.progress = share)
  close(): void {
    this.emit('close', preventable({}))
    BrowserWindow.windows = BrowserWindow.windows.filter((window) => window !== this)
  }
}

/** null for the first request of a new window, which comes before its frame. */
function frameOf(request: ReturnType<Route['request']>): Frame | null {
  try {
    return request.frame()
  } catch {
    return null
  }
}

class UtilityProcess extends EventEmitter {
  private readonly child
  private readonly ports = new Map<number, Port>()
  private nextPort = 1

  constructor(path: string, args: string[], { serviceName }: { serviceName: string }) {
    super()
    const shim = fileURLToPath(new URL('./utility.ts', import.meta.url))
    this.child = fork(path, args, { execArgv: ['--import', shim], serialization: 'advanced', stdio: 'inherit' })
    const pid = this.child.pid as number
    utilities.set(pid, serviceName)
    this.child.on('message', (message: Wire) => {
      if (message.kind === 'message') this.emit('message', message.data)
      else if (message.kind === 'port') this.ports.get(message.port)?.postMessage(message.data)
      else this.ports.get(message.port)?.close()
    })
    this.child.on('exit', (code) => {
      utilities.delete(pid)
      for (const port of this.ports.values()) port.close()
      this.emit('exit', code ?? 1)
    })
  }

  get pid() {
    return this.child.pid
  }
  kill = () => this.child.kill()
  postMessage(data: unknown, transfer: Port[] = []): void {
    const ids = transfer.map((port) => {
      const id = this.nextPort++
      this.ports.set(id, port)
      port.on('message', (event) => this.send({ kind: 'port', port: id, data: event.data }))
      port.on('close', () => this.send({ kind: 'closed', port: id }))
      return id
    })
    this.send({ kind: 'message', data, ports: ids })
    transfer.forEach((port) => port.start())
  }
  private send(message: Wire): void {
    if (this.child.connected) this.child.send(message, () => {})
  }
}
export const utilityProcess = {
  fork: (path: string, args: string[], options: { serviceName: string }) => new UtilityProcess(path, args, options),
}

export { MessageChannelMain }

// The test's own line into this process: functions as text, run with this module and one argument.
const electron = {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  protocol,
  screen,
  session,
  utilityProcess,
}
process.on('message', async ({ id, source, arg }: { id: number; source: string; arg: unknown }) => {
  try {
    const value = await new Function('electron', 'arg', `return (${source})(electron, arg)`)(electron, arg)
    process.send?.({ id, value })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
})
process.on('disconnect', () => void app.exit(1))
export default electron
