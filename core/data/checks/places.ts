import { SITE_NAME, SUBJECT_NAME } from '../columnNames.ts'
import type { Roles } from '../roles.ts'
import type { Column } from '../table.ts'
import type { TaskSet } from '../taskSet.ts'
import { codesOf } from './codes.ts'
import type { Sample } from './sample.ts'

/**
 * Columns that say where a row comes from: the task column, the group column (unless it names subjects), the split
 * column, and others called after a site or a machine. Two to fifty levels, at least ten rows each on average.
 */
export type Place = {
  column: Column
  role: 'task' | 'group' | 'split' | 'feature' | 'none'
  /** Rows of the sample that have a level. */
  at: Int32Array
  codes: Int32Array
  levels: number
}

const MOST_LEVELS = 50

export function placesOf(set: TaskSet, roles: Roles, sample: Sample): Place[] {
  const { columns } = set.table
  return columns.flatMap((column, i): Place[] => {
    const role = roleOf(set, roles, column, i)
    const subject = SUBJECT_NAME.test(column.name)
    const wanted =
      role === 'task' || role === 'split' || (!subject && (role === 'group' || SITE_NAME.test(column.name)))
    if (!wanted || set.targets.includes(i) || column.kind === 'text' || column.name === roles.weight) return []
    const at = sample.at.filter((row) => column.valid[row])
    const coded = codesOf(column, at)
    if (!coded || coded.levels < 2 || coded.levels > MOST_LEVELS || at.length < 10 * coded.levels) return []
    if (column.kind === 'number' && at.some((row) => !Number.isInteger(column.values[row]))) return []
    return [{ column, role, at, ...coded }]
  })
}

function roleOf(set: TaskSet, roles: Roles, { name }: Column, i: number): Place['role'] {
  if (name === roles.task) return 'task'
  if (name === roles.group) return 'group'
  if (name === roles.split) return 'split'
  return set.features.includes(i) ? 'feature' : 'none'
}

/** The level of a row as a person reads it. */
export function levelName({ kind, values, levels }: Column, row: number): string {
  return kind === 'number' ? String(values[row]) : (levels as string[])[values[row]]
}
