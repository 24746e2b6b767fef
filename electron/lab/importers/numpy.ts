import { readFile } from 'node:fs/promises'
import type { ReadOptions } from '../../../core/data/reading.ts'
import { guessed, type Why } from '../../../core/data/summary.ts'
import type { Column } from '../../../core/data/table.ts'
import { UserError } from '../../../core/errors.ts'
import { Numbers, Words, columnNames, isMissing, refuseInfinite, refuseNoRows } from './columns.ts'
import type { Format, Source } from './format.ts'
import { isNpy, parseNpy, type NpyArray } from './npy.ts'
import { imagesOf } from './pictures.ts'
import { openZip, readBytes } from './zip.ts'

/**
 * NumPy's arrays: one .npz archive, or .npy files given together. The first axis of every array is the row. An array
 * of one axis is a column, of two axes a column for each place (x[0], x[1], ...), of three or four axes the images:
 * [row, height, width] or [row, height, width, channel].
 */
const MAX_FILE = 512 * 2 ** 20
const MAX_COLUMNS = 10_000
const MAX_ROWS = 5_000_000

export const numpy: Format = {
  id: 'numpy',
  match: (files) => files.every(isArray) || (files.length === 1 && isArchive(files[0])),

  async open(files, asked, host) {
    const arrays = await arraysOf(files)
    host.progress('read', 0.4)
    const { rows, tables, pictures } = sorted(files, arrays, host.bare)
    const parts = tables.flatMap(([name, array]) => columnsOf(files[0], name, array, rows, asked))
    host.progress('read', 0.6)
    const names = columnNames(
      files[0].name,
      parts.map(({ column }) => column.name),
    )
    const images = pictures.map(([name, array]) => imagesOf(files[0].name, name, array))
    return {
      rows,
      columns: parts.map(({ column }, i) => ({ ...column, name: names[i] })),
      why: parts.map(({ why }) => why),
      tensors: images.map(({ tensor }) => tensor),
      warnings: images.flatMap(({ warnings }) => warnings),
      read: used(asked),
    }
  },

  async preview(files, asked) {
    const arrays = await arraysOf(files)
    const { rows, tables } = sorted(files, arrays)
    const columns = tables.flatMap(([name, array]) => columnsOf(files[0], name, array, Math.min(20, rows), asked))
    const text = ({ values, valid, levels }: Column, row: number) =>
      valid[row] ? (levels ? levels[values[row]] : String(values[row])) : ''
    return {
      format: 'numpy',
      read: used(asked),
      sheets: [],
      head: arrays.slice(0, 30).map(([name, { type, shape }]) => [name, type, `(${shape.join(', ')})`]),
      names: columns.map(({ column }) => column.name),
      rows: Array.from({ length: Math.min(20, rows) }, (_, row) => columns.map(({ column }) => text(column, row))),
      warnings: [],
    }
  },
}

type Named = [name: string, array: NpyArray]

const isArray = ({ head }: Source) => isNpy(head)
/** A zip archive whose name or first part says that it holds arrays. */
function isArchive({ head, name }: Source): boolean {
  if (head[0] !== 0x50 || head[1] !== 0x4b) return false
  const first = new TextDecoder('latin1').decode(head.subarray(30, 30 + head[26] + 256 * head[27]))
  return /\.npz$/i.test(name) || /\.npy$/i.test(first)
}

const used = (asked: ReadOptions): ReadOptions => ({
  ...asked,
  encoding: 'utf-8',
  delimiter: ',',
  decimal: '.',
  skipRows: 0,
  headerRows: 0,
})

