import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import type { ImportWarning, ReadOptions } from '../../../core/data/reading.ts'
import { guessed, type Why } from '../../../core/data/summary.ts'
import type { Column } from '../../../core/data/table.ts'
import { UserError } from '../../../core/errors.ts'
import { Numbers, Words, columnNames, isMissing, parseNumber, refuseInfinite, refuseNoRows } from './columns.ts'
import type { Format, Source } from './format.ts'
import { layoutOf, type Cell, type Grid, type Merge } from './layout.ts'
import { openZip, readPart, type Archive } from './zip.ts'
import { xmlReader } from './xml.ts'

/**
 * Office Open XML workbooks (ECMA-376): one sheet, read as values. Formulas give their stored results, error cells
 * (#N/A, #DIV/0!) are missing, dates are Excel's day numbers.
 */
const MAX_FILE = 256 * 2 ** 20
const MAX_CELLS = 20_000_000

export const xlsx: Format = {
  id: 'xlsx',
  match: (files) => files.length === 1 && isZip(files[0]),

  async open(files, asked, host) {
    const [file] = files
    const { grid, read, layout, errors } = await openSheet(file, asked)
    host.progress('read', 0.5)
    const names = columnNames(file.name, layout.names)
    const body = grid.rows.filter((row) => row.at >= layout.skipRows + layout.headerRows)
    if (!body.length) refuseNoRows(file.name)
    const columns: Column[] = []
    const why: Why[] = []
    names.forEach((name, i) => {
      const made = columnOf(
        file,
        name,
        body.map((row) => row.cells[i] ?? null),
        read,
      )
      columns.push(made.column)
      why.push(made.why)
      host.progress('read', 0.5 + (0.4 * i) / names.length)
    })
    const warnings: ImportWarning[] = []
    if (errors)
      warnings.push({
        code: 'error-cells',
        text: `${errors} cells hold errors such as #N/A and are read as missing.`,
        params: { cells: errors },
      })
    return { rows: body.length, columns, why, warnings, read }
  },

  async preview(files, asked) {
    const [file] = files
    const { grid, read, layout, sheets } = await openSheet(file, asked)
    const text = (cells: Cell[]) => Array.from({ length: layout.width }, (_, i) => String(cells[i] ?? ''))
    return {
      format: 'xlsx',
      read,
      sheets,
      head: grid.rows.slice(0, 30).map((row) => text(row.cells)),
      names: layout.names.map((name, i) => name || `c${i + 1}`),
      rows: grid.rows
        .filter((row) => row.at >= layout.skipRows + layout.headerRows)
        .slice(0, 20)
        .map((row) => text(row.cells)),
      warnings: [],
    }
  },
}

const isZip = ({ head }: Source) => head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4

async function openSheet(file: Source, asked: ReadOptions) {
  if (file.size > MAX_FILE) refuseLarge(file, `a workbook of ${Math.round(file.size / 2 ** 20)} MB`)
  const archive = openZip(file.name, await readFile(file.path))
  if (!archive.sizes.has('xl/workbook.xml'))
    throw new UserError({
      code: 'import.binary',
      who: file.name,
      rule: 'The file must be text (CSV, TSV, ARFF) or an XLSX workbook.',
      got: 'a zip archive that is no workbook',
      remedy: 'Unpack it, and open the table inside.',
    })
  const parts = sheetParts(archive)
  const sheets = parts.map((sheet) => sheet.name)
  const part = asked.sheet === null ? parts[0] : parts.find((sheet) => sheet.name === asked.sheet)
  if (!part || !archive.sizes.has(part.part))
    throw new UserError({
      code: 'import.sheet',
      who: file.name,
      rule: 'The sheet must be one of the workbook.',
      got: asked.sheet === null ? 'a workbook without sheets' : `"${asked.sheet}"`,
      remedy: sheets.length ? `Choose one of: ${sheets.join(', ')}.` : 'Save the workbook again.',
    })
  const { grid, errors } = readSheet(archive, part.part, sharedStrings(archive))
  if (!grid.rows.length)
    throw new UserError({
      code: 'import.empty',
      who: `${file.name}, sheet "${part.name}"`,
      rule: 'A sheet must hold a table.',
      got: 'an empty sheet',
      remedy: 'Choose another sheet.',
    })
  const layout = layoutOf(grid, asked)
  const read: ReadOptions = {
    ...asked,
    encoding: 'utf-8',
    delimiter: ',',
    decimal: asked.decimal === 'auto' ? '.' : asked.decimal,
    sheet: part.name,
    skipRows: layout.skipRows,
    headerRows: layout.headerRows,
  }
  return { grid, read, layout, sheets, errors }
}

function sheetParts(archive: Archive): { name: string; part: string }[] {
  const targets = new Map<string, string>()
  const rels = 'xl/_rels/workbook.xml.rels'
  if (archive.sizes.has(rels))
    parse(archive, rels, {
      open(name, { Id, Target }) {
        if (name === 'Relationship' && Id && Target)
          targets.set(Id, Target.startsWith('/') ? Target.slice(1) : posix.join('xl', Target))
      },
    })
  const sheets: { name: string; part: string }[] = []
  parse(archive, 'xl/workbook.xml', {
    open(name, attributes) {
      if (name !== 'sheet') return
      const part = targets.get(attributes.id ?? '') ?? `xl/worksheets/sheet${sheets.length + 1}.xml`
      // Chart sheets hold no cells.
      if (part.includes('worksheets/')) sheets.push({ name: attributes.name ?? `${sheets.length + 1}`, part })
    },
  })
  return sheets
}

