import type { DuckDBConnection } from '@duckdb/node-api'
import type { ImportWarning, ReadOptions } from '../../../core/data/reading.ts'
import { guessed, type Why } from '../../../core/data/summary.ts'
import type { Column } from '../../../core/data/table.ts'
import { Numbers, Words } from './columns.ts'
import { literal } from './duck.ts'
import type { Host } from './format.ts'

/**
 * From cells of text to columns, in two passes of DuckDB over the whole file: which columns hold numbers in every row,
 * then the values. `from` names columns c0, c1, ... of VARCHAR in which the missing marks are NULL already.
 */
export const missingMarks = (read: ReadOptions) => [...new Set(['', ...read.missing])].map(literal).join(', ')

/** A cell as a number, NULL where it is none. DuckDB forgives blanks around it, and takes 1_000 and inf for numbers. */
const number = (column: string, read: ReadOptions) =>
  read.decimal === ','
    ? `CASE WHEN contains(${column}, '.') THEN NULL ELSE TRY_CAST(replace(${column}, ',', '.') AS DOUBLE) END`
    : `TRY_CAST(${column} AS DOUBLE)`
/** The same, careful and four times slower: only for columns that need it. */
const word = (column: string, read: ReadOptions) =>
  `CASE WHEN trim(${column}) IN (${missingMarks(read)}) THEN NULL ELSE trim(${column}) END`
const careful = (column: string, read: ReadOptions) =>
  `CASE WHEN contains(${column}, '_') THEN NULL ELSE ${number(`(${word(column, read)})`, read)} END`
const finite = (column: string, read: ReadOptions) =>
  `CASE WHEN isfinite(${careful(column, read)}) THEN ${careful(column, read)} END`

export type Scan = {
  rows: number
  /** `plain`: every cell is empty or an ordinary number. `words`: cells that are no numbers. */
  columns: { numeric: boolean; plain: boolean; values: number; words: number; infinite: number }[]
}

/** Goes through every cell of the file; columns with anything odd are gone through again, carefully. */
export async function scanColumns(
  connection: DuckDBConnection,
  from: string,
  width: number,
  read: ReadOptions,
): Promise<Scan> {
  const columns: Scan['columns'] = []
  let rows = 0
  const counts = async (parts: string[], of: string) => {
    const result = await connection.run(`SELECT count(*), ${parts.join(', ')} FROM (${of})`)
    const found = (await result.getRows())[0].map(Number)
    rows = found[0]
    return found.slice(1)
  }
  for (const group of groupsOf(width)) {
    const found = await counts(
      group.map((i) => `count(c${i}), count(n${i}), min(n${i}), max(n${i}), max(contains(c${i}, '_')::INT)`),
      `SELECT ${group.map((i) => `c${i}, ${number(`c${i}`, read)} AS n${i}`).join(', ')} ${from}`,
    )
    group.forEach((i, k) => {
      const [values, numbers, least, most, underscore] = found.slice(k * 5, k * 5 + 5)
      const plain = values === numbers && Number.isFinite(least) && Number.isFinite(most) && underscore !== 1
      columns[i] = { numeric: plain, plain, values, words: 0, infinite: 0 }
    })
    const odd = group.filter((i) => !columns[i].plain)
    if (!odd.length) continue
    const again = await counts(
      odd.map((i) => `count(w${i}), count(n${i}), count(*) FILTER (isinf(n${i})), count(*) FILTER (isnan(n${i}))`),
      `SELECT ${odd.map((i) => `${word(`c${i}`, read)} AS w${i}, ${careful(`c${i}`, read)} AS n${i}`).join(', ')} ${from}`,
    )
    odd.forEach((i, k) => {
      const [values, numbers, infinite, nan] = again.slice(k * 4, k * 4 + 4)
      // A NaN that is not among the missing marks is a word.
      const words = values - numbers + nan
      columns[i] = { numeric: words === 0, plain: false, values, words, infinite }
    })
  }
  return { rows, columns }
}

/** Wide tables go in pieces: each query keeps a block of every column that it reads. */
function groupsOf(width: number): number[][] {
  const groups: number[][] = []
  for (let from = 0; from < width; from += 500)
    groups.push(Array.from({ length: Math.min(500, width - from) }, (_, i) => from + i))
  return groups
}

export function nearlyNumbers(scan: Scan, names: string[]): ImportWarning[] {
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

/** The cells themselves, chunk by chunk into typed arrays. */
export async function streamColumns(
  connection: DuckDBConnection,
  from: string,
  names: string[],
  scan: Scan,
  read: ReadOptions,
  host: Host,
): Promise<{ column: Column; why: Why }[]> {
  const groups = groupsOf(names.length)
  const made: { column: Column; why: Why }[] = []
  for (const [g, group] of groups.entries()) {
    const readers = group.map((i) => (scan.columns[i].numeric ? new Numbers(scan.rows) : new Words(scan.rows)))
    const select = group.map((i) => {
      const { numeric, plain } = scan.columns[i]
      return numeric ? (plain ? number(`c${i}`, read) : finite(`c${i}`, read)) : word(`c${i}`, read)
    })
    const result = await connection.stream(`SELECT ${select.join(', ')} ${from}`)
    let done = 0
    for (;;) {
      const chunk = await result.fetchChunk()
      if (!chunk || !chunk.rowCount) break
      readers.forEach((reader, k) => {
        const vector = chunk.getColumnVector(k)
        if (reader instanceof Numbers) appendNumbers(reader, vector as unknown as Doubles)
        else for (let row = 0; row < chunk.rowCount; row++) reader.push(vector.getItem(row) as string | null)
      })
      done += chunk.rowCount
      host.progress('read', 0.45 + (0.45 * (g + done / scan.rows)) / groups.length)
    }
    if (done !== scan.rows) throw new Error(`internal: read ${done} of ${scan.rows} rows`)
    readers.forEach((reader, k) => {
      const name = names[group[k]]
      if (reader instanceof Words) made.push(reader.column(name))
      else made.push({ column: reader.column(name), why: guessed('number', scan.columns[group[k]].values, 0) })
    })
  }
  return made
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
export async function watched<T>(connection: DuckDBConnection, host: Host, work: () => Promise<T>): Promise<T> {
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
