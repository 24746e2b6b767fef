import type { ReadOptions } from '../../../core/data/reading.ts'
import { parseNumber } from './columns.ts'

/**
 * How a delimited text is written, from its beginning: the delimiter that splits most lines into equally many cells
 * and makes most of them numbers, the decimal sign, the lines before the header, and whether there is a header.
 */
export type Dialect = {
  delimiter: Exclude<ReadOptions['delimiter'], 'auto'>
  decimal: '.' | ','
  skipRows: number
  headerRows: number
  columns: number
}

/** A record of cells; `line` counts records and empty lines from 0, as options and messages do. */
export type RawRecord = { cells: string[]; line: number }

/** Splits text into records by the rules of RFC 4180; `spaces` takes any run of blanks and no quotes. */
export function records(text: string, delimiter: Dialect['delimiter'], limit: number, whole: boolean): RawRecord[] {
  const out: RawRecord[] = []
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let line = 0
  while (at < text.length && out.length < limit) {
    const record: RawRecord = { cells: [], line: line++ }
    let done = false
    while (!done) {
      let cell = ''
      let quoted = false
      if (delimiter !== 'spaces' && text[at] === '"') {
        quoted = true
        at++
        for (;;) {
          const end = text.indexOf('"', at)
          if (end < 0) {
            cell += text.slice(at)
            at = text.length
            break
          }
          cell += text.slice(at, end)
          at = end + 1
          if (text[at] !== '"') break
          cell += '"'
          at++
        }
      }
      const start = at
      while (at < text.length && text[at] !== '\n' && text[at] !== '\r' && !isDelimiter(text[at], delimiter)) at++
      cell += text.slice(start, at)
      record.cells.push(quoted ? cell : cell.trim())
      if (at < text.length && isDelimiter(text[at], delimiter)) at++
      else done = true
    }
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    // The last line of a cut text may be half a line.
    if (at >= text.length && !whole && out.length) break
    if (delimiter === 'spaces') record.cells = squeeze(record.cells)
    if (record.cells.length > 1 || record.cells[0] !== '') out.push(record)
  }
  return out
}

const isDelimiter = (c: string, delimiter: string) =>
  delimiter === 'spaces' ? c === ' ' || c === '\t' : c === delimiter

function squeeze(cells: string[]): string[] {
  const kept = cells.filter((cell) => cell !== '')
  return kept.length ? kept : ['']
}

export function sniff(text: string, read: ReadOptions, whole: boolean): Dialect {
  const asked = read.delimiter === 'auto' ? ([',', '\t', ';', '|'] as const) : ([read.delimiter] as const)
  let best = asked.map((delimiter) => score(text, delimiter, read, whole)).reduce((a, b) => (b.score > a.score ? b : a))
  // Blanks separate only where that makes more numbers: they also stand inside names.
  if (read.delimiter === 'auto') {
    const spaces = score(text, 'spaces', read, whole)
    const regular = spaces.share > 0.95 && spaces.numeric > Math.max(0.5, best.columns === 1 ? 0 : best.numeric)
    if (regular && spaces.columns > best.columns) best = spaces
  }
  const { delimiter, lines, columns } = best
  const decimal = read.decimal === 'auto' ? decimalSign(lines) : read.decimal
  // Titles and notes above the table fill at most half of its columns; a header may lack one name.
  const first = lines.findIndex((record) => filled(record) > columns / 2 && !/^[#%] /.test(record.cells[0]))
  const skipRows = read.skipRows === 'auto' ? (lines[Math.max(0, first)]?.line ?? 0) : read.skipRows
  const table = lines.filter((record) => record.line >= skipRows)
  const headerRows = read.headerRows === 'auto' ? (hasHeader(table, decimal, read) ? 1 : 0) : read.headerRows
  return { delimiter, decimal, skipRows, headerRows, columns }
}

const filled = (record: RawRecord) => record.cells.reduce((n, cell) => n + (cell === '' ? 0 : 1), 0)

function score(text: string, delimiter: Dialect['delimiter'], read: ReadOptions, whole: boolean) {
  const lines = records(text, delimiter, 1000, whole)
  const counts = new Map<number, number>()
  for (const { cells } of lines) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1)
  let columns = 1
  let most = 0
  for (const [width, n] of counts) if (n > most || (n === most && width > columns)) [columns, most] = [width, n]
  const share = lines.length ? most / lines.length : 0
  let numbers = 0
  let cells = 0
  for (const record of lines) {
    if (record.cells.length !== columns) continue
    for (const cell of record.cells) {
      cells++
      if (isNumeric(cell.trim(), read)) numbers++
    }
  }
  const numeric = cells ? numbers / cells : 0
  return { delimiter, lines, columns, share, numeric, score: columns > 1 ? share * (1 + numeric) : 0 }
}

const isNumeric = (cell: string, read: ReadOptions) =>
  read.missing.includes(cell) || parseNumber(cell, '.') !== undefined || parseNumber(cell, ',') !== undefined

function decimalSign(lines: RawRecord[]): '.' | ',' {
  let commas = 0
  let points = 0
  for (const { cells } of lines)
    for (const cell of cells) {
      if (/^\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*$/.test(cell)) commas++
      else if (/^\s*[+-]?\d*\.\d+([eE][+-]?\d+)?\s*$/.test(cell)) points++
    }
  return commas > points ? ',' : '.'
}

const isYear = (value: number) => Number.isInteger(value) && value >= 1800 && value <= 2200

/** A header is a first line without numbers, one of words and years, or one with a word above a column of numbers. */
function hasHeader(lines: RawRecord[], decimal: '.' | ',', read: ReadOptions): boolean {
  if (!lines.length) return false
  const [first, ...rest] = lines
  const number = (cell: string) => parseNumber(cell.trim(), decimal) !== undefined
  const word = (cell: string) => cell.trim() !== '' && !number(cell) && !read.missing.includes(cell.trim())
  if (first.cells.every((cell) => !number(cell))) return first.cells.some(word)
  const years = first.cells.filter(number).map(Number)
  if (first.cells.some(word) && years.length > 1 && years.every((y, i) => isYear(y) && (i === 0 || y > years[i - 1])))
    return true
  const below = rest.slice(0, 100)
  return first.cells.some((cell, i) => {
    if (!word(cell)) return false
    const column = below.map((record) => record.cells[i]?.trim() ?? '').filter((c) => !read.missing.includes(c))
    return column.length > 0 && column.every(number)
  })
}

/**
 * Names from one or several header rows. A header that is one cell short means that the rows begin with a name of
 * their own (R), or, where every row ends with a delimiter, that they end with nothing.
 */
export function headerNames(lines: RawRecord[], { headerRows, columns }: Dialect): string[] {
  const header = lines.slice(0, headerRows).map((record) => record.cells)
  const width = Math.max(columns, ...header.map((cells) => cells.length))
  const endsEmpty = lines.slice(headerRows).every(({ cells }) => (cells[width - 1] ?? '') === '')
  const cellOf = (cells: string[], column: number) => {
    if (cells.length !== width - 1 || endsEmpty) return cells[column] ?? ''
    return column === 0 ? 'row' : cells[column - 1]
  }
  return Array.from({ length: width }, (_, column) =>
    header
      .map((cells) => cellOf(cells, column).trim())
      .filter((part) => part !== '')
      .join(' '),
  )
}
