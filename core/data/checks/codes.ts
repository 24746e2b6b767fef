import type { Column } from '../table.ts'

/** Columns of more different values than this are no classes. */
const MAX_LEVELS = 1000

/** [row of `at`] a column as codes 0, 1, ... in order of first appearance; null where it has too many values. */
export function codesOf(column: Column, at: Int32Array): { codes: Int32Array; levels: number } | null {
  const seen = new Map<number, number>()
  const codes = new Int32Array(at.length)
  for (let i = 0; i < at.length; i++) {
    const value = column.values[at[i]]
    let code = seen.get(value)
    if (code === undefined) {
      if (seen.size >= MAX_LEVELS) return null
      seen.set(value, (code = seen.size))
    }
    codes[i] = code
  }
  return { codes, levels: seen.size }
}
