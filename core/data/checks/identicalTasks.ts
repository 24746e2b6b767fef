import type { TaskSet } from '../taskSet.ts'
import { finding } from './finding.ts'
import type { Finding } from './finding.ts'

/**
 * Levels of the task column that hold the very same rows, in whatever order: copies, or a task column that names nothing.
 * Held out, they were seen in training; learned from, they count once, however many they are.
 */
export function checkIdenticalTasks(set: TaskSet): Finding[] {
  const copies = copiesOf(set)
  if (!copies.length) return []
  const [[one, other]] = copies
  return [finding('leak', 'identical-tasks', { tasks: copies.length, one, other })]
}

function copiesOf(set: TaskSet): [first: string, second: string][] {
  const { group, groups } = set
  if (!group || !groups) return []
  const rowsOf = groups.map((): number[] => [])
  group.forEach((level, row) => level >= 0 && rowsOf[level].push(row))
  const columns = [...set.features, ...set.targets].map((c) => set.table.columns[c])
  const cell = (column: (typeof columns)[number], row: number) => (column.valid[row] ? column.values[row] : NaN)
  // Most are told apart by how many rows they have and what their columns sum to.
  const alike = new Map<string, number[]>()
  rowsOf.forEach((rows, level) => {
    if (!rows.length) return
    const sums = columns.map((column) =>
      rows.reduce((sum, row) => sum + (column.valid[row] ? column.values[row] : 0), 0).toPrecision(10),
    )
    const key = `${rows.length}/${sums.join('/')}`
    alike.set(key, [...(alike.get(key) ?? []), level])
  })
  const text = (level: number) =>
    rowsOf[level]
      .map((row) => columns.map((column) => cell(column, row)).join('/'))
      .sort()
      .join('\n')
  return [...alike.values()].flatMap((levels) => {
    if (levels.length < 2) return []
    const seen = new Map<string, number>()
    return levels.flatMap((level): [string, string][] => {
      const own = text(level)
      const first = seen.get(own)
      if (first === undefined) seen.set(own, level)
      return first === undefined ? [] : [[groups[first], groups[level]]]
    })
  })
}
