import { z } from 'zod'

/**
 * How a page reaches its lab, said once for both hosts and for the renderer. The messages are the envelopes of
 * contract.ts, each as one JSON text, on both roads.
 *
 * Browser. The address that the lab prints is `http://127.0.0.1:PORT/#token=TOKEN`. The page takes the token out of
 * the hash (and puts the hash right again), keeps it in sessionStorage, opens
 * `new WebSocket('ws://' + location.host + WEB.socket, [WEB.protocol, WEB.protocol + '.' + TOKEN])`, and uploads with
 * `fetch(WEB.upload + '?name=' + encodeURIComponent(file.name), { method: 'PUT', body: file, headers: {
 * authorization: 'Bearer ' + TOKEN } })`, which answers `Uploaded`. A socket closed with WEB.closed.token needs a new
 * address; one closed otherwise may be opened again: call `run.events` with `since` and go on.
 *
 * Desktop. The preload puts a `DesktopBridge` at `window.engram`. After `connect()` a MessagePort to the lab arrives as
 * a `message` event of `window` with `event.source === window`, `event.data === PORT_MESSAGE` and the port in
 * `event.ports[0]`. After the lab crashed and was started again another one arrives unasked: calls still open on the
 * old port fail, then go on as after a reconnection.
 */
export const WEB = {
  socket: '/lab',
  upload: '/upload',
  protocol: 'engram',
  closed: { token: 4401, tooLarge: 1009, malformed: 4400 },
} as const

export const PORT_MESSAGE = 'engram:port'

/** No message between a page and its lab is longer, in UTF-8 bytes. */
export const MAX_MESSAGE = 1_048_576

/** What `PUT /upload` answers: a `FileRef`. */
export const Uploaded = z.strictObject({ upload: z.string(), name: z.string() })
export type Uploaded = z.infer<typeof Uploaded>

/** What the menu, its shortcuts and the operating system ask the page to do. */
export const MenuCommand = z.discriminatedUnion('command', [
  /** Files chosen in the dialog, dropped on the icon, or opened by double click; an `.engram` file is a workspace. */
  z.strictObject({ command: z.literal('open'), paths: z.array(z.string()) }),
  z.strictObject({ command: z.literal('save-copy') }),
  z.strictObject({ command: z.literal('run') }),
  z.strictObject({ command: z.literal('stop') }),
  z.strictObject({ command: z.literal('undo') }),
  z.strictObject({ command: z.literal('redo') }),
  z.strictObject({ command: z.literal('palette') }),
  z.strictObject({ command: z.literal('help') }),
  z.strictObject({ command: z.literal('view'), view: z.enum(['data', 'experiment', 'brain', 'compare', 'learn']) }),
])
export type MenuCommand = z.infer<typeof MenuCommand>

/** What the page tells the window about itself. */
export const WindowReport = z.strictObject({
  title: z.string().max(300).optional(),
  /** Share of the queue that is done, for the taskbar; null when nothing runs. */
  progress: z.number().min(0).max(1).nullable().optional(),
  /** A file that was opened, for the list of recent files. */
  opened: z.string().max(4096).optional(),
  /** Of menus and dialogs. */
  language: z.enum(['en', 'zh']).optional(),
})
export type WindowReport = z.infer<typeof WindowReport>

export const SaveRequest = z.strictObject({ name: z.string().min(1).max(255) })
export type SaveRequest = z.infer<typeof SaveRequest>

/** `window.engram` on the desktop; absent in a browser. */
export interface DesktopBridge {
  platform: string
  /** Asks for a port to the lab. */
  connect(): void
  /** The path of a dropped or chosen `File`; '' for one that is not on disk. */
  pathOf(file: object): string
  /** Returns a function that ends the subscription. Commands that came before the first listener are kept for it. */
  onCommand(listener: (command: MenuCommand) => void): () => void
  /** The system's dialogs; no path where the person cancelled. */
  chooseFiles(): Promise<string[]>
  chooseSave(request: SaveRequest): Promise<string | null>
  report(report: WindowReport): void
}
