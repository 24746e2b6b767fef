import type { Column, Table } from '../table.ts'

/**
 * For each row the first row that holds the same in all of these columns (itself where it is the first): exact, by a
 * hash table with open addresses whose hits are compared cell by cell. Missing equals missing. One pass per column:
 * a million rows of fifty columns take about a second.
 */
export function firstEqualRow(table: Table, columns: readonly Column[]): Int32Array {
  const { rows } = table
  const hash = hashRows(columns, rows)
  const first = new Int32Array(rows)
  let size = 16
  while (size < 2 * rows) size *= 2
  const slots = new Int32Array(size).fill(-1)
  for (let row = 0; row < rows; row++) {
    let at = hash[row] & (size - 1)
    for (; slots[at] >= 0; at = (at + 1) & (size - 1)) {
      const other = slots[at]
      if (hash[other] === hash[row] && sameRow(columns, other, row)) break
    }
    if (slots[at] < 0) slots[at] = row
    first[row] = slots[at]
  }
  return first
}

function sameRow(columns: readonly Column[], a: number, b: number): boolean {
  for (const { values, valid } of columns)
    if (valid[a] !== valid[b] || (valid[a] && values[a] !== values[b])) return false
  return true
}

/** [row] 32 bits over all columns (Murmur's mixing of words). */
function hashRows(columns: readonly Column[], rows: number): Int32Array {
  const hash = new Int32Array(rows).fill(columns.length)
  const bits = new Float64Array(1)
  const words = new Int32Array(bits.buffer)
  for (const { values, valid } of columns)
    for (let row = 0; row < rows; row++) {
      // -0 and 0 are one number.
      bits[0] = valid[row] ? values[row] + 0 : NaN
      hash[row] = mixed(mixed(hash[row], words[0]), words[1])
    }
  for (let row = 0; row < rows; row++) hash[row] ^= hash[row] >>> 16
  return hash
}

function mixed(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  const turned = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  return Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64
}
