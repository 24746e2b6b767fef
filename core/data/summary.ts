import { z } from 'zod'
import type { Column, NamedTensor, Table } from './table.ts'
import { ImportWarning } from './reading.ts'

/**
 * What a person must see of a table before choosing roles: per column its kind and why, how much is missing, how the
 * values spread, examples; five rows; warnings. It holds a few cells of the data but never the table.
 */

/** Why a column has its kind: a key of the catalogue (`why.<code>`) with its params, and the English text. */
export const Why = z.object({
  code: z.enum(['all-numbers', 'few-values', 'many-values', 'declared', 'not-all-numbers', 'empty', 'generated']),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  text: z.string(),
})
export type Why = z.infer<typeof Why>

export const ColumnSummary = z.object({
  name: z.string(),
  kind: z.enum(['number', 'category', 'text']),
  why: Why,
  missing: z.int(),
  /** Number of distinct values; a lower bound where `distinctExact` is false. */
  distinct: z.int(),
  distinctExact: z.boolean(),
  /** Number columns with at least one value. `sd` is the population sd. `integers`: every value is whole. */
  numbers: z
    .object({ min: z.number(), max: z.number(), mean: z.number(), sd: z.number(), integers: z.boolean() })
    .nullable(),
  /** Category and text columns: the commonest levels, at most 12. */
  top: z.array(z.object({ value: z.string(), count: z.int() })).nullable(),
  /** Number columns: equal-width bins; `edges` has one more entry than `counts`. */
  histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.int()) }).nullable(),
  /** Up to five distinct values in order of first appearance. */
  examples: z.array(z.string()),
})
export type ColumnSummary = z.infer<typeof ColumnSummary>

export const DatasetSummary = z.object({
  hash: z.string(),
  rows: z.int(),
  columns: z.array(ColumnSummary),
  /** Arrays beside the columns, first axis = row; images have [row, height, width] or a channel too. */
  tensors: z
    .array(z.object({ name: z.string(), shape: z.array(z.int()), min: z.number(), max: z.number() }))
    .optional(),
  /** The first five rows: [row][column], null where missing. */
  sample: z.array(z.array(z.union([z.string(), z.number()]).nullable())),
  warnings: z.array(ImportWarning),
  /** Targets that the file itself names (Mulan's XML). */
  suggestedTargets: z.array(z.string()).optional(),
})
export type DatasetSummary = z.infer<typeof DatasetSummary>

/** Distinct numbers are counted exactly up to here: enough to tell a code from a measurement. */
const MAX_DISTINCT = 10_000
const MAX_TOP = 12

export function summarise(
  table: Table,
  warnings: ImportWarning[] = [],
  about: { why?: Why[]; suggestedTargets?: string[] } = {},
): DatasetSummary {
  return {
    hash: table.hash,
    rows: table.rows,
    columns: table.columns.map((column, i) => summariseColumn(column, table.rows, about.why?.[i])),
    ...(table.tensors?.length ? { tensors: table.tensors.map(summariseTensor) } : {}),
    sample: Array.from({ length: Math.min(5, table.rows) }, (_, row) => table.columns.map((c) => cell(c, row))),
    warnings,
    ...(about.suggestedTargets ? { suggestedTargets: about.suggestedTargets } : {}),
  }
}

/** The value of a cell for showing: a number, a level's text, or null where missing. */
export function cell(column: Column, row: number): number | string | null {
  if (!column.valid[row]) return null
  return column.kind === 'number' ? column.values[row] : (column.levels as string[])[column.values[row]]
}

function summariseTensor({ name, shape, values }: NamedTensor) {
  let [min, max] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return { name, shape, min, max }
}

