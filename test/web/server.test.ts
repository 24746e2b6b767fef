import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClientOptions } from 'ws'
import { WebSocket } from 'ws'
import { Response, type Notice } from '../../core/contract.ts'
import { MAX_MESSAGE, WEB } from '../../core/hosts.ts'
import { pageFiles } from '../../electron/pageFiles.ts'
import type { WebServer } from '../../electron/web/server.ts'
import { startWebServer } from '../../electron/web/server.ts'
import type { Uploads } from '../../electron/web/uploads.ts'
import { createUploads } from '../../electron/web/uploads.ts'
import type { FakeLab } from './fakeLab.ts'
import { createFakeLab } from './fakeLab.ts'

let folder: string
let server: WebServer
let uploads: Uploads
let lab: FakeLab
let origin: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engram-web-test-'))
  const page = join(folder, 'page')
  await mkdir(join(page, 'assets'), { recursive: true })
  await writeFile(join(page, 'index.html'), '<!doctype html><title>Engram</title>')
  await writeFile(join(page, 'assets', 'main.js'), 'export {}')
  await writeFile(join(page, 'assets', 'main.js.map'), 'secret')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  lab = createFakeLab()
  uploads = await createUploads({ file: 100_000, total: 250_000 })
  server = await startWebServer({ lab, files: pageFiles(page), uploads })
  origin = `http://127.0.0.1:${server.port}`
})
afterAll(async () => {
  await server.close()
  await uploads.close()
  await rm(folder, { recursive: true })
})

