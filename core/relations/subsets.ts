import type { TaskSet, View } from '../data/taskSet.ts'
import type { TaskSetSummary } from '../method.ts'
import type { RelationsSpec } from '../experiment.ts'

/**
 * Which tasks are fitted together to measure which helps which:
 *   pairs           {t} and {s, t}: what s gives t is what t wins with s over alone; one fit of a pair says both ways
 *   leave-one-out   all tasks, and all but one: what s gives t is what t loses without s
 * Counted in one order from the number of tasks and the designs alone, so that a trial can name its part of them by two
 * numbers.
 */
export type Subset = readonly number[]

export function subsetsOf(tasks: number, designs: RelationsSpec['designs']): Subset[] {
  const all = Array.from({ length: tasks }, (_, t) => t)
  const found: Subset[] = []
  if (designs.includes('pairs')) {
    found.push(...all.map((t) => [t]))
    for (const s of all) for (let t = s + 1; t < tasks; t++) found.push([s, t])
  }
  if (designs.includes('leave-one-out')) {
    // With two tasks all but one is alone, with three it is a pair: no set is fitted twice.
    const known = new Set(found.map(keyOf))
    for (const subset of [all, ...all.map((left) => all.filter((t) => t !== left))])
      if (!known.has(keyOf(subset))) found.push(subset)
  }
  return found
}

export const keyOf = (subset: Subset): string => subset.join(',')

/** Parts of the subsets, each one trial: enough of them to keep every worker busy, few enough to list. */
export function partsOf(count: number): { from: number; to: number }[] {
  const each = Math.max(8, Math.ceil(count / 48))
  return Array.from({ length: Math.ceil(count / each) }, (_, k) => ({
    from: k * each,
    to: Math.min(count, (k + 1) * each),
  }))
}

/** The tasks of the set that are related, by index: those that the spec names, in the set's order, or all. */
export function relatedTasks(set: TaskSet, names: readonly string[] | undefined): number[] {
  const wanted = names && new Set(names)
  return set.tasks.flatMap(({ id }, k) => (!wanted || wanted.has(id) ? [k] : []))
}

/** What is left of a summary where only so many of the tasks are learned; `usual` of usual size would have their rows. */
export function narrowedSummary(s: TaskSetSummary, tasks: number, usual: number = tasks): TaskSetSummary {
  const share = tasks / s.tasks
  if (!s.taskColumn) return { ...s, tasks, targets: tasks }
  return {
    ...s,
    tasks,
    rows: Math.max(1, Math.round((s.rows * usual) / s.tasks)),
    targets: Math.max(1, Math.round(s.targets * share)),
  }
}

/** A view without the other tasks, and without the rows in which none of these was measured. */
export function narrowed(view: View, tasks: readonly number[]): View {
  const { set } = view
  const wanted = new Set(tasks)
  const targets = [...new Set(tasks.map((task) => set.tasks[task].target))]
  const rows = view.rows.filter((row) =>
    targets.some((target) => set.observed[target * set.table.rows + row] && wanted.has(set.taskOf(row, target))),
  )
  return {
    set,
    // The same array where no row falls away: what was worked out of it is found again by it.
    rows: rows.length === view.rows.length ? view.rows : rows,
    tasks: view.tasks.filter((task) => wanted.has(task)),
  }
}