function summariseColumn(column: Column, rows: number, why?: Why): ColumnSummary {
  const { values, valid } = column
  let present = 0
  for (let row = 0; row < rows; row++) present += valid[row]
  const base = {
    name: column.name,
    kind: column.kind,
    missing: rows - present,
    examples: examples(column, rows),
  }
  if (column.kind !== 'number') {
    const levels = column.levels as string[]
    const counts = new Int32Array(levels.length)
    for (let row = 0; row < rows; row++) if (valid[row]) counts[values[row]]++
    const distinct = counts.reduce((n, count) => n + (count > 0 ? 1 : 0), 0)
    const top = topLevels(levels, counts)
    return {
      ...base,
      why: why ?? guessed(column.kind, present, distinct),
      distinct,
      distinctExact: true,
      numbers: null,
      top,
      histogram: null,
    }
  }
  let min = Infinity
  let max = -Infinity
  let sum = 0
  let integers = true
  const seen = new Set<number>()
  for (let row = 0; row < rows; row++) {
    if (!valid[row]) continue
    const value = values[row]
    if (value < min) min = value
    if (value > max) max = value
    sum += value
    if (integers && !Number.isInteger(value)) integers = false
    if (seen.size < MAX_DISTINCT) seen.add(value)
  }
  const mean = sum / present
  let squares = 0
  for (let row = 0; row < rows; row++) if (valid[row]) squares += (values[row] - mean) ** 2
  return {
    ...base,
    why: why ?? guessed('number', present, seen.size),
    distinct: seen.size,
    distinctExact: seen.size < MAX_DISTINCT,
    numbers: present ? { min, max, mean, sd: Math.sqrt(squares / present), integers } : null,
    top: null,
    histogram: present ? histogram(column, rows, min, max, seen.size, integers) : null,
  }
}

function histogram(column: Column, rows: number, min: number, max: number, distinct: number, integers: boolean) {
  // One bin per whole number where that fits into 20 bins, else equal widths; a constant column is one bin.
  const whole = integers && max - min < 20
  const bins = distinct === 1 ? 1 : whole ? max - min + 1 : Math.min(20, Math.max(5, Math.ceil(Math.sqrt(rows))))
  const from = whole || distinct === 1 ? min - 0.5 : min
  const width = whole || distinct === 1 ? 1 : (max - min) / bins
  const counts = new Array<number>(bins).fill(0)
  for (let row = 0; row < rows; row++) {
    if (!column.valid[row]) continue
    counts[Math.max(0, Math.min(bins - 1, Math.floor((column.values[row] - from) / width)))]++
  }
  return { edges: Array.from({ length: bins + 1 }, (_, i) => from + i * width), counts }
}

function topLevels(levels: string[], counts: Int32Array) {
  // A partial selection: sorting 100,000 levels to show twelve would be slow.
  const order: number[] = []
  for (let level = 0; level < levels.length; level++) {
    if (!counts[level]) continue
    if (order.length === MAX_TOP && counts[level] <= counts[order[MAX_TOP - 1]]) continue
    let at = order.length
    while (at > 0 && counts[order[at - 1]] < counts[level]) at--
    order.splice(at, 0, level)
    if (order.length > MAX_TOP) order.pop()
  }
  return order.map((level) => ({ value: levels[level], count: counts[level] }))
}

function examples(column: Column, rows: number): string[] {
  const found = new Set<string>()
  for (let row = 0; row < rows && found.size < 5 && row < 100_000; row++) {
    const value = cell(column, row)
    if (value !== null) found.add(String(value))
  }
  return [...found]
}

/** The reason given where the reader gave none. */
export function guessed(kind: Column['kind'], present: number, distinct: number): Why {
  if (!present) return { code: 'empty', params: {}, text: 'Every cell is empty.' }
  const params = { values: present, distinct }
  if (kind === 'number') return { code: 'all-numbers', params, text: `All ${present} values are numbers.` }
  if (kind === 'category')
    return { code: 'few-values', params, text: `Words that repeat: ${distinct} different in ${present} cells.` }
  return { code: 'many-values', params, text: `Free text: ${distinct} different in ${present} cells.` }
}
