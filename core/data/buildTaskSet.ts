import { UserError } from '../errors.ts'
import { equalRows } from './duplicates.ts'
import { asKind, distinct, measured } from './kinds.ts'
import type { Roles } from './roles.ts'
import type { Column, Table } from './table.ts'
import type { Task, TaskSet } from './taskSet.ts'

/** A nominal column of more classes than this is a name or a key, not a class. */
export const MAX_CLASSES = 1000

/**
 * A table and its roles become tasks: one per target, per level of the task column, or per pair of both. Every
 * contradiction between the two is a `UserError` here, before anything is trained.
 */
export function buildTaskSet(source: Table, roles: Roles): TaskSet {
  const table = withKinds(source, roles)
  const { rows, columns } = table
  const index = indexOf(table)
  checkRoles(roles, index)
  if (rows < 2)
    throw new UserError({
      code: 'roles.rows',
      who: 'the table',
      rule: 'Learning needs at least 2 rows: one to learn from and one to test on.',
      got: `${rows} row${rows === 1 ? '' : 's'}`,
      remedy: 'Add rows, or check that the whole table was read.',
    })
  if (!roles.targets.length)
    throw new UserError({
      code: 'roles.no-target',
      who: 'roles',
      rule: 'At least one column must be a target.',
      got: 'none',
      remedy: 'Choose the column that you want to predict.',
    })

  const targets = roles.targets.map((name) => index(name, 'targets'))
  const images = table.tensors !== undefined && table.tensors.length > 0
  for (const target of targets) checkTarget(columns[target], rows, images)
  const named = (name: string | null, role: string) => (name === null ? null : index(name, role))
  const task = named(roles.task, 'task')
  const block = named(roles.group, 'group')
  const split = named(roles.split, 'split')
  const weight = named(roles.weight, 'weight')
  const others = new Set([...targets, task, block, split, weight, ...roles.ignore.map((n) => index(n, 'ignore'))])
  const features = roles.features
    ? roles.features.map((name) => index(name, 'features'))
    : columns.map((_, i) => i).filter((i) => !others.has(i) && usable(columns[i], rows))
  for (const feature of features) checkFeature(columns[feature], rows)
  if (!features.length && !images)
    throw new UserError({
      code: 'roles.no-feature',
      who: 'roles',
      rule: 'At least one column must be left to predict from.',
      got: 'none: every other column is a target, has another role, is empty or holds free text',
      remedy: 'Give fewer columns a role, or name the features.',
    })

  const group = task === null ? null : levelsOf(columns[task], rows)
  if (group && group.levels.length > rows / 2 && group.levels.length > 20)
    throw new UserError({
      code: 'roles.task-levels',
      who: `task column "${columns[task as number].name}"`,
      rule: 'Rows must share tasks: at most half as many tasks as rows.',
      got: `${group.levels.length} different values in ${rows} rows`,
      remedy: 'Choose a column such as a site, a subject or a machine that several rows share.',
    })
  const observed = new Uint8Array(targets.length * rows)
  for (let t = 0; t < targets.length; t++)
    for (let row = 0; row < rows; row++)
      observed[t * rows + row] = columns[targets[t]].valid[row] && (!group || group.codes[row] >= 0) ? 1 : 0
  const blocks = block === null ? null : levelsOf(columns[block], rows).codes
  const again = equalRows({ table, features, targets }, roles, blocks)
  if (again.dropped)
    for (let t = 0; t < targets.length; t++)
      for (let row = 0; row < rows; row++) if (again.dropped[row]) observed[t * rows + row] = 0
  const { tasks, taskOf } = listTasks(table, targets, task, group, observed)
  return {
    table,
    features,
    targets,
    tasks,
    taskOf,
    observed,
    group: group?.codes ?? null,
    groups: group?.levels ?? null,
    blocks: again.blocks,
    ...(again.dropped ? { dropped: again.dropped } : {}),
    ...(again.blocks && !blocks ? { equalBlocks: true } : {}),
    split: split === null ? null : { column: split },
    weight: weight === null ? null : weights(columns[weight], rows),
  }
}

function withKinds(table: Table, roles: Roles): Table {
  const kinds = roles.kinds
  if (!kinds) return table
  const index = indexOf(table)
  for (const name of Object.keys(kinds)) index(name, 'kinds')
  return {
    ...table,
    columns: table.columns.map((column) =>
      kinds[column.name] ? asKind(column, kinds[column.name], table.rows) : column,
    ),
  }
}

function indexOf(table: Table) {
  const places = new Map(table.columns.map((column, i) => [column.name, i]))
  return (name: string, role: string): number => {
    const at = places.get(name)
    if (at !== undefined) return at
    throw new UserError({
      code: 'roles.unknown-column',
      who: `role "${role}"`,
      rule: 'A role names a column of the table.',
      got: `"${name}"`,
      remedy: `The columns are: ${listed(table.columns.map((column) => column.name))}.`,
    })
  }
}

