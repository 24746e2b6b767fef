import { readFile } from 'node:fs/promises'
import type { Session, WebContents, WebFrameMain } from 'electron'
import type { PageFiles } from '../pageFiles.ts'
import { findPageFile } from '../pageFiles.ts'
import { securityHeaders } from '../policy.ts'

/**
 * The page and its walls: it comes from its own protocol, asks for no permission, goes nowhere else, and opens
 * nothing.
 */
export const SCHEME = 'engram'
export const PAGE = `${SCHEME}://app/`

/** Registered before the app is ready. */
export const PRIVILEGES = { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } }

/** Serves the built page, and nothing else, under engram://app/. */
export function servePage(files: PageFiles): (request: Request) => Promise<Response> {
  const headers = securityHeaders([])
  return async (request) => {
    const url = URL.parse(request.url)
    const file = url?.host === 'app' && request.method === 'GET' ? findPageFile(files, url.pathname) : undefined
    if (!file) return new Response('not found', { status: 404, headers })
    return new Response(new Uint8Array(await readFile(file.path)), {
      headers: { ...headers, 'content-type': file.type },
    })
  }
}

/** Denies every permission there is, in every way that it can be asked for. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.on('select-serial-port', (event, _ports, _contents, answer) => {
    event.preventDefault()
    answer('')
  })
}

/** No navigation away from the page, no new window, no webview. */
export function confine(contents: WebContents): void {
  const stay = (event: { preventDefault(): void; url: string }) => {
    if (!event.url.startsWith(PAGE)) event.preventDefault()
  }
  contents.on('will-navigate', stay)
  contents.on('will-frame-navigate', stay)
  contents.on('will-redirect', stay)
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

/** A message counts only if the main frame of our own window sent it, while it showed our page. */
export function fromPage(event: { sender: WebContents; senderFrame: WebFrameMain | null }, ours: WebContents): boolean {
  const frame = event.senderFrame
  return event.sender === ours && frame !== null && frame === ours.mainFrame && frame.url.startsWith(PAGE)
}