type Reply = { status: number; headers: Record<string, unknown>; body: string }
/** Without the help of fetch, which would tidy up paths and refuse to set Host and Origin. */
function send(path: string, options: { method?: string; headers?: Record<string, string>; body?: Buffer } = {}) {
  return new Promise<Reply>((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const outgoing = request({ host: '127.0.0.1', port: server.port, path, method, headers }, (incoming) => {
      let text = ''
      incoming.on('data', (bytes) => (text += bytes))
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode as number, headers: incoming.headers, body: text }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

type Ended = { opened: boolean; status?: number; code?: number }
/** Opens a socket and waits until it is open and stays open, or was refused. */
function dial(token: string | null, options: ClientOptions = {}, path: string = WEB.socket) {
  const protocols = token === null ? [WEB.protocol] : [WEB.protocol, `${WEB.protocol}.${token}`]
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols, { origin, ...options })
  const texts: string[] = []
  const waiting: ((text: string) => void)[] = []
  socket.on('message', (data) => (waiting.length ? waiting.shift()?.(String(data)) : texts.push(String(data))))
  socket.on('error', () => {})
  const ended = new Promise<Ended>((resolve) => {
    let opened = false
    socket.on('open', () => (opened = true))
    socket.on('unexpected-response', (_request, response) => resolve({ opened, status: response.statusCode }))
    socket.on('close', (code) => resolve({ opened, code }))
  })
  const next = async () => Response.parse(JSON.parse(texts.shift() ?? (await new Promise((r) => waiting.push(r)))))
  const opened = new Promise<void>((resolve) => socket.on('open', () => resolve()))
  return { socket, ended, next, opened }
}

describe('the page', () => {
  test('is served with a strict policy and its own files only', async () => {
    const index = await send('/')
    expect(index.status).toBe(200)
    expect(index.body).toContain('<title>Engram')
    expect(index.headers['content-type']).toBe('text/html; charset=utf-8')
    const policy = String(index.headers['content-security-policy'])
    expect(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self'")).toBe(true)
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("frame-ancestors 'none'")
    expect(index.headers['x-content-type-options']).toBe('nosniff')
    expect(index.headers['referrer-policy']).toBe('no-referrer')
    expect(index.headers['access-control-allow-origin']).toBeUndefined()
    expect((await send('/assets/main.js')).headers['content-type']).toBe('text/javascript; charset=utf-8')
    expect((await send('/assets/main.js.map')).status).toBe(404)
  })

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '//etc/passwd',
    '/%00',
    '/%zz',
    '/index.html%00.js',
    '/C:%5cWindows%5cwin.ini',
    'http://127.0.0.1/secret.txt',
  ])('no spelling of a path leaves the folder: %s', async (path) => {
    const reply = await send(path)
    expect([400, 404]).toContain(reply.status)
    expect(reply.body).not.toContain('secret')
  })

  test('answers no other method', async () => {
    for (const method of ['POST', 'DELETE', 'OPTIONS', 'TRACE']) expect((await send('/', { method })).status).toBe(405)
  })

  test('a rebound host name gets nothing', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${server.port}`,
      '127.0.0.1',
      `127.0.0.1.nip.io:${server.port}`,
    ]) {
      const reply = await send('/', { headers: { host } })
      expect([host, reply.status]).toEqual([host, 421])
      expect(reply.body).not.toContain('Engram')
    }
    expect((await send('/', { headers: { host: `localhost:${server.port}` } })).status).toBe(200)
  })
})

describe('the socket', () => {
  test('answers a call and pushes notices', async () => {
    const { socket, next, opened } = dial(server.token)
    await opened
    socket.send(JSON.stringify({ id: 7, call: 'lab.info', params: {} }))
    expect(await next()).toMatchObject({ id: 7, ok: { workspace: { name: 'fake' } } })
    lab.push({ type: 'runtime', kind: 'wasm', why: 'a test' })
    expect(await next()).toEqual({ notice: { type: 'runtime', kind: 'wasm', why: 'a test' } })
    socket.close()
  })

  test('refuses foreign origins, a missing origin, and a rebound host', async () => {
    const before = lab.calls.length
    for (const foreign of ['http://evil.example', `https://127.0.0.1:${server.port}`, 'http://127.0.0.1:1', 'null'])
      expect(await dial(server.token, { origin: foreign }).ended).toEqual({ opened: false, status: 403 })
    expect(await dial(server.token, { origin: undefined }).ended).toEqual({ opened: false, status: 403 })
    expect(await dial(server.token, { headers: { host: `evil.example:${server.port}` } }).ended).toEqual({
      opened: false,
      status: 421,
    })
    expect(await dial(server.token, {}, '/other').ended).toEqual({ opened: false, status: 404 })
    expect(lab.calls.length).toBe(before)
  })

  test('a missing or wrong token is told by closing, and no message is heard', async () => {
    const before = lab.calls.length
    for (const token of [
      null,
      '',
      'x',
      server.token.slice(1),
      `${server.token}x`,
      randomBytes(32).toString('base64url'),
    ]) {
      const { socket, ended, opened } = dial(token)
      void opened.then(() => socket.send(JSON.stringify({ id: 1, call: 'lab.info', params: {} })))
      expect(await ended).toEqual({ opened: true, code: WEB.closed.token })
    }
    expect(lab.calls.length).toBe(before)
  })

  test.each([
    ['no JSON', 'hello', WEB.closed.malformed],
    ['no envelope', '[]', WEB.closed.malformed],
    ['a negative id', '{"id":-1,"call":"lab.info","params":{}}', WEB.closed.malformed],
    ['an extra field', '{"id":1,"call":"lab.info","params":{},"x":1}', WEB.closed.malformed],
    ['nested too deep', `{"id":1,"call":"x","params":${'['.repeat(5000)}${']'.repeat(5000)}}`, WEB.closed.malformed],
    ['bytes', Buffer.from('{"id":1,"call":"lab.info","params":{}}'), WEB.closed.malformed],
    ['too long', `{"id":1,"call":"${'x'.repeat(MAX_MESSAGE)}","params":{}}`, WEB.closed.tooLarge],
  ])('a malformed message closes the connection: %s', async (_what, message, code) => {
    const before = lab.calls.length
    const { socket, ended, opened } = dial(server.token)
    await opened
    socket.send(message)
    expect(await ended).toEqual({ opened: true, code })
    expect(lab.calls.length).toBe(before)
  })

  test('foreign calls are answered with an error, and the host lives on', async () => {
    const { socket, next, opened } = dial(server.token)
    await opened
    const asked = async (call: string, params: string) => {
      socket.send(`{"id":1,"call":${JSON.stringify(call)},"params":${params}}`)
      return (await next()) as { error: { code: string; who: string } }
    }
    for (const name of ['nothing', '__proto__', 'constructor', 'toString'])
      expect((await asked(name, '{}')).error.code).toBe('unknown-call')
    expect((await asked('lab.info', '{"extra":1}')).error.code).toBe('bad-parameters')
    expect((await asked('data.rows', '{"hash":"a","from":-1,"count":9}')).error.code).toBe('bad-parameters')
    expect((await asked('data.get', '{"hash":"abc"}')).error).toMatchObject({ code: 'no-dataset', who: 'The lab' })
    expect((await asked('lab.info', '"[[\\"[["')).error.code).toBe('bad-parameters')
    // A fault of the lab itself: a result outside its schema.
    expect((await asked('data.list', '{}')).error.code).toBe('internal')
    expect(await asked('draft.get', '{"key":"a"}')).toMatchObject({ ok: { value: null } })
    socket.close()
  })

  test('an answer longer than a message may be arrives in pieces', async () => {
    const { socket, next, opened } = dial(server.token)
    await opened
    socket.send('{"id":7,"call":"blob","params":{"hash":"abc"}}')
    let text = ''
    for (let more = true; more;) {
      const piece = (await next()) as { id: number; part: string; more: boolean }
      expect(piece.id).toBe(7)
      text += piece.part
      more = piece.more
    }
    expect(JSON.parse(text)).toEqual({ id: 7, ok: { bytes: 'A'.repeat(2_000_000), size: 1_500_000 } })
    socket.close()
  })

  test('a large batch of events arrives in messages within the limit, none lost', async () => {
    const { socket, next, opened } = dial(server.token)
    await opened
    const events = Array.from({ length: 20_000 }, (_, seq) => ({
      trial: `method/${seq}/0`,
      seq,
      type: 'progress' as const,
      done: seq,
      of: 20_000,
    }))
    lab.push({ type: 'events', experiment: 'e', run: 'r', events })
    const seen: number[] = []
    let messages = 0
    while (seen.length < events.length) {
      const { notice } = (await next()) as { notice: Notice & { type: 'events' } }
      seen.push(...notice.events.map((event) => event.seq))
      messages++
    }
    expect(seen).toEqual(events.map((event) => event.seq))
    expect(messages).toBeGreaterThan(1)
    socket.close()
  })

  test('half a handshake and raw noise do not disturb others', async () => {
    for (const noise of ['GET /lab HTTP/1.1\r\n', 'noise\r\n\r\n', '\u0000'.repeat(1000)]) {
      const raw = connect(server.port, '127.0.0.1')
      raw.on('error', () => {})
      await new Promise((resolve) => raw.write(noise, resolve))
      raw.destroy()
    }
    expect((await send('/')).status).toBe(200)
  })
})

describe('uploads', () => {
  const put = (name: string, body: Buffer, headers: Record<string, string> = {}) =>
    send(`${WEB.upload}?name=${encodeURIComponent(name)}`, {
      method: 'PUT',
      headers: { origin, authorization: `Bearer ${server.token}`, ...headers },
      body,
    })

  test('a file arrives whole, outside the page, under a name of our own', async () => {
    const bytes = randomBytes(50_000)
    const reply = await put('数据 表.CSV', bytes)
    expect(reply.status).toBe(200)
    const { upload, name } = JSON.parse(reply.body)
    expect(name).toBe('数据 表.CSV')
    const path = uploads.pathOf(upload) as string
    expect(path.endsWith(`${upload}.csv`)).toBe(true)
    expect((await readFile(path)).equals(bytes)).toBe(true)
    expect((await send(`/${upload}.csv`)).status).toBe(404)
  })

  test('needs token, origin, host and name; a path in the name is cut off', async () => {
    const before = await readdir(uploads.folder)
    const body = Buffer.from('x')
    expect((await put('a.csv', body, { authorization: '' })).status).toBe(401)
    expect((await put('a.csv', body, { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await put('a.csv', body, { origin: 'http://evil.example' })).status).toBe(403)
    expect((await put('a.csv', body, { host: 'evil.example' })).status).toBe(421)
    expect((await put('', body)).status).toBe(400)
    expect((await put('a\n.csv', body)).status).toBe(400)
    expect((await send(WEB.upload, { headers: { origin, authorization: `Bearer ${server.token}` } })).status).toBe(405)
    expect(await readdir(uploads.folder)).toEqual(before)
    const reply = await put('../../etc/x.sh/../evil.csv', body)
    expect(JSON.parse(reply.body).name).toBe('evil.csv')
    expect(uploads.pathOf(JSON.parse(reply.body).upload)?.startsWith(uploads.folder)).toBe(true)
  })

  test('sizes are bounded, one by one and together, and nothing of a refused file stays', async () => {
    const before = (await readdir(uploads.folder)).length
    const large = await put('large.csv', randomBytes(100_001))
    expect(large.status).toBe(413)
    expect(JSON.parse(large.body).error).toMatchObject({ code: 'upload-too-large', who: 'Upload' })
    expect((await readdir(uploads.folder)).length).toBe(before)
    expect((await put('1.csv', randomBytes(99_000))).status).toBe(200)
    expect((await put('2.csv', randomBytes(99_000))).status).toBe(200)
    expect((await put('3.csv', randomBytes(99_000))).status).toBe(413)
    expect((await readdir(uploads.folder)).length).toBe(before + 2)
  })
})
