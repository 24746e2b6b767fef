import { UserError } from '../errors.ts'
import type { Column } from './table.ts'

/** The same column as another kind: numbers as classes (levels in numeric order), or words that are numbers. */
export function asKind(column: Column, kind: 'number' | 'category', rows: number): Column {
  if (column.kind === kind) return column
  if (column.kind === 'text') return kind === 'category' ? { ...column, kind } : toNumbers(column, rows)
  return kind === 'category' ? toCategory(column, rows) : toNumbers(column, rows)
}

function toCategory(column: Column, rows: number): Column {
  const seen = new Set<number>()
  for (let row = 0; row < rows; row++) if (column.valid[row]) seen.add(column.values[row])
  const numbers = Float64Array.from(seen).sort()
  const code = new Map(Array.from(numbers, (value, i) => [value, i]))
  const values = new Int32Array(rows)
  for (let row = 0; row < rows; row++) if (column.valid[row]) values[row] = code.get(column.values[row]) as number
  return { name: column.name, kind: 'category', values, levels: Array.from(numbers, String), valid: column.valid }
}

function toNumbers(column: Column, rows: number): Column {
  const numbers = (column.levels as string[]).map((level) => (level.trim() === '' ? NaN : Number(level)))
  const values = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    if (!column.valid[row]) continue
    const value = numbers[column.values[row]]
    if (!Number.isFinite(value))
      throw new UserError({
        code: 'roles.not-numbers',
        who: `column "${column.name}"`,
        rule: 'Only a column whose values are all finite numbers can be read as numbers.',
        got: `"${(column.levels as string[])[column.values[row]]}" in row ${row + 1}`,
        remedy: 'Leave it as classes, or mend the value in the file.',
      })
    values[row] = value
  }
  return { name: column.name, kind: 'number', values, valid: column.valid }
}

/** How many different values a column has, counted no further than `limit`. */
export function distinct(column: Column, rows: number, limit = Infinity): number {
  const seen = new Set<number>()
  for (let row = 0; row < rows && seen.size < limit; row++) if (column.valid[row]) seen.add(column.values[row])
  return seen.size
}

export function measured(column: Column, rows: number): number {
  let n = 0
  for (let row = 0; row < rows; row++) n += column.valid[row]
  return n
}
