import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Column } from './table.ts'
import type { TaskSet, View } from './taskSet.ts'

/**
 * Columns become numbers, fitted on the rows of one view alone. A number x becomes (x - mean) / sd with the population
 * sd (a constant becomes 0); where training rows lacked it, the missing cells become the mean (0) and a second column
 * marks them. A category becomes one 0/1 column per level seen in training; a level not seen is all zeros.
 */
const EncodedColumn = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('number'),
    name: z.string(),
    mean: z.number(),
    /** 0 where the column is constant. */
    sd: z.number(),
    indicator: z.boolean(),
  }),
  z.object({ kind: z.literal('category'), name: z.string(), levels: z.array(z.string()), indicator: z.boolean() }),
])
type EncodedColumn = z.infer<typeof EncodedColumn>
const EncoderState = z.object({ columns: z.array(EncodedColumn), task: z.array(z.string()).nullable() })

export type EncoderOptions = {
  /** Categories keep this many of their commonest levels (default 50); rarer ones count as not seen. */
  maxLevels?: number
  /** Adds one 0/1 column per level of the task column: task intercepts. */
  taskColumn?: boolean
}

export interface Encoder {
  /** One name per encoded input: "age", "age (missing)", "origin=USA". */
  names: string[]
  /** [names] encoded = (raw - shift) * factor; 0 and 1 for 0/1 inputs. Exported models do it themselves. */
  scaling: { shift: number[]; factor: number[] }
  /**
   * [row, names], columns found by name, so that another table of the same columns can be encoded. Kept for as long as
   * `rows` is, and shared by all who ask with the same array: not to be written to.
   */
  encode(set: TaskSet, rows: Int32Array): Float64Array
  save(): unknown
}

/** Encoders by the rows they were fitted on: every method and seed of a fold asks for the same. */
const fitted = new WeakMap<Int32Array, Map<string, { set: TaskSet; encoder: Encoder }>>()

/** The same rows (the same array) of the same set give the same encoder, whose encodings are then shared too. */
export function fitEncoder(view: View, options: EncoderOptions = {}): Encoder {
  const own = fitted.get(view.rows) ?? new Map<string, { set: TaskSet; encoder: Encoder }>()
  fitted.set(view.rows, own)
  const key = `${options.maxLevels ?? ''}/${options.taskColumn ?? false}`
  const known = own.get(key)
  if (known?.set === view.set) return known.encoder
  const encoder = fitAnew(view, options)
  own.set(key, { set: view.set, encoder })
  return encoder
}

function fitAnew({ set, rows }: View, options: EncoderOptions): Encoder {
  const columns = set.features.map((feature): EncodedColumn => {
    const column = set.table.columns[feature]
    return column.kind === 'number' ? fitNumber(column, rows) : fitCategory(column, rows, options.maxLevels ?? 50)
  })
  let task: string[] | null = null
  if (options.taskColumn && set.group && set.groups) {
    const seen = new Set(Array.from(rows, (row) => (set.group as Int32Array)[row]))
    task = set.groups.filter((_, g) => seen.has(g))
  }
  return encoderOf({ columns, task })
}

export function loadEncoder(state: unknown): Encoder {
  return encoderOf(EncoderState.parse(state))
}

function fitNumber({ name, values, valid }: Column, rows: Int32Array): EncodedColumn {
  let n = 0
  let sum = 0
  let min = Infinity
  let max = -Infinity
  for (const row of rows) {
    if (!valid[row]) continue
    n++
    const value = values[row]
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  }
  const mean = n ? sum / n : 0
  let squares = 0
  for (const row of rows) if (valid[row]) squares += (values[row] - mean) ** 2
  // Rounding can leave a constant column a tiny sd, which would blow it up.
  const sd = n && max > min ? Math.sqrt(squares / n) : 0
  return { kind: 'number', name, mean, sd, indicator: n > 0 && n < rows.length }
}

function fitCategory({ name, values, valid, levels }: Column, rows: Int32Array, maxLevels: number): EncodedColumn {
  const counts = new Int32Array((levels as string[]).length)
  let n = 0
  for (const row of rows) {
    if (!valid[row]) continue
    counts[values[row]]++
    n++
  }
  let kept = Array.from(counts.keys()).filter((level) => counts[level] > 0)
  if (kept.length > maxLevels)
    kept = kept
      .sort((a, b) => counts[b] - counts[a] || a - b)
      .slice(0, maxLevels)
      .sort((a, b) => a - b)
  return {
    kind: 'category',
    name,
    levels: kept.map((level) => (levels as string[])[level]),
    indicator: n > 0 && n < rows.length,
  }
}

let copies = 0
/** How often rows were copied out of a table, so far. */
export const copiesMade = (): number => copies

