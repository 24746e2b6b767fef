import { createReadStream } from 'node:fs'
import { isUtf8 } from 'node:buffer'
import type { ReadOptions } from '../../../core/data/reading.ts'
import { UserError } from '../../../core/errors.ts'
import type { Source } from './format.ts'

/**
 * Which encoding a text file has, by strict tests over the whole file: byte-order mark, then the zero bytes of UTF-16,
 * then UTF-8, then GB18030 (Chinese pairs), else Latin-1, in which every byte is a letter. A person can override it.
 */
export type Encoding = Exclude<ReadOptions['encoding'], 'auto'>

export async function encodingOf(file: Source, asked: ReadOptions['encoding']): Promise<Encoding> {
  if (asked !== 'auto') return asked
  const [a, b, c] = file.head
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  const sixteen = utf16(file.head)
  if (sixteen) return sixteen
  refuseBinary(file)
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (await everyChunk(file, utf8Chunks())) return 'utf-8'
  return (await everyChunk(file, chinesePairs())) ? 'gb18030' : 'latin1'
}

/** UTF-16 without a mark: at least a third of one byte parity is zero and (nearly) none of the other. */
function utf16(head: Uint8Array): Encoding | null {
  const zeros = [0, 0]
  const pairs = head.length >> 1
  for (let i = 0; i < pairs * 2; i++) if (head[i] === 0) zeros[i & 1]++
  if (zeros[1] > pairs / 3 && zeros[0] < pairs / 50) return 'utf-16le'
  if (zeros[0] > pairs / 3 && zeros[1] < pairs / 50) return 'utf-16be'
  return null
}

const MAGIC: [string, string, string][] = [
  ['504b0304', 'a zip archive', 'Unpack it, or save the workbook as .xlsx or CSV.'],
  ['d0cf11e0', 'an old Excel file (.xls)', 'Open it in a spreadsheet program and save it as .xlsx or CSV.'],
  ['25504446', 'a PDF document', 'Export its table as CSV or .xlsx.'],
  ['89504e47', 'a PNG image', 'Give a table of numbers: CSV, XLSX or ARFF.'],
  ['ffd8ff', 'a JPEG image', 'Give a table of numbers: CSV, XLSX or ARFF.'],
  ['1f8b', 'a gzip archive', 'Unpack it first.'],
  ['50415231', 'a Parquet file', 'Export it as CSV.'],
  ['894844460d0a', 'an HDF5 file', 'Export its table as CSV.'],
]

/** Text that is no table, by how it begins. */
const MARKUP: [RegExp, string, string][] = [
  [/^\s*<(\?xml|!doctype|html)/i, 'a web page or XML', 'Save the table in it as CSV or .xlsx.'],
  [/^\s*[[{]\s*["[{]/, 'JSON', 'Export the table as CSV.'],
]

export function refuseBinary(file: Source): void {
  const start = Buffer.from(file.head.subarray(0, 8)).toString('hex')
  const text = new TextDecoder().decode(file.head.subarray(0, 512))
  const known =
    MAGIC.find(([magic]) => start.startsWith(magic)) ?? MARKUP.find(([beginning]) => beginning.test(text)) ?? null
  if (!known && !file.head.includes(0)) return
  throw new UserError({
    code: 'import.binary',
    who: file.name,
    rule: 'The file must be text (CSV, TSV, ARFF) or an XLSX workbook.',
    got: known ? known[1] : 'binary content (bytes of value zero)',
    remedy: known ? known[2] : 'Export the table as CSV and open that file.',
  })
}

async function everyChunk(file: Source, good: (chunk: Buffer, last: boolean) => boolean): Promise<boolean> {
  for await (const chunk of createReadStream(file.path, { highWaterMark: 1 << 20 }))
    if (!good(chunk as Buffer, false)) return false
  return good(Buffer.alloc(0), true)
}

/** UTF-8 across chunk borders: the unfinished character at the end of a chunk moves to the next. */
function utf8Chunks() {
  let rest = Buffer.alloc(0)
  return (chunk: Buffer, last: boolean) => {
    const bytes = rest.length ? Buffer.concat([rest, chunk]) : chunk
    let end = bytes.length
    if (!last) {
      // Step back over at most three continuation bytes to the start of the last character.
      let start = end - 1
      while (start >= 0 && end - start < 4 && (bytes[start] & 0xc0) === 0x80) start--
      if (start >= 0 && bytes[start] >= 0xc0) end = start
    }
    rest = Buffer.from(bytes.subarray(end))
    return isUtf8(bytes.subarray(0, end)) && !bytes.subarray(0, end).includes(0)
  }
}

/**
 * GB18030 decodes strictly, and at least four in five of its two-byte characters have both bytes above 0xA0, as all
 * common Chinese characters do; the accented letters of a Latin-1 text mostly stand alone between plain letters.
 */
function chinesePairs() {
  const decoder = new TextDecoder('gb18030', { fatal: true })
  let lead = 0
  let pairs = 0
  let high = 0
  return (chunk: Buffer, last: boolean) => {
    try {
      decoder.decode(chunk, { stream: !last })
    } catch {
      return false
    }
    for (const byte of chunk) {
      if (lead) {
        pairs++
        if (byte > 0xa0) high++
        lead = 0
      } else if (byte > 0x80) lead = byte
    }
    return !last || high >= 0.8 * pairs
  }
}

/** The text of a file in chunks, strict: bytes that the encoding does not know are a person's wrong choice. */
export async function* decode(file: Source, encoding: Encoding): AsyncGenerator<{ text: string; bytes: number }> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  let bytes = 0
  try {
    for await (const chunk of createReadStream(file.path, { highWaterMark: 1 << 20 })) {
      bytes += (chunk as Buffer).length
      yield { text: decoder.decode(chunk as Buffer, { stream: true }), bytes }
    }
    const text = decoder.decode()
    if (text) yield { text, bytes }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new UserError({
      code: 'import.encoding',
      who: file.name,
      rule: `Every byte must be text in ${encoding}.`,
      got: `other bytes near position ${bytes}`,
      remedy: 'Choose another encoding (auto finds the right one for most files).',
    })
  }
}

/** The beginning of the text, at most `limit` characters. */
export async function decodeHead(file: Source, encoding: Encoding, limit = 1 << 20): Promise<string> {
  let head = ''
  for await (const { text } of decode(file, encoding)) {
    head += text
    if (head.length >= limit) break
  }
  return head.slice(0, limit)
}
