import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ReadOptions, type ImportProgress, type ImportWarning, type Preview } from '../../../core/data/reading.ts'
import type { DatasetSummary, Why } from '../../../core/data/summary.ts'
import type { Column, NamedTensor, Table } from '../../../core/data/table.ts'
import { UserError } from '../../../core/errors.ts'
import type { Ask, Tell } from './wire.ts'

/**
 * The only entrance for files. Each import runs in a process of its own (`reader.ts`), which is killed to cancel and
 * takes nothing with it if a file breaks it. Columns arrive in shared memory, so that workers need no copy.
 */
export type ImportResult = {
  table: Table
  summary: DatasetSummary
  /** [column] */
  why: Why[]
  warnings: ImportWarning[]
  /** The options that were used: reading again with them gives the same table. */
  read: ReadOptions
  suggestedTargets?: string[]
}

export type FileToOpen = { path: string; name: string }

let entry = fileURLToPath(new URL('./reader.ts', import.meta.url))

/** Where the bundled reading process is: a packaged app has one file instead of the sources. */
export function setReaderEntry(path: string): void {
  entry = path
}

/** `bare`: rows that are to be predicted, of which nothing need be known. */
export async function openFiles(
  files: FileToOpen[],
  read: Partial<ReadOptions> = {},
  on: (progress: ImportProgress) => void = () => {},
  signal?: AbortSignal,
  bare = false,
): Promise<ImportResult> {
  let head: Extract<Tell, { type: 'head' }> | null = null
  let columns: Column[] = []
  let tensors: NamedTensor[] = []
  await converse('open', files, { read, bare }, signal, (message) => {
    if (message.type === 'progress') on(message.progress)
    if (message.type === 'head') {
      const { rows } = (head = message)
      columns = message.columns.map(({ name, kind, levels }) => ({
        name,
        kind,
        values:
          kind === 'number'
            ? new Float64Array(new SharedArrayBuffer(rows * 8))
            : new Int32Array(new SharedArrayBuffer(rows * 4)),
        ...(levels ? { levels } : {}),
        valid: new Uint8Array(new SharedArrayBuffer(rows)),
      }))
      tensors = message.tensors.map(({ name, shape }) => ({
        name,
        shape,
        values: new Float32Array(new SharedArrayBuffer(shape.reduce((n, dim) => n * dim, 4))),
      }))
    }
    if (message.type === 'cells') {
      columns[message.column].values.set(message.values, message.offset)
      columns[message.column].valid.set(message.valid, message.offset)
    }
    if (message.type === 'numbers') tensors[message.tensor].values.set(message.values, message.offset)
  })
  if (!head) throw new Error('internal: the reading process ended without a table')
  const { rows, hash, summary, why, warnings, read: used, suggestedTargets } = head as Extract<Tell, { type: 'head' }>
  on({ phase: 'summary', done: 1 })
  const table = { hash, rows, columns, ...(tensors.length ? { tensors } : {}) }
  return { table, summary, why, warnings, read: used, suggestedTargets }
}

export async function preview(
  files: FileToOpen[],
  read: Partial<ReadOptions> = {},
  signal?: AbortSignal,
): Promise<Preview> {
  let answer: Preview | null = null
  await converse('preview', files, { read, bare: false }, signal, (message) => {
    if (message.type === 'preview') answer = message.preview
  })
  if (!answer) throw new Error('internal: the reading process ended without a preview')
  return answer
}

async function converse(
  task: Ask['task'],
  files: FileToOpen[],
  { read, bare }: { read: Partial<ReadOptions>; bare: boolean },
  signal: AbortSignal | undefined,
  hear: (message: Tell) => void,
): Promise<void> {
  signal?.throwIfAborted()
  const scratch = join(tmpdir(), `engram-import-${randomUUID()}`)
  const child = fork(entry, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=1500'],
  })
  const kill = () => child.kill('SIGKILL')
  signal?.addEventListener('abort', kill, { once: true })
  try {
    await new Promise<void>((done, failed) => {
      let ended = false
      child.on('message', (message: Tell) => {
        if (message.type === 'error') failed(new UserError(message.error))
        else if (message.type === 'end' || message.type === 'preview') ended = true
        try {
          hear(message)
        } catch (error) {
          failed(error)
        }
      })
      child.on('error', failed)
      child.on('close', (code, how) => {
        if (signal?.aborted) failed(signal.reason)
        else if (ended) done()
        else failed(crashed(files, how ?? `exit status ${code}`))
      })
      child.send({ task, files, read: ReadOptions.parse(read), scratch, bare } satisfies Ask, (error) => {
        if (error) kill()
      })
    })
  } finally {
    signal?.removeEventListener('abort', kill)
    kill()
    await rm(scratch, { recursive: true, force: true })
  }
}

function crashed(files: FileToOpen[], how: string): UserError {
  return new UserError({
    code: 'import.crashed',
    who: files.map((file) => file.name).join(', '),
    rule: 'A file must be readable within the memory of this machine.',
    got: `the reading process ended early (${how})`,
    remedy: 'Try a smaller part of the file; your data and results are untouched.',
  })
}
