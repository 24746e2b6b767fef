import { hashColumns } from '../../core/data/hash.ts'
import type { Column, Table } from '../../core/data/table.ts'

/** A small table from plain arrays: numbers stay numbers, words become categories, null is missing. */
export function tableOf(columns: Record<string, (number | string | null)[]>): Table {
  const rows = Object.values(columns)[0].length
  const made = Object.entries(columns).map(([name, cells]): Column => {
    const valid = Uint8Array.from(cells, (cell) => Number(cell !== null))
    if (cells.every((cell) => cell === null || typeof cell === 'number'))
      return { name, kind: 'number', values: Float64Array.from(cells, (cell) => (cell as number | null) ?? 0), valid }
    const levels = [...new Set(cells.filter((cell) => cell !== null))] as string[]
    return {
      name,
      kind: 'category',
      values: Int32Array.from(cells, (cell) => Math.max(0, levels.indexOf(cell as string))),
      levels,
      valid,
    }
  })
  return { hash: hashColumns(rows, made), rows, columns: made }
}
export const count = (n: number) => Array.from({ length: n }, (_, i) => i)
