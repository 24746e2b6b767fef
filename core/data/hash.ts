import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Column, NamedTensor } from './table.ts'

/** Any incremental SHA-256; hosts with a faster one may pass it. */
export interface Hasher {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

const CHUNK = 65_536

/**
 * The content hash of a table: SHA-256 over names, kinds, levels, validity and values (little-endian), column by
 * column. Levels are numbered by first appearance among the valid cells and cells without a value count as zero, so
 * that the hash depends on the content alone and not on how it is stored. Arrays beside the columns follow: name, shape
 * and numbers.
 */
export function hashColumns(
  rows: number,
  columns: Column[],
  hasher: Hasher = sha256.create(),
  tensors: NamedTensor[] = [],
): string {
  const text = (value: string) => {
    const bytes = utf8ToBytes(value)
    hasher.update(utf8ToBytes(`${bytes.length}:`))
    hasher.update(bytes)
  }
  text(`engram table 1 ${rows} ${columns.length}`)
  for (const column of columns) {
    text(column.name)
    text(column.kind)
    const { codes, used } = column.kind === 'number' ? { codes: null, used: [] } : renumber(column, rows)
    text(String(used.length))
    for (const level of used) text(level)
    // A copy: hash functions need not take shared memory.
    const mask = new Uint8Array(CHUNK)
    const numbers = new Float64Array(codes ? 0 : CHUNK)
    const integers = new Int32Array(codes ? CHUNK : 0)
    for (let from = 0; from < rows; from += CHUNK) {
      const n = Math.min(CHUNK, rows - from)
      for (let i = 0; i < n; i++) {
        const valid = column.valid[from + i]
        mask[i] = valid
        if (codes) integers[i] = valid ? codes[column.values[from + i]] : 0
        else numbers[i] = valid ? column.values[from + i] + 0 : 0 // -0 + 0 = 0
      }
      hasher.update(mask.subarray(0, n))
      hasher.update(codes ? new Uint8Array(integers.buffer, 0, n * 4) : new Uint8Array(numbers.buffer, 0, n * 8))
    }
  }
  for (const { name, shape, values } of tensors) {
    text('array')
    text(name)
    text(shape.join())
    for (let from = 0; from < values.length; from += CHUNK) {
      const some = values.slice(from, from + CHUNK)
      for (let i = 0; i < some.length; i++) some[i] += 0
      hasher.update(new Uint8Array(some.buffer, 0, some.byteLength))
    }
  }
  return bytesToHex(new Uint8Array(hasher.digest()))
}

/** Level index -> index by first appearance, and the levels in that order. */
function renumber(column: Column, rows: number): { codes: Int32Array; used: string[] } {
  const levels = column.levels as string[]
  const codes = new Int32Array(levels.length).fill(-1)
  const used: string[] = []
  for (let row = 0; row < rows && used.length < levels.length; row++) {
    const level = column.values[row]
    if (!column.valid[row] || codes[level] >= 0) continue
    codes[level] = used.length
    used.push(levels[level])
  }
  return { codes, used }
}
