import type { Evaluation } from '../experiment.ts'
import type { Rng } from '../rng.ts'
import { kFold, markShare, units } from './dealing.ts'
import type { TaskSet, View } from './taskSet.ts'

/** Inner rows for early stopping, taken from a training view by the same rules; none where too few rows are left. */
export function innerSplit(view: View, fraction: number, random: Rng): { train: View; inner: View | null } {
  const { set, rows } = view
  const inside = subset(set, rows)
  if (rows.length < 10 || units(inside).count < 4) return { train: view, inner: null }
  const marked = markShare(inside, fraction, random)
  const pick = (value: number) => ({ ...view, rows: rows.filter((_, i) => marked[i] === value) })
  return { train: pick(0), inner: pick(1) }
}

/**
 * Inner folds of a training view, made by the rules of the outer ones: whole tasks are held out where the protocol
 * asks about tasks never seen, whole blocks where there are any. None where too few units are left to split.
 */
export function innerFolds(
  view: View,
  protocol: Evaluation['protocol'],
  folds: number,
  random: Rng,
): { train: View; test: View }[] {
  const { set, rows } = view
  const whole =
    protocol === 'new-task' ||
    protocol === 'few-shot' ||
    (protocol === 'leave-one-group-out' && (!set.blocks || set.equalBlocks === true))
  if (whole && set.group) return wholeTaskFolds(view, folds, random)
  const inside = subset(set, rows)
  const count = Math.min(folds, units(inside).count)
  if (count < 2) return []
  return kFold(inside, count, random).map(({ test }) => ({
    train: { ...view, rows: rows.filter((_, i) => !test[i]) },
    test: { ...view, rows: rows.filter((_, i) => test[i]) },
  }))
}

function wholeTaskFolds(view: View, folds: number, random: Rng): { train: View; test: View }[] {
  const { set, rows, tasks } = view
  const group = set.group as Int32Array
  const levels = [...new Set(Array.from(rows, (row) => group[row]))].filter((level) => level >= 0).sort((a, b) => a - b)
  const count = Math.min(folds, levels.length)
  if (count < 2) return []
  const order = random.permutation(levels.length)
  return Array.from({ length: count }, (_, fold) => {
    const held = new Set(Array.from(order, (at) => levels[at]).filter((_, i) => i % count === fold))
    const isHeld = (row: number) => held.has(group[row])
    const touched = new Set(set.blocks ? Array.from(rows.filter(isHeld), (row) => (set.blocks as Int32Array)[row]) : [])
    touched.delete(-1)
    const heldTask = (task: number) => held.has(set.tasks[task].group ?? -1)
    const free = (row: number) => !isHeld(row) && !(set.blocks && touched.has(set.blocks[row]))
    return {
      train: { set, rows: rows.filter(free), tasks: tasks.filter((task) => !heldTask(task)) },
      test: { set, rows: rows.filter(isHeld), tasks: tasks.filter(heldTask) },
    }
  }).filter(({ train }) => train.rows.length > 0)
}

/** The parts of a task set that splitting reads, for some of its rows. */
function subset(set: TaskSet, rows: Int32Array): TaskSet {
  const take = (values: Int32Array | null) => values && Int32Array.from(rows, (row) => values[row])
  const columns = set.table.columns.map((column, i) =>
    set.targets.includes(i) && column.kind !== 'number'
      ? {
          ...column,
          values: Int32Array.from(rows, (row) => column.values[row]),
          valid: Uint8Array.from(rows, (row) => column.valid[row]),
        }
      : column,
  )
  return {
    ...set,
    table: { ...set.table, rows: rows.length, columns },
    group: take(set.group),
    blocks: take(set.blocks),
  }
}
