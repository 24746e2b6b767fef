import { UserError } from '../errors.ts'
import type { TaskSet } from './taskSet.ts'

/** Which rows train and which test. */
export type Fold = {
  fold: number
  repeat: number
  train: Int32Array
  test: Int32Array
  /** Tasks that are tested and never trained on: `train` holds no row of theirs. */
  testTasks?: Int32Array
}

/** A split before it has a number. `test` marks rows; `groups` the task-column levels that are held out. */
export type Mark = { test: Uint8Array; groups?: Set<number> }

export function toFold(set: TaskSet, { test, groups }: Mark, fold: number, repeat: number): Fold {
  const rows = usedRows(set)
  const testRows = rows.filter((row) => test[row])
  const base = { fold, repeat, train: rows.filter((row) => !test[row]), test: testRows }
  if (!groups) return base
  // A block that has a row in a held-out task leaves the training rows as a whole.
  const { blocks } = set
  const touched = new Set(blocks ? Array.from(testRows, (row) => blocks[row]).filter((block) => block >= 0) : [])
  const train = base.train.filter((row) => !blocks || !touched.has(blocks[row]))
  if (!train.length)
    throw new UserError({
      code: 'evaluation.no-training-rows',
      who: 'group column',
      rule: 'Groups stay whole, so some groups must lie wholly outside the tasks that are held out.',
      got: 'only groups that have rows in the held-out tasks too',
      remedy: 'Give the group column no role, or use k-fold.',
    })
  const isHeld = (i: number) => set.tasks[i].group !== null && groups.has(set.tasks[i].group as number)
  return { ...base, train, testTasks: Int32Array.from(set.tasks.keys()).filter(isHeld) }
}

/** All rows but those that the roles drop. */
export function usedRows({ table, dropped }: TaskSet): Int32Array {
  const rows = Int32Array.from({ length: table.rows }, (_, row) => row)
  return dropped ? rows.filter((row) => !dropped[row]) : rows
}
