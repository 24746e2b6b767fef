import type { ReadOptions } from '../../../core/data/reading.ts'

/**
 * Where the table begins in a sheet made for people: titles above it, and headers of several rows whose upper cells
 * are merged over their columns ("2019" over "yield" and "rain").
 */
export type Cell = number | string | null
export type Grid = {
  /** Physical row number (0-based) and its cells; empty rows are left out. */
  rows: { at: number; cells: Cell[] }[]
  merges: Merge[]
}
/** 0-based, inclusive. */
export type Merge = { top: number; left: number; bottom: number; right: number }

export type Layout = { skipRows: number; headerRows: number; width: number; names: string[] }

export function layoutOf(grid: Grid, read: ReadOptions): Layout {
  const width = commonWidth(grid)
  const first = grid.rows.find((row) => !isTitle(row, grid, width)) ?? grid.rows[0]
  const skipRows = read.skipRows === 'auto' ? first.at : read.skipRows
  const table = grid.rows.filter((row) => row.at >= skipRows)
  const headerRows = read.headerRows === 'auto' ? headerHeight(table, grid.merges) : read.headerRows
  const header = table.filter((row) => row.at < skipRows + headerRows)
  const names = Array.from({ length: width }, (_, column) => {
    const parts = header.map((row) => spread(row, column, grid.merges)).filter((part) => part !== '')
    return parts.filter((part, i) => part !== parts[i - 1]).join(' ')
  })
  return { skipRows, headerRows, width, names }
}

/** The right end of the table: the furthest column that at least one in ten rows reaches, or that a name stands in. */
function commonWidth({ rows }: Grid): number {
  const ends = rows.map(({ cells }) => cells.findLastIndex((cell) => cell !== null) + 1).sort((a, b) => a - b)
  return Math.max(1, ends[Math.floor(ends.length * 0.9)] ?? 1, ends.length <= 10 ? (ends.at(-1) ?? 1) : 1)
}

/** A title is a single cell (perhaps merged over many), or fills at most half of the columns. */
function isTitle(row: Grid['rows'][number], { merges }: Grid, width: number): boolean {
  if (width === 1) return false
  let cells = 0
  let covered = 0
  row.cells.forEach((cell, column) => {
    if (cell === null) return
    cells++
    const merge = merges.find((m) => m.top === row.at && m.left === column)
    covered += merge ? merge.right - merge.left + 1 : 1
  })
  return cells <= 1 || covered <= width / 2
}

/** One row, and as many more as merged cells reach into; none where the first row already holds numbers. */
function headerHeight(table: Grid['rows'], merges: Merge[]): number {
  const [first] = table
  if (!first || first.cells.every((cell) => cell === null || typeof cell === 'number')) return 0
  const below = table.slice(1, 101)
  const words = first.cells.filter((cell) => typeof cell === 'string').length
  const numbers = first.cells.filter((cell) => typeof cell === 'number').length
  if (numbers > 0) {
    const standsAbove = first.cells.some((cell, column) => {
      const under = below.map((row) => row.cells[column] ?? null).filter((c) => c !== null)
      return typeof cell === 'string' && under.length > 0 && under.every((c) => typeof c === 'number')
    })
    if (!standsAbove || words < numbers) return 0
  }
  let last = first.at
  for (let at = first.at; at <= last && last - first.at < 8; at++)
    for (const merge of merges) {
      if (merge.top !== at) continue
      last = Math.max(last, merge.right > merge.left ? merge.bottom + 1 : merge.bottom)
    }
  return last - first.at + 1
}

/** The text at a cell, or of the merged cell that covers it. */
function spread(row: Grid['rows'][number], column: number, merges: Merge[]): string {
  const own = row.cells[column] ?? null
  if (own !== null) return String(own).trim()
  const over = merges.find((m) => m.top === row.at && m.left < column && column <= m.right)
  return over ? String(row.cells[over.left] ?? '').trim() : ''
}
