import type { ImportWarning, ReadOptions } from '../../../core/data/reading.ts'
import type { Why } from '../../../core/data/summary.ts'
import { UserError } from '../../../core/errors.ts'
import { Numbers, Words, columnNames, isMissing, parseNumber, refuseInfinite, refuseNoRows } from './columns.ts'
import { decode, encodingOf } from './encoding.ts'
import { refuseSeveral, type Format, type Host, type ReadTable, type Source } from './format.ts'
import { mulanLabels } from './mulan.ts'

/**
 * Weka's attribute-relation file format (Witten and Frank 1999): `@relation`, one `@attribute` per column, `@data`,
 * then rows, dense (`1, a, ?`) or sparse (`{0 1, 3 a}`: what is left out is 0, or the first class of a nominal).
 */
type Attribute = { name: string; type: 'number' | 'words'; levels: Set<string> | null; first: string | null }

export const arff: Format = {
  id: 'arff',
  match: (files) => files.some(isArff),

  async open(files, read, host) {
    const file = files.find(isArff) as Source
    const table = await parse(file, read, host, Infinity)
    const labels = await labelsBeside(
      files,
      file,
      table.columns.map((column) => column.name),
    )
    return labels ? { ...table, suggestedTargets: labels } : table
  },

  async preview(files, read, host) {
    const file = files.find(isArff) as Source
    const { rows, columns, read: used, warnings } = await parse(file, read, host, 20)
    const show = (row: number) =>
      columns.map((c) => (c.valid[row] ? String(c.levels ? c.levels[c.values[row]] : c.values[row]) : ''))
    return {
      format: 'arff',
      read: used,
      sheets: [],
      head: [],
      names: columns.map((column) => column.name),
      rows: Array.from({ length: rows }, (_, row) => show(row)),
      warnings,
    }
  },
}

function isArff(file: Source): boolean {
  if (/\.xml$/i.test(file.name)) return false
  if (/\.arff$/i.test(file.name)) return true
  return /^(\s*%[^\n]*\n|\s*\n)*\s*@relation\s/i.test(new TextDecoder().decode(file.head.subarray(0, 8192)))
}

/** The XML that was opened together with the file; anything else beside it is a mistake. */
async function labelsBeside(files: Source[], file: Source, columns: string[]): Promise<string[] | undefined> {
  const others = files.filter((other) => other !== file)
  if (!others.length) return undefined
  if (others.length > 1 || !/\.xml$/i.test(others[0].name)) refuseSeveral(files)
  return mulanLabels(others[0], columns)
}

