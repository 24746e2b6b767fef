import { fitEncoder, truthOf } from '../data/encoding.ts'
import type { Column } from '../data/table.ts'
import type { TaskKind, TaskSet } from '../data/taskSet.ts'
import type { Rng } from '../rng.ts'

/** The measured cells of one target (or one task), at most SAMPLE of them, as the meta-features look at them. */
export type Cells = {
  kind: TaskKind
  /** Measured in all, and how many of the columns' cells and rows are empty among the sampled ones. */
  rows: number
  emptyCells: number
  emptyRows: number
  /** [column][row], NaN where empty. */
  numbers: Float64Array[]
  /** [column][row] a level, -1 where empty. */
  categories: Int32Array[]
  /** [row] the number, or the number of the class among those that occur. */
  y: Float64Array
  /** Rows per class; empty for numbers. */
  counts: number[]
  /** [row, width] encoded as methods see them: standardised, empty cells at the mean and marked, levels as 0 and 1. */
  x: Float64Array
  width: number
}

/** Rows that are looked at; more would sharpen nothing that a person reads. */
const SAMPLE = 2000

/** In random order, so that the first rows are a sample too. */
export function cellsOf(set: TaskSet, target: number, measured: Int32Array, random: Rng): Cells {
  const order = random.permutation(measured.length).slice(0, SAMPLE)
  const rows = Int32Array.from(order, (at) => measured[at])
  const column = set.table.columns[set.targets[target]]
  const classes = column.kind === 'number' ? [] : (column.levels as string[])
  const columns = set.features.map((feature) => set.table.columns[feature])
  const empty = (row: number) => columns.filter((feature) => !feature.valid[row]).length
  const encoder = fitEncoder({ set, rows, tasks: Int32Array.of() })
  const y = Float64Array.from(rows, (row) => truthOf(set, row, target))
  const present = classes.map((_, k) => k).filter((k) => y.includes(k))
  const place = new Map(present.map((k, i) => [k, i]))
  return {
    kind: column.kind === 'number' ? 'regression' : classes.length === 2 ? 'binary' : 'multiclass',
    rows: measured.length,
    emptyCells: rows.reduce((sum, row) => sum + empty(row), 0),
    emptyRows: rows.reduce((sum, row) => sum + Number(empty(row) > 0), 0),
    numbers: columns.flatMap((feature) => (feature.kind === 'number' ? [numbersOf(feature, rows)] : [])),
    categories: columns.flatMap((feature) => (feature.kind === 'number' ? [] : [levelsOf(feature, rows)])),
    y: classes.length ? y.map((k) => place.get(k) as number) : y,
    counts: present.map((k) => y.reduce((sum, own) => sum + Number(own === k), 0)),
    x: encoder.encode(set, rows),
    width: encoder.names.length,
  }
}

const numbersOf = ({ values, valid }: Column, rows: Int32Array) =>
  Float64Array.from(rows, (row) => (valid[row] ? values[row] : NaN))
const levelsOf = ({ values, valid }: Column, rows: Int32Array) =>
  Int32Array.from(rows, (row) => (valid[row] ? values[row] : -1))
