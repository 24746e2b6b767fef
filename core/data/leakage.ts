import type { Evaluation } from '../experiment.ts'
import { distinct } from './kinds.ts'
import type { Column } from './table.ts'
import type { TaskSet } from './taskSet.ts'

/**
 * What makes a figure look better than it is, or a table hard to learn from: a target that stands among the features
 * in another guise, keys as features, rows of one subject on both sides of a random split, more features than rows.
 * Warnings only: a person decides.
 */
export type DataWarning = { code: string; text: string; params: Record<string, string | number> }

/** Wide tables are checked no further than this many columns. */
const MAX_COLUMNS = 2000

export function dataWarnings(set: TaskSet, evaluation?: Pick<Evaluation, 'protocol' | 'testFolds'>): DataWarning[] {
  const warnings: DataWarning[] = []
  const { rows, columns } = set.table
  const add = (code: string, params: DataWarning['params'], text: string) => warnings.push({ code, params, text })
  const features = set.features.slice(0, MAX_COLUMNS)

  if (set.features.length > rows)
    add(
      'more-features-than-rows',
      { features: set.features.length, rows },
      `There are more features (${set.features.length}) than rows (${rows}): only strongly regularised methods can learn here, and figures will vary much.`,
    )
  for (const target of set.targets)
    for (const feature of features) {
      const name = columns[feature].name
      const of = columns[target].name
      // Most pairs are told apart by a thousandth of a large table.
      const same = (step: number) => sameThing(columns[target], columns[feature], rows, step)
      if (same(Math.ceil(rows / 1000)) && same(1))
        add(
          'target-in-features',
          { target: of, feature: name },
          `"${name}" says the same as the target "${of}": predicting it from itself teaches nothing. Ignore it unless it is known beforehand.`,
        )
    }
  for (const feature of features) {
    const column = columns[feature]
    if (isKey(column, rows))
      add(
        'key-as-feature',
        { feature: column.name, rows },
        `"${column.name}" has a different whole number in every row, as a key has. Ignore it if it is one.`,
      )
  }
  const random = evaluation && evaluation.testFolds === undefined && ['k-fold', 'holdout'].includes(evaluation.protocol)
  if (random && !set.blocks && !set.split)
    for (const [i, column] of columns.entries()) {
      if (set.targets.includes(i) || !SUBJECT.test(column.name)) continue
      const subjects = distinct(column, rows, rows)
      if (subjects < 2 || subjects > rows / 2) continue
      add(
        'subjects-split',
        { column: column.name, subjects, rows: Math.round(rows / subjects) },
        `Rows are split at random, but "${column.name}" has ${subjects} values with about ${Math.round(rows / subjects)} rows each: the same subject would train and test. Give it the role group, or say that known subjects are what you will predict.`,
      )
    }
  return warnings
}

const SUBJECT = /(subject|patient|participant|person|individual|animal|受试|被试|病人|患者|个体|动物)/i

/** Equal up to a linear map (correlation of 1 to ten digits) or a renaming of classes, over the rows that have both. */
function sameThing(target: Column, feature: Column, rows: number, step: number): boolean {
  if (target.kind === 'number' && feature.kind === 'number') return perfectlyCorrelated(target, feature, rows, step)
  if (target.kind === 'number' || feature.kind === 'number') return false
  const to = new Map<number, number>()
  const from = new Map<number, number>()
  let both = 0
  for (let row = 0; row < rows; row += step) {
    if (!target.valid[row] || !feature.valid[row]) continue
    both++
    const t = target.values[row]
    const f = feature.values[row]
    if ((to.get(f) ?? t) !== t || (from.get(t) ?? f) !== f) return false
    to.set(f, t)
    from.set(t, f)
  }
  return both > 2 && to.size > 1
}

function perfectlyCorrelated(a: Column, b: Column, rows: number, step: number): boolean {
  let n = 0
  let meanA = 0
  let meanB = 0
  for (let row = 0; row < rows; row += step) {
    if (!a.valid[row] || !b.valid[row]) continue
    n++
    meanA += (a.values[row] - meanA) / n
    meanB += (b.values[row] - meanB) / n
  }
  if (n < 3) return false
  let aa = 0
  let bb = 0
  let ab = 0
  for (let row = 0; row < rows; row += step) {
    if (!a.valid[row] || !b.valid[row]) continue
    const x = a.values[row] - meanA
    const y = b.values[row] - meanB
    aa += x * x
    bb += y * y
    ab += x * y
  }
  return aa > 0 && bb > 0 && 1 - Math.abs(ab) / Math.sqrt(aa * bb) < 1e-10
}

/** A whole number that differs in every row and counts them: 1, 2, 3, ... in any order. */
function isKey(column: Column, rows: number): boolean {
  if (column.kind !== 'number' || rows < 10) return false
  let min = Infinity
  let max = -Infinity
  for (let row = 0; row < rows; row++) {
    if (!column.valid[row] || !Number.isInteger(column.values[row])) return false
    min = Math.min(min, column.values[row])
    max = Math.max(max, column.values[row])
  }
  return max - min === rows - 1 && distinct(column, rows) === rows
}
