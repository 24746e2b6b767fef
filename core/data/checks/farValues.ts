import type { Column } from '../table.ts'
import type { TaskSet } from '../taskSet.ts'
import { finding, named, rounded } from './finding.ts'
import type { Finding } from './finding.ts'

/**
 * Numbers that lie further from all others of their column than those lie from each other: max - max' > max' - min, with
 * max' the next largest value, and the same below. A slip of the keyboard, or a code such as -999 for "not measured";
 * lines and networks bend towards it. Taken away one after the other, at most five, while ten different values remain and
 * hold nine tenths of the rows, so that a column of few values (0, 1 and 10) says nothing.
 */
const MOST_CODES = 5
const FEWEST_VALUES = 10
const MOST_SHARE = 0.1

type Far = { column: Column; value: number; count: number; low: number; high: number; row: number }

export function checkFarValues(set: TaskSet): Finding[] {
  const { columns, rows } = set.table
  const asked = [...set.features, ...set.targets].map((index) => columns[index])
  const found = asked.flatMap((column) => (column.kind === 'number' ? farthest(column, rows) : []))
  if (!found.length) return []
  const far = ({ value, low, high }: Far) => Math.max(low - value, value - high) / (high - low)
  const worst = found.reduce((a, b) => (far(b) > far(a) ? b : a))
  const names = [...new Set(found.map(({ column }) => column.name))]
  const params = {
    columns: named(names),
    column: worst.column.name,
    // A code is named as it stands in the file.
    value: Number(worst.value.toPrecision(6)),
    count: worst.count,
    low: rounded(worst.low),
    high: rounded(worst.high),
  }
  return [finding('note', 'far-values', params, { columns: names, rows: found.map(({ row }) => row) })]
}

function farthest(column: Column, rows: number): Far[] {
  const { values, valid } = column
  const taken: number[] = []
  const found: Omit<Far, 'low' | 'high'>[] = []
  let inside = bounds(values, valid, rows, taken)
  while (taken.length < MOST_CODES) {
    const { low, low2, high, high2 } = inside
    const value = high - high2 > high2 - low ? high : low2 - low > high - low2 ? low : null
    if (value === null) break
    taken.push(value)
    const at = placesOf(values, valid, rows, value)
    found.push({ column, value, count: at.count, row: at.first })
    inside = bounds(values, valid, rows, taken)
  }
  if (!found.length || !manyValues(values, valid, rows, taken)) return []
  return found.map((one) => ({ ...one, low: inside.low, high: inside.high }))
}

/** The smallest and largest values that were not taken, and the next ones beside them. */
function bounds(values: Column['values'], valid: Uint8Array, rows: number, taken: readonly number[]) {
  let [low, low2, high, high2] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let row = 0; row < rows; row++) {
    const value = values[row]
    if (!valid[row] || (taken.length && taken.includes(value))) continue
    if (value < low) [low2, low] = [low, value]
    else if (value > low && value < low2) low2 = value
    if (value > high) [high2, high] = [high, value]
    else if (value < high && value > high2) high2 = value
  }
  return { low, low2, high, high2 }
}

function placesOf(values: Column['values'], valid: Uint8Array, rows: number, value: number) {
  let [count, first] = [0, -1]
  for (let row = 0; row < rows; row++) {
    if (!valid[row] || values[row] !== value) continue
    if (!count++) first = row
  }
  return { count, first }
}

/** Whether enough different values remain, and enough rows hold them. */
function manyValues(values: Column['values'], valid: Uint8Array, rows: number, taken: readonly number[]): boolean {
  const different = new Set<number>()
  let [measured, kept] = [0, 0]
  for (let row = 0; row < rows; row++) {
    if (!valid[row]) continue
    measured++
    if (taken.includes(values[row])) continue
    kept++
    if (different.size < FEWEST_VALUES) different.add(values[row])
  }
  return different.size >= FEWEST_VALUES && kept >= (1 - MOST_SHARE) * measured
}