async function arraysOf(files: Source[]): Promise<Named[]> {
  const large = files.find(({ size }) => size > MAX_FILE)
  if (large) refuse(large, 'A file of arrays may have 512 MB.', `${Math.round(large.size / 2 ** 20)} MB`)
  if (!isArchive(files[0]))
    return Promise.all(
      files.map(async ({ name, path }): Promise<Named> => [
        name.replace(/\.npy$/i, ''),
        parseNpy(name, await readFile(path)),
      ]),
    )
  const [file] = files
  const archive = openZip(file.name, await readFile(file.path))
  const parts = [...archive.sizes.keys()]
  const odd = parts.find((part) => !/^[^/\\:\0]{1,200}\.npy$/u.test(part) || part.startsWith('.'))
  if (odd !== undefined)
    refuse(
      file,
      'An .npz archive holds arrays, name.npy each, and nothing else: no folders, no paths.',
      `"${odd.slice(0, 100)}"`,
    )
  if (!parts.length) refuse(file, 'An .npz archive holds at least one array.', 'none')
  return parts.map((part) => [part.slice(0, -4), parseNpy(`${file.name}, ${part}`, readBytes(archive, part))])
}

/** Which arrays are columns and which are images; all have the same number of rows. */
function sorted(files: Source[], arrays: Named[], bare = false): { rows: number; tables: Named[]; pictures: Named[] } {
  const [file] = files
  const flat = arrays.find(([, { shape }]) => shape.length === 0 || shape.length > 4)
  if (flat)
    refuse(
      file,
      'An array has one to four axes, rows first: numbers, tables, or images [row, height, width, channel].',
      `"${flat[0]}" with ${flat[1].shape.length} axes`,
    )
  const rows = arrays[0][1].shape[0]
  const other = arrays.find(([, { shape }]) => shape[0] !== rows)
  if (other)
    refuse(
      file,
      'All arrays have one entry for each row along their first axis.',
      `${rows} in "${arrays[0][0]}" and ${other[1].shape[0]} in "${other[0]}"`,
    )
  if (!rows) refuseNoRows(file.name)
  if (rows > MAX_ROWS) refuse(file, 'Arrays may have 5 million rows.', String(rows))
  const pictures = arrays.filter(([, { shape }]) => shape.length > 2)
  const tables = arrays.filter(([, { shape }]) => shape.length <= 2)
  const columns = tables.reduce((sum, [, { shape }]) => sum + (shape[1] ?? 1), 0)
  if (columns > MAX_COLUMNS) refuse(file, 'Arrays of two axes make at most 10,000 columns.', `${columns} columns`)
  if (pictures.length > 1)
    refuse(file, 'One array holds the images.', pictures.map(([name]) => `"${name}"`).join(' and '))
  if (!columns && !bare)
    throw new UserError({
      code: 'import.no-labels',
      who: file.name,
      rule: 'Beside the images there must be an array that says something of each, such as its class.',
      got: 'images alone',
      remedy:
        'Save them together, np.savez_compressed("name.npz", images=x, label=y), or drop both .npy files at once.',
    })
  return { rows, tables, pictures }
}

function columnsOf(file: Source, name: string, { shape, values }: NpyArray, rows: number, read: ReadOptions) {
  const wide = shape[1] ?? 1
  return Array.from({ length: wide }, (_, k): { column: Column; why: Why } => {
    const own = wide === 1 ? name : `${name}[${k}]`
    if (Array.isArray(values)) {
      const words = new Words(rows)
      for (let row = 0; row < rows; row++) {
        const word = values[row * wide + k].trim()
        words.push(isMissing(word, read) ? null : word)
      }
      return words.column(own)
    }
    const numbers = new Numbers(rows)
    for (let row = 0; row < rows; row++) {
      const value = values[row * wide + k]
      const infinite = Math.abs(value) === Infinity
      if (infinite && read.infinite === 'refuse') refuseInfinite(file.name, own, `${value} in row ${row + 1}`)
      numbers.push(Number.isNaN(value) || infinite ? null : value)
    }
    const column = numbers.column(own)
    const present = column.valid.reduce((sum, one) => sum + one, 0)
    return { column, why: guessed('number', present, 0) }
  })
}

function refuse({ name }: Source, rule: string, got: string): never {
  throw new UserError({
    code: 'import.numpy',
    who: name,
    rule,
    got,
    remedy: 'Save the arrays that belong together, and only those, with np.savez_compressed.',
  })
}
