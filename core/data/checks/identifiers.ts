import { KEY_NAME } from '../columnNames.ts'
import type { Column } from '../table.ts'

/**
 * A key names its row and says nothing of it: whole numbers that differ in every row and count them (1, 2, 3, ... in any
 * order), or that differ in every row under a name such as id.
 */
export function isKey(column: Column, rows: number): boolean {
  if (column.kind !== 'number' || rows < 10) return false
  const { values, valid } = column
  let min = Infinity
  let max = -Infinity
  for (let row = 0; row < rows; row++) {
    if (!valid[row] || !Number.isInteger(values[row])) return false
    if (values[row] < min) min = values[row]
    if (values[row] > max) max = values[row]
  }
  if (max - min < rows - 1) return false
  if (max - min === rows - 1) {
    const seen = new Uint8Array(rows)
    for (let row = 0; row < rows; row++) seen[values[row] - min] = 1
    return !seen.includes(0)
  }
  if (!KEY_NAME.test(column.name.trim())) return false
  const sorted = Float64Array.from(values).sort()
  return !sorted.some((value, i) => i > 0 && value === sorted[i - 1])
}

/** Words of which more than half of the rows have one of their own: names, not classes. */
export function isNames(column: Column, rows: number): boolean {
  if (column.kind === 'number' || rows < 20) return false
  const seen = new Set<number>()
  let present = 0
  for (let row = 0; row < rows; row++) {
    if (!column.valid[row]) continue
    present++
    seen.add(column.values[row])
  }
  return present >= 20 && seen.size > present / 2
}
