import type { z } from 'zod'
import type { Call, Lab, Notice } from '../core/contract.ts'
import { LabApi, Request } from '../core/contract.ts'
import { toErrorJson } from '../core/errors.ts'
import { MAX_MESSAGE } from '../core/hosts.ts'

/** A message that no page of ours would send: the connection it came by is closed. */
export class Malformed extends Error {
  constructor(why: string) {
    super(`internal: malformed message: ${why}`)
    this.name = 'Malformed'
  }
}

/**
 * Answers one request: text in, text out, the same for every host. Envelope and result pass the contract's schemas here,
 * call and parameters inside the lab (core/checkCall.ts). Throws `Malformed` where the text is no request at all; every other fault is an answer.
 */
export async function answer(lab: Lab, text: string): Promise<string[]> {
  const request = read(text)
  try {
    const result = await labCall(lab, request.call, request.params)
    return inPieces(request.id, JSON.stringify({ id: request.id, ok: result }))
  } catch (error) {
    return [JSON.stringify({ id: request.id, error: toErrorJson(error) })]
  }
}

/** Characters per piece: even as six-byte escapes of JSON they stay below the size limit. */
const PIECE = 160_000

/** One message where it fits, else the text in pieces that the page puts together again. */
function inPieces(id: number, text: string): string[] {
  if (Buffer.byteLength(text) <= MAX_MESSAGE) return [text]
  const pieces: string[] = []
  for (let from = 0; from < text.length; from += PIECE) {
    const part = text.slice(from, from + PIECE)
    pieces.push(JSON.stringify({ id, part, more: from + PIECE < text.length }))
  }
  return pieces
}

function read(text: string): z.infer<typeof Request> {
  if (Buffer.byteLength(text) > MAX_MESSAGE) throw new Malformed(`longer than ${MAX_MESSAGE} bytes`)
  if (depth(text) > MAX_DEPTH) throw new Malformed(`nested deeper than ${MAX_DEPTH}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new Malformed('no JSON')
  }
  const request = Request.safeParse(json)
  if (!request.success) throw new Malformed('no request envelope')
  return request.data
}

/** No value of the contract nests deeper; schemas and JSON.stringify recurse, so a deeper one would cost the stack. */
const MAX_DEPTH = 64

/** How deep brackets nest, strings left aside. */
function depth(text: string): number {
  let now = 0
  let most = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (inString) {
      if (c === '\\') i++
      else if (c === '"') inString = false
    } else if (c === '"') inString = true
    else if (c === '[' || c === '{') most = Math.max(most, ++now)
    else if (c === ']' || c === '}') now--
  }
  return most
}

/** The lab checks call and parameters; what it answers is checked here, so that nothing of ours slips out by mistake. */
async function labCall(lab: Lab, name: string, params: unknown): Promise<unknown> {
  const answered = await lab.call(name as Call, params as never)
  const result = LabApi[name as Call].result.safeParse(answered)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new Error(`internal: ${name} answered outside its schema at ${issue.path.join('.')}: ${issue.message}`)
}

/** A notice as texts within the size limit: a batch of events too large for one message is halved until it fits. */
export function noticeTexts(notice: Notice): string[] {
  const text = JSON.stringify({ notice })
  if (Buffer.byteLength(text) <= MAX_MESSAGE) return [text]
  if (notice.type !== 'events' || notice.events.length < 2)
    throw new Error(`internal: a notice of type ${notice.type} is longer than a message may be`)
  const middle = notice.events.length >> 1
  return [notice.events.slice(0, middle), notice.events.slice(middle)].flatMap((events) =>
    noticeTexts({ ...notice, events }),
  )
}
