import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
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
} from 'electron'
import { MenuCommand, PORT_MESSAGE, SaveRequest, WindowReport } from '../core/hosts.ts'
import { pageFiles } from './pageFiles.ts'
import { defaultWorkspace, pageFolder } from './places.ts'
import { CHANNEL } from './shell/channels.ts'
import { filesIn, isWorkspace, openFilters, saveFilters } from './shell/files.ts'
import { LabHost } from './shell/labHost.ts'
import { menuTemplate } from './shell/menu.ts'
import { confine, denyPermissions, fromPage, PAGE, PRIVILEGES, SCHEME, servePage } from './shell/page.ts'
import { readState, visibleBounds, withRecent, writeState } from './shell/state.ts'
import type { Language } from './shell/words.ts'
import { words } from './shell/words.ts'

/**
 * The desktop shell: it connects the window, the system and the lab's process, and decides nothing else. What comes
 * from the page passes a schema and counts only from our own page (shell/page.ts).
 */
app.enableSandbox()
protocol.registerSchemesAsPrivileged([PRIVILEGES])
if (app.requestSingleInstanceLock()) void start()
else app.quit()

async function start(): Promise<void> {
  /** What was asked for before there was a page to ask. */
  const early: MenuCommand[] = []
  let toPage = (command: MenuCommand): void => void early.push(command)
  // macOS says which file was double-clicked before the app is ready.
  app.on('open-file', (event, path) => {
    event.preventDefault()
    toPage({ command: 'open', paths: [path] })
  })
  await app.whenReady()

  const stateFile = join(app.getPath('userData'), 'shell.json')
  let state = readState(stateFile)
  const keep = (change: Partial<typeof state>) => writeState(stateFile, (state = { ...state, ...change }))
  const language = (): Language => state.language ?? (app.getLocale().startsWith('zh') ? 'zh' : 'en')
  const w = (word: Parameters<ReturnType<typeof words>>[0]) => words(language())(word)

  protocol.handle(SCHEME, servePage(pageFiles(pageFolder())))
  denyPermissions(session.defaultSession)
  app.on('web-contents-created', (_event, contents) => confine(contents))

  const window = createWindow()
  const contents = window.webContents
  const asked = filesIn(process.argv.slice(1), process.cwd())
  const workspace = asked.find(isWorkspace) ?? state.workspace ?? defaultWorkspace()
  const lab = new LabHost({
    workspace,
    spawn: (args) =>
      utilityProcess.fork(fileURLToPath(new URL('lab-process.js', import.meta.url)), args, {
        serviceName: 'Engram lab',
        stdio: 'inherit',
      }),
    onReady: (path) => {
      keep({ workspace: path })
      remember(path)
    },
    onRefused: (error) => void refused(error),
    onRestart: () => connect(),
    onGiveUp: () => {
      dialog.showErrorBox(w('gaveUp'), w('gaveUpDetail'))
      app.quit()
    },
  })

  // A page that crashed is loaded again, a few times: the lab and what it computes are not touched by it.
  let reloads = 0
  contents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit' && ++reloads <= 3) contents.reload()
  })

  function connect(): void {
    const { port1, port2 } = new MessageChannelMain()
    lab.connect(port2)
    contents.postMessage(CHANNEL.port, PORT_MESSAGE, [port1])
  }

  async function refused(error: { who: string; rule: string; got: string; remedy: string }): Promise<void> {
    const { response } = await dialog.showMessageBox(window, {
      type: 'error',
      message: w('refused'),
      detail: `${lab.workspace}\n\n${error.rule}\n${error.got}\n${error.remedy}`,
      buttons: [w('chooseAnother'), w('startNew'), w('quit')],
      cancelId: 2,
    })
    if (response === 2) return app.quit()
    const path = response === 0 ? (await chooseFiles())[0] : await chooseSave('Engram.engram')
    if (!path) return void refused(error)
    lab.openInstead(path)
    connect()
  }

  async function chooseFiles(): Promise<string[]> {
    const { filePaths } = await dialog.showOpenDialog(window, {
      properties: ['openFile', 'multiSelections'],
      filters: openFilters(w),
    })
    return filePaths
  }
  async function chooseSave(name: string): Promise<string | null> {
    const { filePath } = await dialog.showSaveDialog(window, { defaultPath: name, filters: saveFilters(w, name) })
    return filePath || null
  }
  /** Workspaces are remembered once they are open (onReady), tables once they were chosen. */
  function openInPage(paths: string[]): void {
    if (!paths.length) return
    paths.filter((path) => !isWorkspace(path)).forEach(remember)
    toPage({ command: 'open', paths })
  }
  function remember(path: string): void {
    const before = state
    keep(withRecent(state, path))
    if (before.recent[0] !== path) app.addRecentDocument(path)
    showMenu()
  }
  function showMenu(): void {
    const open = async () => openInPage(await chooseFiles())
    const { platform } = process
    const context = { language: language(), platform, recent: state.recent, send: toPage, open, quit: () => app.quit() }
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(context)))
  }

  ipcMain.on(CHANNEL.connect, (event) => {
    if (!fromPage(event, contents)) return
    connect()
    toPage = (command) => contents.send(CHANNEL.command, MenuCommand.parse(command))
    early.splice(0).forEach(toPage)
  })
  ipcMain.on(CHANNEL.report, (event, message: unknown) => {
    const report = WindowReport.safeParse(message)
    if (!fromPage(event, contents) || !report.success) return
    const { title, progress, opened, language: chosen } = report.data
    if (title !== undefined) window.setTitle(title || 'Engram')
    if (progress !== undefined) window.setProgressBar(progress ?? -1)
    if (chosen) keep({ language: chosen })
    if (opened) remember(opened)
    else if (chosen) showMenu()
  })
  ipcMain.handle(CHANNEL.chooseFiles, (event) => {
    if (!fromPage(event, contents)) throw new Error('refused')
    return chooseFiles()
  })
  ipcMain.handle(CHANNEL.chooseSave, (event, message: unknown) => {
    if (!fromPage(event, contents)) throw new Error('refused')
    return chooseSave(SaveRequest.parse(message).name)
  })

  app.on('second-instance', (_event, args, folder) => {
    if (window.isMinimized()) window.restore()
    window.focus()
    openInPage(filesIn(args.slice(1), folder))
  })
  app.on('window-all-closed', () => app.quit())
  let ended = false
  app.on('will-quit', (event) => {
    if (ended) return
    event.preventDefault()
    void lab.close().then(() => {
      ended = true
      app.quit()
    })
  })

  function createWindow(): BrowserWindow {
    const screens = screen.getAllDisplays().map((display) => display.workArea)
    const created = new BrowserWindow({
      width: 1280,
      height: 800,
      ...visibleBounds(state.bounds, screens),
      minWidth: 800,
      minHeight: 560,
      title: 'Engram',
      show: false,
      webPreferences: {
        preload: fileURLToPath(new URL('../preload/preload.cjs', import.meta.url)),
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
      },
    })
    if (state.maximized) created.maximize()
    created.once('ready-to-show', () => created.show())
    // The title is what the page reports, not its document's.
    created.on('page-title-updated', (event) => event.preventDefault())
    created.on('close', () => keep({ bounds: created.getNormalBounds(), maximized: created.isMaximized() }))
    return created
  }

  showMenu()
  openInPage(asked.filter((path) => !isWorkspace(path)))
  await window.loadURL(PAGE)
}
