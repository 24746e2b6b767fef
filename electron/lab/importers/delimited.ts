import { createWriteStream } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ReadOptions } from '../../../core/data/reading.ts'
import { UserError } from '../../../core/errors.ts'
import { columnNames, refuseInfinite, refuseNoRows } from './columns.ts'
import { headerNames, records, sniff, type Dialect } from './dialect.ts'
import { duck, literal } from './duck.ts'
import { decode, decodeHead, encodingOf, type Encoding } from './encoding.ts'
import { missingMarks, nearlyNumbers, scanColumns, streamColumns, watched } from './scan.ts'
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
    const { encoding, dialect, used, names, named } = await look(file, read)
    host.progress('check', 0.02)
    const path = await plainFile(file, encoding, dialect, host, false)
    try {
      return await load(file, path, dialect, names, named, used, host)
    } catch (error) {
      // Lines that end in different ways put the parser into a state it does not know: rewrite them and try once.
      if (!/state machine reached an invalid state/.test(String(error))) throw error
      return load(file, await plainFile(file, encoding, dialect, host, true), dialect, names, named, used, host)
    }
  },

  async preview(files, read) {
    const file = one(files)
    const { text, dialect, used, names, named } = await look(file, read)
    const lines = records(text, dialect.delimiter, 400, text.length >= file.size)
    const body = lines.filter((record) => record.line >= dialect.skipRows).slice(dialect.headerRows)
    const last = names.length - 1
    const ghost = !named[last] && last > 0 && body.every(({ cells }) => (cells[last] ?? '') === '')
    return {
      format: 'delimited',
      read: used,
      sheets: [],
      head: lines.slice(0, 30).map((record) => record.cells),
      names: ghost ? names.slice(0, -1) : names,
      rows: body.slice(0, 20).map(({ cells }) => (ghost ? cells.slice(0, last) : cells)),
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
  const named = headerNames(lines, dialect)
  const names = columnNames(file.name, named)
  const used: ReadOptions = {
    ...read,
    encoding,
    delimiter: dialect.delimiter,
    decimal: dialect.decimal,
    skipRows: dialect.skipRows,
    headerRows: dialect.headerRows,
  }
  return { encoding, text, dialect, used, names, named }
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
  /** As the file has them: empty where there is no name. */
  named: string[],
  read: ReadOptions,
  host: Host,
): Promise<ReadTable> {
  const connection = await duck(path)
  try {
    const from = source(path, dialect, names.length, read)
    const scan = await watched(connection, host, () => scanColumns(connection, from, names.length, read))
    if (!scan.rows) refuseNoRows(file.name)
    names.forEach((name, i) => {
      const { numeric, infinite } = scan.columns[i]
      if (numeric && infinite && read.infinite === 'refuse')
        refuseInfinite(file.name, name, `${infinite} infinite cells`)
    })
    const made = await streamColumns(connection, from, names, scan, read, host)
    // Every line ends with a delimiter: a last column without name and without values is none.
    const ghost = !named.at(-1) && names.length > 1 && scan.columns.at(-1)?.values === 0
    const kept = ghost ? made.slice(0, -1) : made
    return {
      rows: scan.rows,
      columns: kept.map(({ column }) => column),
      why: kept.map(({ why }) => why),
      warnings: nearlyNumbers(scan, names),
      read,
    }
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
    nullstr=[${missingMarks(read)}], null_padding=false, max_line_size=4194304, buffer_size=8388608, columns={${types}})`
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
