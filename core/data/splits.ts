import { UserError } from '../errors.ts'
import type { Evaluation } from '../experiment.ts'
import { rng as rngOf, type Rng } from '../rng.ts'
import { levelsOf } from './buildTaskSet.ts'
import { classesAreTasks, classParts } from './classParts.ts'
import type { TaskSet, View } from './taskSet.ts'

/**
 * Which rows train and which test, from the seed alone. Rows of one block (the `group` role) always stay together.
 * Splits are lightly stratified: tasks and classes are dealt evenly over the folds.
 */
export type Fold = {
  fold: number
  repeat: number
  train: Int32Array
  test: Int32Array
  /** Tasks that are tested and never trained on: `train` holds no row of theirs. */
  testTasks?: Int32Array
}

/** The folds that were asked for last of a set: every trial of an experiment asks for the same. */
const made = new WeakMap<TaskSet, { key: string; folds: Fold[] }>()

/** The same arrays for the same set and evaluation: not to be written to. */
export function makeFolds(set: TaskSet, evaluation: Evaluation): Fold[] {
  const key = evaluationKey(evaluation)
  const known = made.get(set)
  if (known?.key === key) return known.folds
  const folds = foldsOf(set, evaluation)
  made.set(set, { key, folds })
  return folds
}

const keys = new WeakMap<Evaluation, string>()

/** Equal for equal evaluations; written once for each, since it may hold the rows of every fold. */
export function evaluationKey(evaluation: Evaluation): string {
  const key = keys.get(evaluation) ?? JSON.stringify(evaluation)
  keys.set(evaluation, key)
  return key
}

function foldsOf(set: TaskSet, evaluation: Evaluation): Fold[] {
  if (evaluation.testFolds !== undefined) return given(set, evaluation.testFolds)
  if (set.split && (evaluation.protocol === 'k-fold' || evaluation.protocol === 'holdout')) return stored(set)
  const random = rngOf(`split/${evaluation.seed}`)
  if (classesAreTasks(set, evaluation))
    return repeated(set, evaluation, random, (draw) => [holdClassesOut(set, evaluation, draw)])
  switch (evaluation.protocol) {
    case 'k-fold':
      return repeated(set, evaluation, random, (draw) => kFold(set, evaluation.folds, draw))
    case 'holdout':
      return repeated(set, evaluation, random, (draw) => [holdout(set, evaluation.testFraction, draw)])
    case 'leave-one-group-out':
      return leaveOneGroupOut(set)
    case 'new-task':
    case 'few-shot':
      return repeated(set, evaluation, random, (draw) => [holdTasksOut(set, evaluation.testFraction, draw)])
  }
}

/** A split before it has a number. `test` marks rows; `groups` the task-column levels that are held out. */
type Mark = { test: Uint8Array; groups?: Set<number> }

function repeated(set: TaskSet, evaluation: Evaluation, random: Rng, split: (random: Rng) => Mark[]): Fold[] {
  return Array.from({ length: evaluation.repeats }, (_, repeat) =>
    split(random.split(repeat)).map((mark, fold) => toFold(set, mark, fold, repeat)),
  ).flat()
}

