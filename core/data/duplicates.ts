import { isKey } from './checks/identifiers.ts'
import { firstEqualRow } from './checks/equalRows.ts'
import type { Roles } from './roles.ts'
import type { Column } from './table.ts'
import type { TaskSet } from './taskSet.ts'

/** The columns that say what a row is about: inputs and the task, keys left aside. */
export function identity(set: Pick<TaskSet, 'table' | 'features'>, roles: Roles): Column[] {
  const { columns, rows } = set.table
  const inputs = set.features.map((feature) => columns[feature]).filter((column) => !isKey(column, rows))
  return [...inputs, ...columns.filter((column) => column.name === roles.task)]
}

/**
 * What the roles ask of rows that stand more than once. `dropped` [row]: copies of an earlier row in inputs and targets,
 * which then have no measured target. `blocks` [row]: rows equal in inputs are one block, joined with the groups that
 * they lie in; -1 for a row alone.
 */
export function equalRows(
  set: Pick<TaskSet, 'table' | 'features' | 'targets'>,
  roles: Roles,
  blocks: Int32Array | null,
): { dropped: Uint8Array | null; blocks: Int32Array | null } {
  if (!roles.duplicates) return { dropped: null, blocks }
  const inputs = identity(set, roles)
  if (roles.duplicates === 'together')
    return { dropped: null, blocks: joined(firstEqualRow(set.table, inputs), blocks) }
  const targets = set.targets.map((target) => set.table.columns[target])
  const first = firstEqualRow(set.table, [...inputs, ...targets])
  return { dropped: Uint8Array.from(first, (other, row) => Number(other !== row)), blocks }
}

/** Equal rows and groups that touch are one block (union and find over rows). */
function joined(first: Int32Array, groups: Int32Array | null): Int32Array {
  const parent = Int32Array.from(first)
  const root = (row: number): number => {
    let at = row
    while (parent[at] !== at) at = parent[at] = parent[parent[at]]
    return at
  }
  const size = new Int32Array(first.length)
  const start = new Map<number, number>()
  groups?.forEach((group, row) => {
    if (group < 0) return
    const other = start.get(group)
    if (other === undefined) start.set(group, row)
    else parent[root(row)] = root(other)
  })
  for (let row = 0; row < first.length; row++) size[root(row)]++
  return Int32Array.from(first, (_, row) => (size[root(row)] > 1 || (groups && groups[row] >= 0) ? root(row) : -1))
}