function sharedStrings(archive: Archive): string[] {
  const strings: string[] = []
  if (!archive.sizes.has('xl/sharedStrings.xml')) return strings
  let text = ''
  let inText = false
  let phonetic = 0
  parse(archive, 'xl/sharedStrings.xml', {
    open(name) {
      if (name === 'si') text = ''
      if (name === 'rPh') phonetic++
      inText = name === 't' && !phonetic
    },
    text(piece) {
      if (inText) text += piece
    },
    close(name) {
      if (name === 't') inText = false
      if (name === 'rPh') phonetic--
      if (name === 'si') strings.push(text)
    },
  })
  return strings
}

function readSheet(archive: Archive, part: string, strings: string[]): { grid: Grid; errors: number } {
  const grid: Grid = { rows: [], merges: [] }
  let errors = 0
  let cells = 0
  let row: { at: number; cells: Cell[] } | null = null
  let at = -1
  let column = -1
  let type = 'n'
  let value = ''
  let inValue = false
  parse(archive, part, {
    open(name, attributes) {
      if (name === 'row') {
        at = attributes.r ? Number(attributes.r) - 1 : at + 1
        column = -1
        row = { at, cells: [] }
      } else if (name === 'c') {
        column = attributes.r ? columnOfRef(attributes.r) : column + 1
        if (column >= 16_384) column = 16_383
        type = attributes.t ?? 'n'
        value = ''
        if (++cells > MAX_CELLS) refuseLarge({ name: archive.who }, `more than ${MAX_CELLS} cells`)
      } else if (name === 'v' || name === 't') inValue = true
      else if (name === 'mergeCell' && attributes.ref) {
        const merge = mergeOf(attributes.ref)
        if (merge && grid.merges.length < 100_000) grid.merges.push(merge)
      }
    },
    text(piece) {
      if (inValue) value += piece
    },
    close(name) {
      if (name === 'v' || name === 't') inValue = false
      else if (name === 'c' && row) {
        const cell = cellOf(type, value, strings)
        if (type === 'e') errors++
        if (cell !== null) row.cells[column] = cell
      } else if (name === 'row' && row) {
        // Holes become empty cells; a row without a value is no row.
        if (row.cells.length) grid.rows.push({ at: row.at, cells: Array.from(row.cells, (cell) => cell ?? null) })
        row = null
      }
    },
  })
  return { grid, errors }
}

function cellOf(type: string, value: string, strings: string[]): Cell {
  if (type === 'e') return null
  if (type === 's') return clean(strings[Number(value)] ?? '')
  if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE'
  if (type === 'n') {
    if (value === '') return null
    const number = Number(value)
    return Number.isFinite(number) ? number : value
  }
  return clean(value)
}
const clean = (text: string) => (text.trim() === '' ? null : text.trim())

function columnOfRef(ref: string): number {
  let column = 0
  for (let i = 0; i < ref.length && i < 4; i++) {
    const code = ref.charCodeAt(i) & ~32
    if (code < 65 || code > 90) break
    column = column * 26 + code - 64
  }
  return column - 1
}

function mergeOf(ref: string): Merge | null {
  const match = /^([A-Z]+)(\d+):([A-Z]+)(\d+)$/i.exec(ref)
  if (!match) return null
  return {
    left: columnOfRef(match[1]),
    top: Number(match[2]) - 1,
    right: columnOfRef(match[3]),
    bottom: Number(match[4]) - 1,
  }
}

/** Numbers where every cell is one, also one typed as text; words otherwise. */
function columnOf(file: Source, name: string, cells: Cell[], read: ReadOptions): { column: Column; why: Why } {
  const missing = (cell: Cell) => cell === null || (typeof cell === 'string' && isMissing(cell, read))
  const numbers = new Numbers(cells.length)
  const decimal = read.decimal === ',' ? ',' : '.'
  const allNumbers = cells.every((cell) => {
    if (missing(cell)) numbers.push(null)
    else {
      const value = typeof cell === 'number' ? cell : parseNumber(cell as string, decimal)
      if (value === undefined) return false
      if (!Number.isFinite(value) && read.infinite === 'refuse') refuseInfinite(file.name, name, `"${cell}"`)
      numbers.push(Number.isFinite(value) ? value : null)
    }
    return true
  })
  if (allNumbers) {
    const column = numbers.column(name)
    return {
      column,
      why: guessed(
        'number',
        column.valid.reduce((n, v) => n + v, 0),
        0,
      ),
    }
  }
  const words = new Words(cells.length)
  for (const cell of cells) words.push(missing(cell) ? null : String(cell))
  return words.column(name)
}

function parse(archive: Archive, part: string, handlers: Parameters<typeof xmlReader>[1]): void {
  const reader = xmlReader(archive.who, handlers)
  readPart(archive, part, reader.feed)
  reader.end()
}

function refuseLarge(file: { name: string }, got: string): never {
  throw new UserError({
    code: 'import.too-large',
    who: file.name,
    rule: `A workbook may have at most 256 MB and ${MAX_CELLS.toLocaleString('en')} cells.`,
    got,
    remedy: 'Save the sheet as CSV: that may be as large as your memory allows.',
  })
}