async function parse(file: Source, asked: ReadOptions, host: Host, limit: number): Promise<ReadTable> {
  const encoding = await encodingOf(file, asked.encoding)
  const read: ReadOptions = { ...asked, encoding, delimiter: ',', decimal: '.', skipRows: 0, headerRows: 0 }
  const attributes: Attribute[] = []
  let columns: (Numbers | Words)[] | null = null
  let lineNumber = 0
  /** MEKA writes `@relation 'name: -C 3'`: the first 3 attributes are the targets (-3: the last). */
  let meka = 0
  let rows = 0

  const line = (raw: string) => {
    lineNumber++
    const text = raw.trim()
    if (!text || text.startsWith('%')) return
    if (columns) {
      const cells = text.startsWith('{') ? sparse(file, lineNumber, text, attributes) : tokens(text, attributes.length)
      if (cells === null || cells.length !== attributes.length)
        refuseRow(file, lineNumber, cells?.length ?? null, attributes.length)
      for (let i = 0; i < cells.length; i++) put(file, lineNumber, attributes[i], columns[i], cells[i], read)
      rows++
      return
    }
    const keyword = /^@(\w+)/.exec(text)?.[1].toLowerCase()
    if (keyword === 'attribute') attributes.push(attribute(file, lineNumber, text))
    else if (keyword === 'data') {
      if (!attributes.length) refuseHeader(file, lineNumber, 'no @attribute line before @data')
      columnNames(
        file.name,
        attributes.map(({ name }) => name),
      )
      columns = attributes.map(({ type }) => (type === 'number' ? new Numbers() : new Words()))
    } else if (keyword === 'relation') meka = Number(/:\s*-C\s+(-?\d+)/i.exec(text)?.[1] ?? 0)
    else refuseHeader(file, lineNumber, `"${text.slice(0, 60)}"`)
  }

  let rest = ''
  for await (const { text, bytes } of decode(file, encoding)) {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() as string
    for (const each of lines) {
      line(each)
      if (rows >= limit) break
    }
    if (rows >= limit) break
    host.progress('read', (0.9 * bytes) / file.size)
  }
  if (rest && rows < limit) line(rest)
  if (!columns) refuseHeader(file, lineNumber, 'the end of the file before @data')
  if (!rows) refuseNoRows(file.name)

  const warnings: ImportWarning[] = []
  const why: Why[] = []
  const done = (columns as (Numbers | Words)[]).map((column, i) => {
    const { name, levels } = attributes[i]
    if (column instanceof Numbers) {
      why.push({ code: 'declared', params: {}, text: 'The file says that these are numbers.' })
      return column.column(name)
    }
    const words = column.column(name, levels !== null)
    why.push(words.why)
    return words.column
  })
  const names = attributes.map(({ name }) => name)
  const suggested = meka < 0 ? names.slice(meka) : names.slice(0, meka)
  return { rows, columns: done, why, warnings, read, ...(suggested.length ? { suggestedTargets: suggested } : {}) }
}

function put(
  file: Source,
  line: number,
  attribute: Attribute,
  column: Numbers | Words,
  token: Token,
  read: ReadOptions,
): void {
  const { text, quoted } = token
  if (!quoted && isMissing(text, read)) return column.push(null)
  if (column instanceof Words) {
    if (attribute.levels && !attribute.levels.has(text))
      throw new UserError({
        code: 'import.arff-level',
        who: `${file.name}, line ${line}, column "${attribute.name}"`,
        rule: `A value must be one of the ${attribute.levels.size} that the file declares.`,
        got: `"${text.slice(0, 60)}"`,
        remedy: 'Add it to the @attribute line, or mend the row.',
      })
    return column.push(text)
  }
  const value = parseNumber(text, '.')
  if (value === undefined)
    throw new UserError({
      code: 'import.arff-number',
      who: `${file.name}, line ${line}, column "${attribute.name}"`,
      rule: 'A numeric attribute holds numbers, or ? where none was measured.',
      got: `"${text.slice(0, 60)}"`,
      remedy: 'Mend the row, or declare the attribute as nominal.',
    })
  if (Number.isFinite(value)) return column.push(value)
  if (read.infinite === 'refuse') refuseInfinite(file.name, attribute.name, `"${text}" in line ${line}`)
  column.push(null)
}

type Token = { text: string; quoted: boolean }

/** The cells of a dense row: commas between them, quotes of either kind, backslash escapes inside quotes. */
function tokens(text: string, expected: number): Token[] | null {
  const separators = text.includes(',') || expected === 1 ? /,/ : /[ \t]/
  const out: Token[] = []
  let at = 0
  for (;;) {
    while (at < text.length && (text[at] === ' ' || text[at] === '\t')) at++
    const start = text[at]
    if (start === "'" || start === '"') {
      const found = quotedAt(text, at)
      if (!found) return null
      out.push({ text: found.text, quoted: true })
      at = found.end
      while (at < text.length && !separators.test(text[at])) if (!/\s/.test(text[at++])) return null
    } else {
      const from = at
      while (at < text.length && !separators.test(text[at])) at++
      out.push({ text: text.slice(from, at).trim(), quoted: false })
    }
    if (at >= text.length) return out
    at++
  }
}

