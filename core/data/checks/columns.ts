import type { Column } from '../table.ts'
import type { TaskSet } from '../taskSet.ts'
import { finding, named } from './finding.ts'
import type { Finding } from './finding.ts'
import { isKey, isNames } from './identifiers.ts'

/**
 * Features that say nothing: keys and names of rows, columns of one value, and columns in which fewer than 1 % and
 * fewer than 30 rows differ from the rest (the commonest value by the majority vote of Boyer and Moore 1981).
 */
export function checkColumns(set: TaskSet): Finding[] {
  const { columns, rows } = set.table
  const features = set.features.map((feature) => columns[feature])
  const varied = features.map((column) => ({ column, others: othersOf(column, rows) }))
  const which = (wanted: (column: Column, others: number) => boolean) =>
    varied.filter(({ column, others }) => wanted(column, others)).map(({ column }) => column.name)
  const few = Math.min(29, Math.floor(rows / 100))
  const say = (code: string, names: string[], params: Finding['params'] = {}) =>
    names.length
      ? [
          finding(
            'note',
            code,
            { ...params, n: names.length, columns: named(names) },
            { columns: names, remedies: [{ kind: 'ignore', columns: names }] },
          ),
        ]
      : []
  return [
    ...features
      .filter((column) => isKey(column, rows))
      .map(({ name }) =>
        finding(
          'leak',
          'key-as-feature',
          { feature: name, rows },
          { columns: [name], remedies: [{ kind: 'ignore', columns: [name] }] },
        ),
      ),
    ...say(
      'names-as-features',
      which((column) => isNames(column, rows)),
    ),
    ...say(
      'constant-columns',
      which((_, others) => others === 0),
    ),
    ...say(
      'near-constant-columns',
      which((_, others) => others > 0 && others <= few),
      { few },
    ),
  ]
}

/** Rows that do not hold the value that more than half of the measured rows hold; all of them where none is so common. */
function othersOf({ values, valid }: Column, rows: number): number {
  let candidate = NaN
  let votes = 0
  let present = 0
  for (let row = 0; row < rows; row++) {
    if (!valid[row]) continue
    present++
    if (!votes) candidate = values[row]
    votes += values[row] === candidate ? 1 : -1
  }
  let same = 0
  for (let row = 0; row < rows; row++) if (valid[row] && values[row] === candidate) same++
  return present - same
}
