import { createWriteStream } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { ImportWarning, ReadOptions } from '../../../core/data/reading.ts'
import { guessed } from '../../../core/data/summary.ts'
import { UserError } from '../../../core/errors.ts'
import { Numbers, Words, columnNames, refuseInfinite, refuseNoRows } from './columns.ts'
import { records, sniff, type Dialect } from './dialect.ts'
import { duck, literal } from './duck.ts'
import { decode, decodeHead, encodingOf, type Encoding } from './encoding.ts'
import { refuseSeveral, type Format, type Host, type ReadTable, type Source } from './format.ts'

/**
 * CSV, TSV and their kin. The dialect is found first; then DuckDB goes through the file twice with every column named
 * and nothing guessed: once to see which columns hold numbers in every row, once to stream the cells into typed
 * arrays.
 */
export const delimited: Format = {
  id: 'delimited',
  match: (files) => files.length === 1,

  async open(files, read, host) {
    const file = one(files)
    const { encoding, dialect, used, names } = await look(file, read)
    host.progress('check', 0.02)
    const path = await plainFile(file, encoding, dialect, host, false)
    try {
      return await load(file, path, dialect, names, used, host)
    } catch (error) {
      // Lines that end in different ways put the parser into a state it does not know: rewrite them and try once.
      if (!/state machine reached an invalid state/.test(String(error))) throw error
      return load(file, await plainFile(file, encoding, dialect, host, true), dialect, names, used, host)
    }
  },

  async preview(files, read) {
    const file = one(files)
    const { text, dialect, used, names } = await look(file, read)
    const lines = records(text, dialect.delimiter, 400, text.length >= file.size)
    const rows = lines.filter((record) => record.line >= dialect.skipRows).slice(dialect.headerRows)
    return {
      format: 'delimited',
      read: used,
      sheets: [],
      head: lines.slice(0, 30).map((record) => record.cells),
      names,
      rows: rows.slice(0, 20).map((record) => record.cells),
      warnings: [],
    }
  },
}

const one = (files: Source[]): Source => (files.length === 1 ? files[0] : refuseSeveral(files))

/** Encoding, dialect and column names from the beginning of the file. */
async function look(file: Source, read: ReadOptions) {
  const encoding = await encodingOf(file, read.encoding)
  const text = await decodeHead(file, encoding)
  const whole = text.length < 1 << 20
  if (!text.trim())
    throw new UserError({
      code: 'import.empty',
      who: file.name,
      rule: 'A file must hold a table.',
      got: 'blank lines only',
      remedy: 'Save the table again and check what is in it.',
    })
  const dialect = sniff(text, read, whole)
  const lines = records(text, dialect.delimiter, 1000, whole).filter((record) => record.line >= dialect.skipRows)
  const names = columnNames(file.name, headerNames(lines, dialect))
  const used: ReadOptions = {
    ...read,
    encoding,
    delimiter: dialect.delimiter,
    decimal: dialect.decimal,
    skipRows: dialect.skipRows,
    headerRows: dialect.headerRows,
  }
  return { encoding, text, dialect, used, names }
}

/** Names from one or several header rows; one fewer than there are columns means that the rows carry names (R). */
function headerNames(lines: { cells: string[] }[], dialect: Dialect): string[] {
  const header = lines.slice(0, dialect.headerRows).map((record) => record.cells)
  const width = Math.max(dialect.columns, ...header.map((cells) => cells.length))
  const names = Array.from({ length: width }, (_, i) =>
    header
      .map((cells) => (cells.length === width - 1 ? (i === 0 ? 'row' : cells[i - 1]) : (cells[i] ?? '')).trim())
      .filter((part) => part !== '')
      .join(' '),
  )
  return names
}

/**
 * The file as DuckDB can take it: UTF-8, one delimiter sign, a name without wildcards. The file itself where it is
 * so already; otherwise a rewritten copy in this import's own scratch directory.
 */
async function plainFile(file: Source, encoding: Encoding, dialect: Dialect, host: Host, newlines: boolean) {
  const rewrite = encoding !== 'utf-8' || dialect.delimiter === 'spaces' || newlines
  if (!rewrite && !/[*?[\]]/.test(file.path)) return file.path
  const path = join(await host.scratch(), newlines ? 'lines.csv' : 'table.csv')
  if (!rewrite) {
    await copyFile(file.path, path)
    return path
  }
  const out = createWriteStream(path, { encoding: 'utf8' })
  let rest = ''
  const write = async (text: string) => {
    let plain = newlines ? text.replace(/\r\n?/g, '\n') : text
    if (dialect.delimiter === 'spaces') plain = plain.replace(/^[ \t]+|[ \t]+$/gm, '').replace(/[ \t]+/g, '\t')
    if (!out.write(plain)) await once(out, 'drain')
  }
  for await (const { text } of decode(file, encoding)) {
    const all = rest + text
    const cut = all.lastIndexOf('\n') + 1
    rest = all.slice(cut)
    await write(all.slice(0, cut))
  }
  await write(rest)
  out.end()
  await once(out, 'close')
  return path
}