function listed(names: string[]): string {
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`
}

/** A column has one role at most. */
function checkRoles(roles: Roles, index: (name: string, role: string) => number): void {
  const role = new Map<string, string>()
  const all: [string, (string | null)[]][] = [
    ['target', roles.targets],
    ['feature', roles.features ?? []],
    ['task', [roles.task]],
    ['group', [roles.group]],
    ['split', [roles.split]],
    ['weight', [roles.weight]],
    ['ignore', roles.ignore],
  ]
  for (const [name, columns] of all)
    for (const column of columns) {
      if (column === null) continue
      index(column, name)
      const before = role.get(column)
      if (before !== undefined)
        throw new UserError({
          code: 'roles.contradiction',
          who: `column "${column}"`,
          rule: 'A column has one role only, given once.',
          got: before === name ? `"${name}" twice` : `"${before}" and "${name}"`,
          remedy: 'Choose one of them.',
        })
      role.set(column, name)
    }
}

function checkTarget(column: Column, rows: number, images: boolean): void {
  const who = `target "${column.name}"`
  const values = measured(column, rows)
  if (!values)
    throw new UserError({
      code: 'roles.target-empty',
      who,
      rule: 'A target must be measured in at least 2 rows.',
      got: 'no value at all',
      remedy: 'Choose another target, or fill it in.',
    })
  const classes = distinct(column, rows)
  if (classes < 2)
    throw column.kind === 'number'
      ? new UserError({
          code: 'roles.target-constant',
          who,
          rule: 'A target must vary: at least 2 different values.',
          got: `the value ${column.values[column.valid.indexOf(1)]} in all ${values} measured rows`,
          remedy: 'Choose another target: there is nothing to predict in this one.',
        })
      : new UserError({
          code: 'roles.target-one-class',
          who,
          rule: 'A target of classes must have at least 2 of them.',
          got: `only "${(column.levels as string[])[column.values[column.valid.indexOf(1)]]}"`,
          remedy: 'Choose another target, or add rows of another class.',
        })
  // Classes of images are drawn a few at a time.
  if (column.kind !== 'number' && classes > MAX_CLASSES && !images) refuseLevels(who, 'target', classes)
}

function checkFeature(column: Column, rows: number): void {
  const who = `feature "${column.name}"`
  if (!measured(column, rows))
    throw new UserError({
      code: 'roles.feature-empty',
      who,
      rule: 'A feature must have at least one value.',
      got: 'no value at all',
      remedy: 'Ignore this column.',
    })
  if (column.kind === 'number') return
  const levels = distinct(column, rows)
  if (levels > MAX_CLASSES) refuseLevels(who, 'feature', levels)
}

function refuseLevels(who: string, role: string, got: number): never {
  throw new UserError({
    code: `roles.${role}-levels`,
    who,
    rule: `A ${role} of classes may have at most ${MAX_CLASSES.toLocaleString('en')} of them.`,
    got: `${got.toLocaleString('en')} different values`,
    remedy: 'Such a column is mostly a name or a key: ignore it, or join its values into fewer classes.',
  })
}

/** Free text and empty columns are no features unless somebody names them. */
function usable(column: Column, rows: number): boolean {
  return (
    column.kind !== 'text' &&
    column.valid.includes(1) &&
    (column.kind === 'number' || distinct(column, rows) <= MAX_CLASSES)
  )
}

/** Levels of a column as codes: numbers in numeric order, words in order of first appearance; -1 where missing. */
export function levelsOf(column: Column, rows: number): { codes: Int32Array; levels: string[] } {
  const category = asKind(column, 'category', rows)
  const levels: string[] = []
  const code = new Int32Array((category.levels as string[]).length).fill(-1)
  const used = new Uint8Array(code.length)
  for (let row = 0; row < rows; row++) if (category.valid[row]) used[category.values[row]] = 1
  for (let level = 0; level < code.length; level++)
    if (used[level]) code[level] = levels.push((category.levels as string[])[level]) - 1
  const codes = new Int32Array(rows).fill(-1)
  for (let row = 0; row < rows; row++) if (category.valid[row]) codes[row] = code[category.values[row]]
  return { codes, levels }
}

function listTasks(
  table: Table,
  targets: number[],
  taskColumn: number | null,
  group: { codes: Int32Array; levels: string[] } | null,
  observed: Uint8Array,
): Pick<TaskSet, 'tasks' | 'taskOf'> {
  const { rows, columns } = table
  const tasks: Task[] = []
  const groups = group?.levels.length ?? 1
  // [target, group] -> task
  const at = new Int32Array(targets.length * groups).fill(-1)
  targets.forEach((column, target) => {
    const { name, kind, levels } = columns[column]
    const has = new Uint8Array(groups)
    for (let row = 0; row < rows; row++) if (observed[target * rows + row]) has[group ? group.codes[row] : 0] = 1
    for (let g = 0; g < groups; g++) {
      if (!has[g]) continue
      const level = group ? `${columns[taskColumn as number].name}=${group.levels[g]}` : ''
      at[target * groups + g] = tasks.length
      tasks.push({
        id: !group ? name : targets.length === 1 ? level : `${name}@${level}`,
        target,
        group: group ? g : null,
        ...(kind === 'number'
          ? { kind: 'regression' }
          : { kind: (levels as string[]).length === 2 ? 'binary' : 'multiclass', classes: levels }),
      })
    }
  })
  return {
    tasks,
    taskOf(row, target) {
      const g = group ? group.codes[row] : 0
      return g < 0 ? -1 : at[target * groups + g]
    },
  }
}

function weights(column: Column, rows: number): Float64Array {
  const refuse = (got: string): never => {
    throw new UserError({
      code: 'roles.weight',
      who: `weight "${column.name}"`,
      rule: 'Every row must have a weight of 0 or more, and one of them must be above 0.',
      got,
      remedy: 'Choose another weight column, or mend the value.',
    })
  }
  if (column.kind !== 'number') refuse('words')
  let sum = 0
  for (let row = 0; row < rows; row++) {
    if (!column.valid[row]) refuse(`no value in row ${row + 1}`)
    if (column.values[row] < 0) refuse(`${column.values[row]} in row ${row + 1}`)
    sum += column.values[row]
  }
  if (sum === 0) refuse('0 in every row')
  return Float64Array.from(column.values)
}
