import { UserError } from '../errors.ts'
import { levelsOf } from './buildTaskSet.ts'
import { toFold, type Fold } from './fold.ts'
import type { TaskSet } from './taskSet.ts'

/** The `split` column: words like train and test give one fold; any other values give one fold each. */
export function stored(set: TaskSet): Fold[] {
  const { rows, columns } = set.table
  const column = columns[(set.split as { column: number }).column]
  const { codes, levels } = levelsOf(column, rows)
  const words = levels.map((level) => level.trim().toLowerCase())
  const isTest = words.map((word) => /^(test|testing|evaluation|eval)$/.test(word))
  const isTrain = words.map((word) => /^(train|training|learn|validation|valid|val|dev)$/.test(word))
  const named = isTest.includes(true) && isTest.every((test, i) => test || isTrain[i])
  if (!named && (levels.length < 2 || levels.length > Math.min(1000, rows / 2)))
    throw new UserError({
      code: 'evaluation.split-column',
      who: `split column "${column.name}"`,
      rule: 'It holds the words train and test, or the number of the fold that tests the row.',
      got: `${levels.length} different values: ${levels.slice(0, 4).join(', ')}`,
      remedy: 'Choose another split column, or none.',
    })
  const marks = named
    ? [Uint8Array.from(codes, (code) => Number(code >= 0 && isTest[code]))]
    : levels.map((_, level) => Uint8Array.from(codes, (code) => Number(code === level)))
  const folds = marks.map((test, fold) => toFold(set, { test }, fold, 0))
  for (const fold of folds) keepBlocks(set, fold, `split column "${column.name}"`)
  return folds
}

/** Folds of listed rows. */
export function given(set: TaskSet, testFolds: number[][] | string): Fold[] {
  if (typeof testFolds === 'string') throw new Error('internal: the file of test folds was not read')
  const { rows } = set.table
  const who = 'evaluation.testFolds'
  const refuse = (rule: string, got: string): never => {
    throw new UserError({
      code: 'evaluation.test-folds',
      who,
      rule,
      got,
      remedy: 'Give the 0-based row numbers of each fold, in file order.',
    })
  }
  if (!testFolds.length) refuse('There must be at least one fold.', 'none')
  return testFolds.map((list, fold) => {
    const test = new Uint8Array(rows)
    for (const row of list) {
      if (row >= rows) refuse(`A row number must be below ${rows}.`, `${row} in fold ${fold + 1}`)
      if (test[row]) refuse('A fold names a row once.', `row ${row} twice in fold ${fold + 1}`)
      test[row] = 1
    }
    if (!list.length || list.length === rows)
      refuse(
        'A fold must leave rows to learn from and rows to test on.',
        `${list.length} of ${rows} rows in fold ${fold + 1}`,
      )
    const made = toFold(set, { test }, fold, 0)
    keepBlocks(set, made, who)
    return made
  })
}

/** A split that a person gave must not tear a group apart. */
function keepBlocks(set: TaskSet, fold: Fold, who: string): void {
  const { blocks } = set
  if (!blocks) return
  const train = new Set(Array.from(fold.train, (row) => blocks[row]))
  const torn = fold.test.find((row) => blocks[row] >= 0 && train.has(blocks[row]))
  if (torn === undefined) return
  throw new UserError({
    code: 'evaluation.torn-group',
    who,
    rule: 'Rows of one group must all train or all test.',
    got: `row ${torn} in the test rows of fold ${fold.fold + 1}, with others of its group in training`,
    remedy: 'Move the group as a whole, or give the group column no role.',
  })
}