async function load(
  file: Source,
  path: string,
  dialect: Dialect,
  names: string[],
  read: ReadOptions,
  host: Host,
): Promise<ReadTable> {
  const connection = await duck(path)
  try {
    const from = source(path, dialect, names.length, read)
    const scan = await watched(connection, host, () => scanColumns(connection, from, names, read))
    if (!scan.rows) refuseNoRows(file.name)
    names.forEach((name, i) => {
      const { numeric, infinite } = scan.columns[i]
      if (numeric && infinite && read.infinite === 'refuse')
        refuseInfinite(file.name, name, `${infinite} infinite cells`)
    })
    const select = scan.columns.map(({ numeric, plain }, i) =>
      numeric ? (plain ? number(`c${i}`, read) : finite(`c${i}`, read)) : word(`c${i}`, read),
    )
    const { columns, why } = await stream(connection, `SELECT ${select.join(', ')} ${from}`, scan, names, host)
    return { rows: scan.rows, columns, why, warnings: nearlyNumbers(scan, names), read }
  } catch (error) {
    throw explain(error, file, dialect)
  } finally {
    connection.closeSync()
  }
}

function source(path: string, dialect: Dialect, columns: number, read: ReadOptions): string {
  const delimiter = dialect.delimiter === 'spaces' ? '\t' : dialect.delimiter
  const types = Array.from({ length: columns }, (_, i) => `'c${i}': 'VARCHAR'`).join(', ')
  return `FROM read_csv(${literal(path)}, auto_detect=false, header=false, skip=${dialect.skipRows + dialect.headerRows},
    delim=${literal(delimiter)}, quote='"', escape='"', comment='', encoding='utf-8', strict_mode=true,
    nullstr=[${missing(read)}], null_padding=false, max_line_size=4194304, buffer_size=8388608, columns={${types}})`
}

const missing = (read: ReadOptions) => [...new Set(['', ...read.missing])].map(literal).join(', ')

/** A cell as a number, NULL where it is none. DuckDB forgives blanks around it, and takes 1_000 and inf for numbers. */
const number = (column: string, read: ReadOptions) =>
  read.decimal === ','
    ? `CASE WHEN contains(${column}, '.') THEN NULL ELSE TRY_CAST(replace(${column}, ',', '.') AS DOUBLE) END`
    : `TRY_CAST(${column} AS DOUBLE)`
/** The same, careful and four times slower: only for columns that need it. */
const word = (column: string, read: ReadOptions) =>
  `CASE WHEN trim(${column}) IN (${missing(read)}) THEN NULL ELSE trim(${column}) END`
const careful = (column: string, read: ReadOptions) =>
  `CASE WHEN contains(${column}, '_') THEN NULL ELSE ${number(`(${word(column, read)})`, read)} END`
const finite = (column: string, read: ReadOptions) =>
  `CASE WHEN isfinite(${careful(column, read)}) THEN ${careful(column, read)} END`

type Scan = {
  rows: number
  /** `plain`: every cell is empty or an ordinary number. `words`: cells that are no numbers. */
  columns: { numeric: boolean; plain: boolean; values: number; words: number; infinite: number }[]
}

/** Goes through every cell of the file; columns with anything odd are gone through again, carefully. */
async function scanColumns(
  connection: DuckDBConnection,
  from: string,
  names: string[],
  read: ReadOptions,
): Promise<Scan> {
  const all = names.map((_, i) => i)
  const counts = async (parts: string[], of: string) => {
    const result = await connection.run(`SELECT count(*), ${parts.join(', ')} FROM (${of})`)
    return (await result.getRows())[0].map(Number)
  }
  const first = await counts(
    all.map((i) => `count(c${i}), count(n${i}), min(n${i}), max(n${i}), max(contains(c${i}, '_')::INT)`),
    `SELECT *, ${all.map((i) => `${number(`c${i}`, read)} AS n${i}`).join(', ')} ${from}`,
  )
  const columns = all.map((i) => {
    const [values, numbers, least, most, underscore] = first.slice(1 + i * 5, 6 + i * 5)
    const plain = values === numbers && Number.isFinite(least) && Number.isFinite(most) && underscore !== 1
    return { numeric: plain, plain, values, words: 0, infinite: 0 }
  })
  const odd = all.filter((i) => !columns[i].plain)
  if (odd.length) {
    const inner = odd.map((i) => `${word(`c${i}`, read)} AS w${i}, ${careful(`c${i}`, read)} AS n${i}`).join(', ')
    const second = await counts(
      odd.map((i) => `count(w${i}), count(n${i}), count(*) FILTER (isinf(n${i})), count(*) FILTER (isnan(n${i}))`),
      `SELECT ${inner} ${from}`,
    )
    odd.forEach((i, k) => {
      const [values, numbers, infinite, nan] = second.slice(1 + k * 4, 5 + k * 4)
      // A NaN that is not among the missing marks is a word.
      const words = values - numbers + nan
      columns[i] = { numeric: words === 0, plain: false, values, words, infinite }
    })
  }
  return { rows: first[0], columns }
}

