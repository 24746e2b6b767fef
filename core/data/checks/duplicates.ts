import { identity } from '../duplicates.ts'
import type { Roles } from '../roles.ts'
import type { Column } from '../table.ts'
import type { TaskSet } from '../taskSet.ts'
import { firstEqualRow } from './equalRows.ts'
import { finding, named, rounded } from './finding.ts'
import type { Finding, Remedy } from './finding.ts'
import type { Sample } from './sample.ts'

/**
 * Rows that stand more than once. Rows equal in inputs and targets are copies: dealt to both sides of a split they are
 * answered from memory. Rows equal in inputs alone are repeated measurements: their spread is an error that no method
 * can be below, and they too belong on one side. Either is said only where it happens more than ten times as often as
 * it would by chance were columns independent: pairs * product over columns of P(two rows agree). Where more than a quarter
 * of the rows repeat the inputs of another and their targets agree no more often than thrice by chance, rows are of few
 * kinds: then there are no copies to speak of, and equal inputs are a note.
 */
export function checkDuplicates(set: TaskSet, roles: Roles, sample: Sample): Finding[] {
  if (roles.duplicates === 'together') return []
  const { table } = set
  const inputs = identity(set, roles)
  const targets = set.targets.map((target) => table.columns[target])
  const of = (columns: Column[]) => counted(set, firstEqualRow(table, columns))
  const expected = (columns: Column[]) => (agreement(columns, sample) * table.rows * (table.rows - 1)) / 2
  const out: Finding[] = []
  const copies = of([...inputs, ...targets])
  const repeats = of(inputs)
  // Where inputs are few kinds of rows, targets of one kind agree by chance too.
  const coarse = repeats.again > table.rows / 4 && copies.pairs <= 3 * repeats.pairs * agreement(targets, sample)
  if (copies.again && !coarse && copies.pairs > 10 * expected([...inputs, ...targets])) {
    const params = { n: copies.again, rows: table.rows, first: copies.rows[0] + 1, second: copies.rows[1] + 1 }
    const remedies: Remedy[] = [
      { kind: 'duplicates', how: 'drop' },
      { kind: 'duplicates', how: 'together' },
    ]
    out.push(finding('leak', 'duplicate-rows', params, { rows: copies.rows, remedies }))
  }
  if (repeats.again > copies.again && repeats.pairs > 10 * expected(inputs)) {
    const spread = withinGroups(set, repeats.first)
    if (spread) {
      const { rows, target, share } = spread
      const params = { n: rows, rows: table.rows, target: named([target]), share: rounded(100 * share) }
      const remedies: Remedy[] = [{ kind: 'duplicates', how: 'together' }]
      out.push(finding(coarse ? 'note' : 'leak', 'repeated-inputs', params, { rows: spread.example, remedies }))
    }
  }
  return out
}

type Counted = { first: Int32Array; again: number; pairs: number; rows: number[] }

/** Measured rows that are another row again; the first such pair as an example. */
function counted(set: TaskSet, first: Int32Array): Counted {
  const times = new Int32Array(first.length)
  const used = measuredRows(set)
  const out: Counted = { first, again: 0, pairs: 0, rows: [] }
  for (let row = 0; row < first.length; row++) {
    if (!used[row]) continue
    const before = times[first[row]]++
    if (!before) continue
    out.again++
    out.pairs += before
    if (!out.rows.length) out.rows.push(first[row], row)
  }
  return out
}

/** [row] 1 where any target is measured. */
function measuredRows({ observed, targets, table: { rows } }: TaskSet): Uint8Array {
  const out = new Uint8Array(rows)
  for (let t = 0; t < targets.length; t++) for (let row = 0; row < rows; row++) out[row] |= observed[t * rows + row]
  return out
}

/** Of the target that differs most within equal inputs: how much of its spread (or of its rows) lies within. */
function withinGroups(set: TaskSet, first: Int32Array) {
  let worst: { target: string; share: number; rows: number; example: number[] } | null = null
  const { rows } = set.table
  for (const [t, column] of set.targets.entries()) {
    const { name, kind, values } = set.table.columns[column]
    const measured = (row: number) => set.observed[t * rows + row] === 1
    const times = new Int32Array(rows)
    for (let row = 0; row < rows; row++) if (measured(row)) times[first[row]]++
    const groups = new Map<number, number[]>()
    for (let row = 0; row < rows; row++) {
      if (!measured(row) || times[first[row]] < 2) continue
      const own = groups.get(first[row])
      if (own) own.push(row)
      else groups.set(first[row], [row])
    }
    const repeated = [...groups.values()]
    const differing = repeated.filter((own) => own.some((row) => values[row] !== values[own[0]]))
    const n = differing.reduce((sum, own) => sum + own.length, 0)
    if (!n) continue
    const cells = (own: number[]) => own.map((row) => values[row])
    const share =
      kind === 'number'
        ? Math.sqrt(pooledVariance(repeated.map(cells)) / pooledVariance([values.filter((_, row) => measured(row))]))
        : wrongAtBest(repeated.map(cells))
    const example = [differing[0][0], differing[0].find((row) => values[row] !== values[differing[0][0]]) as number]
    if (!worst || share > worst.share) worst = { target: name, share, rows: n, example }
  }
  return worst
}

/** Sum of squares about the group means over the degrees of freedom. */
function pooledVariance(groups: ArrayLike<number>[]): number {
  let squares = 0
  let df = 0
  for (const own of groups) {
    let mean = 0
    for (let i = 0; i < own.length; i++) mean += (own[i] - mean) / (i + 1)
    for (let i = 0; i < own.length; i++) squares += (own[i] - mean) ** 2
    df += own.length - 1
  }
  return squares / df
}

/** The share of rows that even the commonest class of each group gets wrong. */
function wrongAtBest(groups: number[][]): number {
  let wrong = 0
  let all = 0
  for (const own of groups) {
    const counts = new Map<number, number>()
    for (const level of own) counts.set(level, (counts.get(level) ?? 0) + 1)
    wrong += own.length - Math.max(...counts.values())
    all += own.length
  }
  return wrong / all
}

/** P(two rows agree) were columns independent; of each column it is estimated without bias on the sample. */
function agreement(columns: readonly Column[], { at }: Sample): number {
  let agree = 1
  for (const { values, valid } of columns) {
    const counts = new Map<number, number>()
    for (const row of at) {
      const value = valid[row] ? values[row] : NaN
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    let pairs = 0
    for (const n of counts.values()) pairs += n * (n - 1)
    agree *= pairs / (at.length * (at.length - 1))
  }
  return agree
}
