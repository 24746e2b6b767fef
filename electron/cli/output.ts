import type { UserErrorJson } from '../../core/errors.ts'
import { toErrorJson, UserError } from '../../core/errors.ts'

/** Where a command writes: standard output and standard error of the process, or what a test collects. */
export type Streams = {
  out(text: string): void
  err(text: string): void
  /** A person watches standard error. */
  tty: boolean
}

export const DONE = 0
export const FAILED = 1
export const BAD_INPUT = 2
export type Status = typeof DONE | typeof FAILED | typeof BAD_INPUT

/**
 * What a command says. For scripts (`--json`): progress as JSON lines on standard error, one document on standard
 * output. For people: one line of progress that is written over (on a terminal), then text.
 */
export class Output {
  readonly json: boolean
  private readonly streams: Streams
  private lineShown = false
  private lastLine = -Infinity

  constructor(streams: Streams, json: boolean) {
    this.streams = streams
    this.json = json
  }

  /** `line` is for people; it is written at most five times a second. */
  progress(record: Record<string, unknown>, line: string): void {
    if (this.json) return this.streams.err(`${JSON.stringify(record)}\n`)
    const now = performance.now()
    if (!this.streams.tty || now - this.lastLine < 200) return
    this.lastLine = now
    this.lineShown = true
    this.streams.err(`\r\u001b[K${line}`)
  }

  /** A line for people on standard error, a record for scripts. */
  note(text: string): void {
    this.clear()
    this.streams.err(this.json ? `${JSON.stringify({ type: 'note', text })}\n` : `${text}\n`)
  }

  /** The one answer of a command. */
  result(document: unknown, text: string): void {
    this.clear()
    this.streams.out(this.json ? `${JSON.stringify(document, null, 2)}\n` : `${text.trimEnd()}\n`)
  }

  /** Bytes to standard output as they are: `-o -`. */
  raw(bytes: string): void {
    this.clear()
    this.streams.out(bytes)
  }

  failure(error: unknown): Status {
    const json = toErrorJson(error)
    this.clear()
    if (this.json) this.streams.out(`${JSON.stringify({ error: json }, null, 2)}\n`)
    else this.streams.err(`${errorText(json)}\n`)
    return error instanceof UserError ? BAD_INPUT : FAILED
  }

  private clear(): void {
    if (this.lineShown) this.streams.err('\r\u001b[K')
    this.lineShown = false
  }
}

const errorText = ({ who, rule, got, remedy }: UserErrorJson) => `${who}: ${rule}\n  Got: ${got}\n  Remedy: ${remedy}`