function nearlyNumbers(scan: Scan, names: string[]): ImportWarning[] {
  return scan.columns.flatMap(({ numeric, values, words }, i) =>
    numeric || words >= values / 2
      ? []
      : [
          {
            code: 'nearly-numbers',
            text: `${words} of ${values} values of "${names[i]}" are not numbers, so it is read as words.`,
            column: names[i],
            params: { words, values },
          },
        ],
  )
}

async function stream(connection: DuckDBConnection, sql: string, scan: Scan, names: string[], host: Host) {
  const readers = names.map((_, i) => (scan.columns[i].numeric ? new Numbers(scan.rows) : new Words(scan.rows)))
  const result = await connection.stream(sql)
  let done = 0
  for (;;) {
    const chunk = await result.fetchChunk()
    if (!chunk || !chunk.rowCount) break
    readers.forEach((reader, i) => {
      const vector = chunk.getColumnVector(i)
      if (reader instanceof Numbers) appendNumbers(reader, vector as unknown as Doubles)
      else for (let row = 0; row < chunk.rowCount; row++) reader.push(vector.getItem(row) as string | null)
    })
    done += chunk.rowCount
    host.progress('read', 0.45 + (0.45 * done) / scan.rows)
  }
  if (done !== scan.rows) throw new Error(`internal: read ${done} of ${scan.rows} rows`)
  const columns = readers.map((reader, i) =>
    reader instanceof Numbers ? { column: reader.column(names[i]), why: null } : reader.column(names[i]),
  )
  return {
    columns: columns.map(({ column }) => column),
    why: columns.map(({ column, why }) => {
      if (why) return why
      let present = 0
      for (let row = 0; row < column.valid.length; row++) present += column.valid[row]
      return guessed('number', present, 0)
    }),
  }
}

/** What lies inside a vector of doubles: read whole, since one call per cell would take minutes. */
type Doubles = { items: Float64Array; validity: { data: BigUint64Array | null } }

/** Whole vectors at once: the validity is a bit per row, absent where every row has a value. */
function appendNumbers(reader: Numbers, { items, validity }: Doubles): void {
  reader.values.set(items, reader.size)
  if (!validity.data) reader.valid.fill(1, reader.size, reader.size + items.length)
  else {
    const bytes = new Uint8Array(validity.data.buffer, validity.data.byteOffset, validity.data.byteLength)
    for (let row = 0; row < items.length; row++) {
      const valid = (bytes[row >> 3] >> (row & 7)) & 1
      reader.valid[reader.size + row] = valid
      if (!valid) reader.values[reader.size + row] = 0
    }
  }
  reader.size += items.length
}

/** DuckDB says how far a query is; asked a few times a second. A second look at odd columns counts as the rest. */
async function watched<T>(connection: DuckDBConnection, host: Host, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    const { percentage } = connection.progress
    if (percentage > 0) host.progress('scan', 0.05 + 0.004 * percentage)
  }, 200)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** DuckDB's message about a line becomes one that says who, which rule, what was got and what to do. */
function explain(error: unknown, file: Source, dialect: Dialect): unknown {
  if (error instanceof UserError) return error
  const message = String(error instanceof Error ? error.message : error)
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1]
  const widths = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message)
  const where = line ? `${file.name}, line ${line}` : file.name
  if (widths)
    return new UserError({
      code: 'import.ragged',
      who: where,
      rule: `Every row must have ${widths[1]} cells, as the first ones have.`,
      got: `${widths[2]} cells`,
      remedy: `Mend that line, or choose another delimiter than "${dialect.delimiter}".`,
    })
  if (/unterminated quote/.test(message))
    return new UserError({
      code: 'import.quote',
      who: where,
      rule: 'A cell that opens with a quotation mark must close with one.',
      got: 'a quotation mark without its partner',
      remedy: 'Mend that line, or remove the quotation mark.',
    })
  if (/[Oo]ut of [Mm]emory|memory limit|max_line_size|Maximum line size/.test(message))
    return new UserError({
      code: 'import.too-large',
      who: where,
      rule: 'A row must be shorter than 4 MB and a table must fit into memory.',
      got: 'more than that',
      remedy: 'Check the delimiter and the quotation marks, or split the file.',
    })
  return error
}
