import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { Lab } from '../../core/contract.ts'
import { toErrorJson, UserError } from '../../core/errors.ts'
import { MAX_MESSAGE, WEB } from '../../core/hosts.ts'
import { answer, Malformed, noticeTexts } from '../dispatch.ts'
import type { PageFiles } from '../pageFiles.ts'
import { findPageFile } from '../pageFiles.ts'
import { securityHeaders } from '../policy.ts'
import type { Uploads } from './uploads.ts'

/**
 * The lab on loopback: the page's files, a WebSocket, and uploads. The page itself is public; whoever talks to the lab
 * needs the token. The Host header must be ours (against DNS rebinding) and so must the Origin of everything that
 * talks to the lab (against foreign pages and pages of other local servers).
 */
export type WebServer = { url: string; port: number; token: string; close(): Promise<void> }
export type WebServerOptions = { lab: Lab; files: PageFiles; uploads: Uploads; port?: number; token?: string }

/** Bytes that may wait for one page; a page that reads too slowly is cut off and comes back with `since`. */
const MAX_WAITING = 32 * MAX_MESSAGE
const MAX_PAGES = 32
/** Calls of one page that may be open at once. */
const MAX_OPEN_CALLS = 256

export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { lab, files, uploads, token = randomBytes(32).toString('base64url') } = options
  const server = createServer({ requestTimeout: 3_600_000, headersTimeout: 20_000, maxHeaderSize: 16_384 })
  const port = await listen(server, options.port ?? 0)
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  const origins = hosts.map((host) => `http://${host}`)
  const headers = securityHeaders(hosts.map((host) => `ws://${host}`))
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(WEB.protocol) ? WEB.protocol : false),
  })

  server.on('request', (request, response) => {
    void respond(request, response).catch((error) => {
      const json = toErrorJson(error)
      if (!response.headersSent) reply(response, statusOf(json.code), { error: json })
      response.destroy()
    })
  })

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (!hosts.includes(request.headers.host ?? '')) return reply(response, 421, { refused: 'host' })
    const url = addressOf(request)
    if (!url) return reply(response, 400, { refused: 'address' })
    if (url.pathname === WEB.upload) return upload(request, response, url)
    if (request.method !== 'GET' && request.method !== 'HEAD') return reply(response, 405, { refused: 'method' })
    const file = findPageFile(files, url.pathname)
    if (!file) return reply(response, 404, { refused: 'not found' })
    response.setHeader('content-type', file.type)
    response.setHeader('content-length', file.size)
    if (request.method === 'HEAD') return void response.end()
    await pipeline(createReadStream(file.path), response)
  }

  async function upload(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'PUT') return reply(response, 405, { refused: 'method' })
    if (!origins.includes(request.headers.origin ?? '')) return reply(response, 403, { refused: 'origin' })
    if (!same(bearer(request), token)) return reply(response, 401, { refused: 'token' })
    const name = (url.searchParams.get('name') ?? '').split(/[/\\]/).at(-1) ?? ''
    if (!name || name.length > 255 || hasControl(name)) return reply(response, 400, { refused: 'name' })
    reply(response, 200, await uploads.save(request, name))
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refuse = (status: string) =>
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    if (!hosts.includes(request.headers.host ?? '')) return refuse('421 Misdirected Request')
    if (!origins.includes(request.headers.origin ?? '')) return refuse('403 Forbidden')
    if (addressOf(request)?.pathname !== WEB.socket) return refuse('404 Not Found')
    if (sockets.clients.size >= MAX_PAGES) return refuse('503 Service Unavailable')
    sockets.handleUpgrade(request, socket, head, (page) => {
      // A page cannot see why a handshake failed, so a wrong token is told by closing at once.
      if (same(offeredToken(request), token)) converse(page)
      else page.close(WEB.closed.token, 'token')
    })
  })

  function converse(page: WebSocket): void {
    let open = 0
    const send = (text: string) => {
      if (page.readyState !== page.OPEN) return
      if (page.bufferedAmount > MAX_WAITING) page.terminate()
      else page.send(text)
    }
    const end = lab.on((notice) => noticeTexts(notice).forEach(send))
    page.on('close', end)
    page.on('error', () => page.terminate())
    page.on('message', (data, binary) => {
      if (binary || ++open > MAX_OPEN_CALLS) return page.close(WEB.closed.malformed, 'malformed')
      answer(lab, String(data))
        .then(
          (texts) => texts.forEach(send),
          (error) => {
            if (error instanceof Malformed) page.close(WEB.closed.malformed, 'malformed')
            else throw error
          },
        )
        .finally(() => open--)
    })
  }

  const alive = setInterval(() => sockets.clients.forEach((page) => page.ping()), 30_000)

  return {
    url: `http://127.0.0.1:${port}/#token=${token}`,
    port,
    token,
    async close() {
      clearInterval(alive)
      for (const page of sockets.clients) page.close(1001, 'closing')
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      setTimeout(() => {
        for (const page of sockets.clients) page.terminate()
        server.closeAllConnections()
      }, 1000).unref()
      await closed
    },
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      reject(taken ? portTaken(port, error.code as string) : error)
    })
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve((server.address() as AddressInfo).port))
  })
}

const portTaken = (port: number, code: string) =>
  new UserError({
    code: 'port-taken',
    who: 'engram serve',
    rule: 'needs a free port.',
    got: `${port} (${code})`,
    remedy: 'Choose another with --port, or leave it out.',
  })

const statusOf = (code: string) => (code === 'upload-too-large' ? 413 : code === 'upload-disk' ? 507 : 500)

function reply(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  // An upload that was refused is not read to its end.
  if (status >= 400) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function addressOf(request: IncomingMessage): URL | null {
  const target = request.url ?? ''
  return target.startsWith('/') && !target.startsWith('//') ? URL.parse(target, 'http://127.0.0.1') : null
}

const bearer = (request: IncomingMessage) => (request.headers.authorization ?? '').replace(/^Bearer /, '')

function offeredToken(request: IncomingMessage): string {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return offered.find((name) => name.startsWith(`${WEB.protocol}.`))?.slice(WEB.protocol.length + 1) ?? ''
}

/** Compares in a time that says nothing about where two texts differ. */
function same(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}

const hasControl = (name: string) => /[\u0000-\u001f\u007f]/.test(name)
