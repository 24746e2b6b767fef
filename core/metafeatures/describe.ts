import type { TaskSet } from '../data/taskSet.ts'
import { rng } from '../rng.ts'
import { META_FEATURES, type FeatureName, type Figures } from './catalogue.ts'
import { cellsOf } from './cells.ts'
import { information } from './information.ts'
import { landmarks } from './landmarks.ts'
import { modelBased } from './modelBased.ts'
import { simple } from './simple.ts'
import { statistical } from './statistical.ts'

/** The meta-features of one target over all rows (`task` null), or of one task of a task column. */
export type Described = {
  target: string
  task: string | null
  rows: number
  figures: Partial<Record<FeatureName, number>>
}

/** Fewer rows say nothing. */
const LEAST_ROWS = 5
/** Rows of a task, or of all, that simple learners and the tree are tried on. */
const TRIED = 500
/** The largest tasks only, where there are more. */
const MOST_TASKS = 300

/** All targets; then, where there is a task column, the tasks. Figures that have no meaning are left out. */
export function describe(set: TaskSet): Described[] {
  const measured = set.targets.map((_, target) => measuredRows(set, target))
  const wholes = set.targets.flatMap((_, target) => describeRows(set, target, null, measured[target]))
  if (!set.group) return wholes
  const rows = set.tasks.map(() => [] as number[])
  measured.forEach((own, target) => own.forEach((row) => rows[set.taskOf(row, target)].push(row)))
  const largest = [...set.tasks.keys()].sort((a, b) => rows[b].length - rows[a].length || a - b).slice(0, MOST_TASKS)
  const tasks = largest
    .sort((a, b) => a - b)
    .flatMap((task) => describeRows(set, set.tasks[task].target, set.tasks[task].id, Int32Array.from(rows[task])))
  return [...wholes, ...tasks]
}

function describeRows(set: TaskSet, target: number, task: string | null, rows: Int32Array): Described[] {
  if (rows.length < LEAST_ROWS) return []
  const cells = cellsOf(set, target, rows, rng(`metafeatures/${set.table.hash}/${target}/${task ?? ''}`))
  const figures: Figures = {
    ...simple(cells),
    ...statistical(cells),
    ...information(cells),
    ...landmarks(cells, TRIED),
    ...modelBased(cells, TRIED),
  }
  const { name } = set.table.columns[set.targets[target]]
  return [{ target: name, task, rows: rows.length, figures: finite(figures) }]
}

function finite(figures: Figures): Figures {
  return Object.fromEntries(
    META_FEATURES.flatMap(({ name }) => (Number.isFinite(figures[name]) ? [[name, figures[name]]] : [])),
  )
}

function measuredRows(set: TaskSet, target: number): Int32Array {
  const { rows } = set.table
  return Int32Array.from({ length: rows }, (_, row) => row).filter((row) => set.observed[target * rows + row])
}