const singles = new WeakMap<Float64Array, Float32Array>()
/** In single precision, made once. Not to be written to. */
export function single(x: Float64Array): Float32Array {
  const known = singles.get(x)
  if (known) return known
  const made = Float32Array.from(x)
  singles.set(x, made)
  return made
}

function encoderOf(state: z.infer<typeof EncoderState>): Encoder {
  const names = state.columns.flatMap((column) => [
    ...(column.kind === 'number' ? [column.name] : column.levels.map((level) => `${column.name}=${level}`)),
    ...(column.indicator ? [`${column.name} (missing)`] : []),
  ])
  names.push(...(state.task ?? []).map((level) => `task=${level}`))
  const width = names.length
  const numbers = state.columns.flatMap((column) => [
    ...(column.kind === 'number'
      ? [{ shift: column.mean, factor: column.sd ? 1 / column.sd : 0 }]
      : column.levels.map(() => ({ shift: 0, factor: 1 }))),
    ...(column.indicator ? [{ shift: 0, factor: 1 }] : []),
  ])
  numbers.push(...(state.task ?? []).map(() => ({ shift: 0, factor: 1 })))
  const encoded = new WeakMap<Int32Array, { set: TaskSet; x: Float64Array }>()
  return {
    names,
    scaling: { shift: numbers.map((n) => n.shift), factor: numbers.map((n) => n.factor) },
    save: () => state,
    encode(set, rows) {
      const known = encoded.get(rows)
      if (known?.set === set) return known.x
      copies++
      const out = new Float64Array(rows.length * width)
      encoded.set(rows, { set, x: out })
      const places = new Map(set.table.columns.map((column) => [column.name, column]))
      let at = 0
      for (const column of state.columns) {
        const from = places.get(column.name) ?? absent(column.name)
        if (column.kind === 'number') encodeNumber(column, from, rows, out, at++, width)
        else {
          encodeCategory(column.levels, from, rows, out, at, width)
          at += column.levels.length
        }
        if (!column.indicator) continue
        for (let i = 0; i < rows.length; i++) out[i * width + at] = from.valid[rows[i]] ? 0 : 1
        at++
      }
      if (state.task && set.group && set.groups) {
        const place = new Map(state.task.map((level, i) => [level, at + i]))
        for (let i = 0; i < rows.length; i++) {
          const column = place.get(set.groups[set.group[rows[i]]])
          if (column !== undefined) out[i * width + column] = 1
        }
      }
      return out
    },
  }
}

function encodeNumber(
  { mean, sd }: { mean: number; sd: number },
  from: Column,
  rows: Int32Array,
  out: Float64Array,
  at: number,
  width: number,
): void {
  if (sd === 0) return
  // A file of new rows may hold the same column as words where every cell happened to be missing or odd.
  const numbers = from.kind === 'number' ? null : (from.levels as string[]).map(Number)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]
    if (!from.valid[row]) continue
    const value = numbers ? numbers[from.values[row]] : from.values[row]
    if (Number.isFinite(value)) out[i * width + at] = (value - mean) / sd
  }
}

function encodeCategory(
  levels: string[],
  from: Column,
  rows: Int32Array,
  out: Float64Array,
  at: number,
  width: number,
): void {
  const place = new Map(levels.map((level, i) => [level, i]))
  const known = from.levels?.map((level) => place.get(level) ?? -1)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]
    if (!from.valid[row]) continue
    const level = known ? known[from.values[row]] : (place.get(String(from.values[row])) ?? -1)
    if (level >= 0) out[i * width + at + level] = 1
  }
}

function absent(name: string): never {
  throw new UserError({
    code: 'predict.missing-column',
    who: `column "${name}"`,
    rule: 'New rows must have every column that the model learned from.',
    got: 'a table without it',
    remedy: 'Add the column (cells may be empty), spelled as in the training table.',
  })
}

/** The number in a measured cell, or the index of its class. */
export function truthOf(set: TaskSet, row: number, target: number): number {
  return set.table.columns[set.targets[target]].values[row]
}

export type TargetScaler = { mean: number[]; sd: number[] }

/** [target] mean and population sd over the measured cells of the view; 0 and 1 for classes and where constant. */
export function fitTargetScaler(view: View): TargetScaler {
  const { set, rows } = view
  const wanted = new Set(view.tasks)
  const mean: number[] = []
  const sd: number[] = []
  set.targets.forEach((column, target) => {
    let n = 0
    let sum = 0
    let squares = 0
    const { kind, values } = set.table.columns[column]
    const cells =
      kind === 'number'
        ? rows.filter((row) => set.observed[target * set.table.rows + row] && wanted.has(set.taskOf(row, target)))
        : new Int32Array(0)
    for (const row of cells) {
      n++
      sum += values[row]
    }
    const centre = n ? sum / n : 0
    for (const row of cells) squares += (values[row] - centre) ** 2
    mean.push(centre)
    sd.push((n && Math.sqrt(squares / n)) || 1)
  })
  return { mean, sd }
}