function quotedAt(text: string, at: number): { text: string; end: number } | null {
  const quote = text[at]
  let out = ''
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\' && i + 1 < text.length) out += ESCAPES[text[++i]] ?? text[i]
    else if (text[i] === quote) return { text: out, end: i + 1 }
    else out += text[i]
  }
  return null
}
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' }

function sparse(file: Source, line: number, text: string, attributes: Attribute[]): Token[] | null {
  if (!text.endsWith('}')) return null
  const cells: Token[] = attributes.map(({ type, first }) => ({
    text: type === 'number' ? '0' : (first ?? ''),
    quoted: type !== 'number',
  }))
  const body = text.slice(1, -1).trim()
  if (!body) return cells
  const pairs = /\s*(\d+)\s+((?:'(?:[^'\\]|\\.)*')|(?:"(?:[^"\\]|\\.)*")|[^,]*)\s*(,|$)/y
  let before = -1
  while (pairs.lastIndex < body.length) {
    const match = pairs.exec(body)
    const index = match ? Number(match[1]) : NaN
    if (!match || index >= attributes.length || index <= before)
      throw new UserError({
        code: 'import.arff-sparse',
        who: `${file.name}, line ${line}`,
        rule: `A sparse row holds "index value" pairs with rising indices below ${attributes.length}.`,
        got: text.slice(0, 80),
        remedy: 'Mend the row.',
      })
    before = index
    const value = match[2].trim()
    const quoted = /^['"]/.test(value)
    cells[index] = quoted ? { text: quotedAt(value, 0)?.text ?? value, quoted } : { text: value, quoted }
    if (match[3] === '') break
  }
  return cells
}

function attribute(file: Source, line: number, text: string): Attribute {
  let at = '@attribute'.length
  while (/\s/.test(text[at] ?? '')) at++
  let name: string
  if (text[at] === "'" || text[at] === '"') {
    const found = quotedAt(text, at)
    if (!found) refuseHeader(file, line, `"${text.slice(0, 60)}"`)
    name = found.text
    at = found.end
  } else {
    const end = /[\s{]/.exec(text.slice(at))
    if (!end) refuseHeader(file, line, `"${text.slice(0, 60)}" without a type`)
    name = text.slice(at, at + end.index)
    at += end.index
  }
  const type = text.slice(at).trim()
  if (type.startsWith('{')) {
    const cut = type.lastIndexOf('}')
    const list = cut < 0 ? null : type.slice(1, cut).trim() === '' ? [] : tokens(type.slice(1, cut), 1)
    if (!list) refuseHeader(file, line, `a list of classes without its end in "${text.slice(0, 60)}"`)
    const levels = list.map((token) => token.text)
    return { name: name.trim(), type: 'words', levels: new Set(levels), first: levels[0] ?? null }
  }
  if (/^(numeric|real|integer)\b/i.test(type)) return { name: name.trim(), type: 'number', levels: null, first: null }
  if (/^(string|date)\b/i.test(type)) return { name: name.trim(), type: 'words', levels: null, first: null }
  return refuseHeader(file, line, `the type "${type.slice(0, 40)}"`)
}

function refuseHeader(file: Source, line: number, got: string): never {
  throw new UserError({
    code: 'import.arff-header',
    who: `${file.name}, line ${line}`,
    rule: 'An ARFF file has @relation, one "@attribute name type" per column (numeric, {classes}, string or date), then @data.',
    got,
    remedy: 'Check that the file is whole, or export it again.',
  })
}

function refuseRow(file: Source, line: number, got: number | null, expected: number): never {
  throw new UserError({
    code: 'import.ragged',
    who: `${file.name}, line ${line}`,
    rule: `Every row must have ${expected} cells, one for each @attribute.`,
    got: got === null ? 'a row that is cut off inside quotes or braces' : `${got} cells`,
    remedy: 'Mend that line; if it is the last one, the file was cut off: export it again.',
  })
}