function toFold(set: TaskSet, { test, groups }: Mark, fold: number, repeat: number): Fold {
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

/** [row] the unit a row is dealt with: its block, or itself. */
function units(set: TaskSet): { of: Int32Array; count: number } {
  const { rows } = set.table
  if (!set.blocks) return { of: Int32Array.from({ length: rows }, (_, row) => row), count: rows }
  const number = new Map<number, number>()
  let count = 0
  const of = Int32Array.from(set.blocks, (block) => {
    if (block < 0) return count++
    let unit = number.get(block)
    if (unit === undefined) number.set(block, (unit = count++))
    return unit
  })
  return { of, count }
}

/** [row] the stratum of a row: its task-column level and its class of the first target of classes. */
function strata(set: TaskSet): Int32Array {
  const { rows, columns } = set.table
  const target = set.targets.findIndex((column) => columns[column].kind !== 'number')
  const column = target < 0 ? null : columns[set.targets[target]]
  const classes = column ? (column.levels as string[]).length + 1 : 1
  return Int32Array.from({ length: rows }, (_, row) => {
    const group = (set.group?.[row] ?? -1) + 1
    const level = column && column.valid[row] ? column.values[row] + 1 : 0
    return group * classes + level
  })
}

/** Rows in random order within their stratum, stratum after stratum: dealing them out in turn spreads each evenly. */
function shuffledByStratum(set: TaskSet, random: Rng): Int32Array {
  const stratum = strata(set)
  const order = random.permutation(set.table.rows)
  return order.sort((a, b) => stratum[a] - stratum[b])
}

function kFold(set: TaskSet, folds: number, random: Rng): Mark[] {
  const { of, count } = units(set)
  if (count < folds)
    throw new UserError({
      code: 'evaluation.folds',
      who: 'evaluation.folds',
      rule: `There may be at most as many folds as ${set.blocks ? 'groups' : 'rows'} (${count}).`,
      got: String(folds),
      remedy: `Choose ${count} or fewer.`,
    })
  const fold = new Int32Array(count)
  if (set.blocks) {
    // Blocks differ in size: each goes to the fold with the fewest rows so far.
    const size = new Int32Array(count)
    for (const unit of of) size[unit]++
    const load = new Int32Array(folds)
    for (const unit of random.permutation(count)) {
      let least = 0
      for (let f = 1; f < folds; f++) if (load[f] < load[least]) least = f
      fold[unit] = least
      load[least] += size[unit]
    }
  } else shuffledByStratum(set, random).forEach((row, i) => (fold[row] = i % folds))
  return Array.from({ length: folds }, (_, f) => ({ test: Uint8Array.from(of, (unit) => Number(fold[unit] === f)) }))
}

function holdout(set: TaskSet, fraction: number, random: Rng): Mark {
  return { test: markShare(set, fraction, random) }
}

/** Marks about `fraction` of the rows, whole blocks, at least one unit and never all. */
function markShare(set: TaskSet, fraction: number, random: Rng): Uint8Array {
  const { rows } = set.table
  const { of, count } = units(set)
  if (count < 2)
    throw new UserError({
      code: 'evaluation.one-group',
      who: 'group column',
      rule: 'Groups stay whole, so there must be at least 2 of them to split.',
      got: '1 group',
      remedy: 'Choose another group column, or none.',
    })
  const marked = new Uint8Array(count)
  if (set.blocks) {
    const size = new Int32Array(count)
    for (const unit of of) size[unit]++
    let taken = 0
    const order = random.permutation(count)
    for (let i = 0; i < count - 1 && (i === 0 || taken + size[order[i]] / 2 <= fraction * rows); i++) {
      marked[order[i]] = 1
      taken += size[order[i]]
    }
  } else {
    // Every 1/fraction-th row along the strata.
    const wanted = Math.max(1, Math.min(rows - 1, Math.round(fraction * rows)))
    const order = shuffledByStratum(set, random)
    for (let i = 0; i < wanted; i++) marked[order[Math.floor(((i + 0.5) * rows) / wanted)]] = 1
  }
  return Uint8Array.from(of, (unit) => marked[unit])
}

function leaveOneGroupOut(set: TaskSet): Fold[] {
  const blocks = set.equalBlocks ? null : set.blocks
  const group = blocks ?? set.group
  if (!group)
    throw new UserError({
      code: 'evaluation.no-group',
      who: 'protocol "leave-one-group-out"',
      rule: 'It leaves out one group after the other, so a column must have the role group or task.',
      got: 'neither',
      remedy: 'Choose a group column, or use k-fold.',
    })
  const levels = [...new Set(group)].filter((level) => level >= 0).sort((a, b) => a - b)
  if (levels.length < 2)
    throw new UserError({
      code: 'evaluation.one-group',
      who: 'protocol "leave-one-group-out"',
      rule: 'There must be at least 2 groups.',
      got: String(levels.length),
      remedy: 'Choose another group column, or use k-fold.',
    })
  return levels.map((level, fold) => {
    const test = Uint8Array.from(group, (g) => Number(g === level))
    return toFold(set, blocks ? { test } : { test, groups: new Set([level]) }, fold, 0)
  })
}

function holdClassesOut(set: TaskSet, evaluation: Evaluation, random: Rng): Mark {
  const { test } = classParts(set, evaluation, random)
  const { values, valid } = set.table.columns[set.targets[0]]
  return { test: Uint8Array.from({ length: set.table.rows }, (_, row) => Number(valid[row] && test.has(values[row]))) }
}

function holdTasksOut(set: TaskSet, fraction: number, random: Rng): Mark {
  if (set.generator && !set.group) return { test: new Uint8Array(set.table.rows) }
  if (!set.group || !set.groups)
    throw new UserError({
      code: 'evaluation.no-task-column',
      who: 'evaluation.protocol',
      rule: 'Whole tasks are held out, so a column must have the role task.',
      got: 'no task column',
      remedy: 'Choose a task column, or use k-fold.',
    })
  const count = set.groups.length
  if (count < 2)
    throw new UserError({
      code: 'evaluation.one-task',
      who: 'task column',
      rule: 'Holding tasks out needs at least 2 tasks.',
      got: String(count),
      remedy: 'Choose another task column, or use k-fold.',
    })
  const wanted = Math.max(1, Math.min(count - 1, Math.round(fraction * count)))
  const groups = new Set(random.permutation(count).slice(0, wanted))
  return { groups, test: Uint8Array.from(set.group, (g) => Number(groups.has(g))) }
}

/** The `split` column: words like train and test give one fold; any other values give one fold each. */
function stored(set: TaskSet): Fold[] {
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

function given(set: TaskSet, testFolds: number[][] | string): Fold[] {
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
