import type { Task, TaskSet } from './taskSet.ts'

/** The tasks with how many cells of each were measured. */
export function measuredTasks(set: TaskSet): (Pick<Task, 'id' | 'kind'> & { rows: number })[] {
  const rows = new Int32Array(set.tasks.length)
  for (let target = 0; target < set.targets.length; target++)
    for (let row = 0; row < set.table.rows; row++) {
      const task = set.taskOf(row, target)
      if (task >= 0 && set.observed[target * set.table.rows + row]) rows[task]++
    }
  return set.tasks.map(({ id, kind }, k) => ({ id, kind, rows: rows[k] }))
}
