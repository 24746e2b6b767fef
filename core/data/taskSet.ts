import type { Table } from './table.ts'
import type { TaskGenerator } from './generator.ts'

/** "Y1", "school=12" or "yield@site=Morris": a target, a group value, or the pair; never anything else. */
export type TaskId = string
export type TaskKind = 'regression' | 'binary' | 'multiclass'

export type Task = {
  id: TaskId
  /** Index into `TaskSet.targets`. */
  target: number
  /** Index of the task column's level, or null where there is no task column. */
  group: number | null
  kind: TaskKind
  /** Class names of binary and multiclass tasks, the same for all tasks of one target. */
  classes?: string[]
}

/** Tables become tasks: one row with many targets, rows that belong to a task, or both at once. */
export type TaskSet = {
  table: Table
  /** Column indices of the inputs. */
  features: number[]
  /** Column indices of the targets. */
  targets: number[]
  tasks: Task[]
  /** The index of the task that cell (row, target index) belongs to, -1 where the row has no task value. */
  taskOf(row: number, target: number): number
  /** [target, row], 1 where the cell is measured and the row has a task. Missing targets are masks: no row is dropped, none imputed. */
  observed: Uint8Array
  /** [row] index into `groups` per row (-1 missing), or null without a task column. */
  group: Int32Array | null
  /** Level names of the task column, where there is one. */
  groups: string[] | null
  /** [row] of the `group` role: rows of one block are never split across folds. Null where no such role is set. */
  blocks: Int32Array | null
  /** [row] 1 for copies of an earlier row that the roles drop: in no fold, nothing of them is measured. */
  dropped?: Uint8Array
  /** The blocks are equal rows alone, kept together: there is no group that could be left out. */
  equalBlocks?: true
  /** [row] level of the `split` role (a stored train/test column), or null. */
  split: { column: number } | null
  /** [row] sample weights, or null. */
  weight: Float64Array | null
  /** Where the tasks come from a generator, methods may draw fresh ones instead of reading rows. */
  generator?: TaskGenerator
}

/** A fold, a support set, a query set: all are Views. Cells (row, target) whose task is not in `tasks` are ignored. */
export type View = { set: TaskSet; rows: Int32Array; tasks: Int32Array }

/**
 * What a model says of a view: for every row of the view and every target one number (regression), the probability
 * of class 1 (binary), or one probability per class. NaN where the model has nothing to say of that cell.
 */
export type TargetPrediction = {
  /** Index into `TaskSet.targets`. */
  target: number
  /** 1 for regression and binary, the number of classes for multiclass. */
  width: number
  /** [row of the view, width] */
  values: Float64Array
}
export type Predictions = { rows: Int32Array; targets: TargetPrediction[] }
