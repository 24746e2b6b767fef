import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { hashColumns } from '../../../core/data/hash.ts'
import { summarise } from '../../../core/data/summary.ts'
import { toErrorJson } from '../../../core/errors.ts'
import { sources, type Host } from './format.ts'
import { formats } from './formats.ts'
import type { Ask, Tell } from './wire.ts'

/**
 * The reading process: files that a stranger may have written are opened here and nowhere else. It answers one
 * request and ends; whoever started it may kill it at any moment.
 */
const CELLS = 131_072

/** Waits until the message has left, so that a large table never piles up twice. */
const tell = (message: Tell) =>
  new Promise<void>((sent, failed) =>
    process.send?.(message, undefined, undefined, (error) => (error ? failed(error) : sent())),
  )

let reported = -1
const hostFor = (ask: Ask): Host => ({
  bare: ask.bare,
  progress(phase, done) {
    if (done < reported || (done - reported < 0.005 && done < 1)) return
    reported = done
    void tell({ type: 'progress', progress: { phase, done: Math.min(1, done) } })
  },
  async scratch() {
    await mkdir(ask.scratch, { recursive: true, mode: 0o700 })
    return ask.scratch
  },
})

async function answer(ask: Ask): Promise<void> {
  const host = hostFor(ask)
  const files = await sources(ask.files)
  const format = formats.find((each) => each.match(files)) ?? formats[formats.length - 1]
  if (ask.task === 'preview') return tell({ type: 'preview', preview: await format.preview(files, ask.read, host) })

  const {
    rows,
    columns,
    tensors = [],
    why,
    warnings,
    read,
    suggestedTargets,
  } = await format.open(files, ask.read, host)
  host.progress('summary', 0.9)
  const hash = hashColumns(rows, columns, createHash('sha256'), tensors)
  host.progress('summary', 0.93)
  const summary = summarise({ hash, rows, columns, tensors }, warnings, { why, suggestedTargets })
  host.progress('summary', 0.97)
  const heads = columns.map(({ name, kind, levels }) => ({ name, kind, levels }))
  const arrays = tensors.map(({ name, shape }) => ({ name, shape }))
  await tell({
    type: 'head',
    rows,
    hash,
    columns: heads,
    tensors: arrays,
    why,
    warnings,
    read,
    suggestedTargets,
    summary,
  })
  for (let column = 0; column < columns.length; column++) {
    const { values, valid } = columns[column]
    for (let offset = 0; offset < rows; offset += CELLS) {
      const to = Math.min(rows, offset + CELLS)
      // slice: a message of a view would carry the whole buffer behind it.
      await tell({ type: 'cells', column, offset, values: values.slice(offset, to), valid: valid.slice(offset, to) })
    }
  }
  for (const [tensor, { values }] of tensors.entries())
    for (let offset = 0; offset < values.length; offset += CELLS)
      await tell({ type: 'numbers', tensor, offset, values: values.slice(offset, offset + CELLS) })
  await tell({ type: 'end' })
}

process.once('message', (ask: Ask) => {
  answer(ask)
    .catch((error) => tell({ type: 'error', error: toErrorJson(error) }))
    .finally(() => process.disconnect())
})
// The lab is gone: nobody will read the answer.
process.once('disconnect', () => process.exit())
