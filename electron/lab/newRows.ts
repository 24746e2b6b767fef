import { cell } from '../../core/data/summary.ts'
import type { Column, Table } from '../../core/data/table.ts'
import type { Task, TaskSet } from '../../core/data/taskSet.ts'
import { UserError } from '../../core/errors.ts'
import type { Model } from '../../core/method.ts'
import { onNewClasses } from '../../core/newClasses.ts'
import type { ModelAbout } from '../../core/saved.ts'
import type { Scale } from '../../core/transforms/scale.ts'
import { english } from '../../core/words/say.ts'
import type { Params } from '../../core/words/say.ts'
import type { Subject } from './modelWork.ts'
import { tableOf, type SharedTable } from './shared.ts'

/** A cell of a table of answers. */
export type Cell = string | number | null
type Warning = { code: string; text: string; params: Params }
/** Columns of standard deviations, and the scale on which their target was learned. */
type Deviation = { target: string; column: string; scale: Scale | null }
type Answers = { columns: string[]; rows: Cell[][]; deviations: Deviation[]; warnings: Warning[] }
/** A file of rows as it goes to a thread; `name` is the file's; `drawn`: for a model of drawn classes. */
export type NewRows = { table: SharedTable; taskColumn: string | null; name: string; drawn?: boolean }

/** Rows of predictions that are shown at once. */
const SHOWN = 20

/** What a model says of new rows, as CSV; the first rows of it to look at. */
export async function predictRows({ about, model, methodKey }: Subject, asked: NewRows) {
  if (asked.drawn && !about.drawn?.learned) throw unlearned(methodKey)
  const own = about.drawn ? onNewClasses(model, about) : model
  const { columns, rows, ...told } = await answers(own, newRows(asked, about), about, asked.taskColumn)
  return { rows: rows.length, columns, preview: rows.slice(0, SHOWN), csv: toCsv(columns, rows), ...told }
}

function unlearned(methodKey: string): UserError {
  return new UserError({
    code: 'run.drawn-classes',
    who: `Method ${methodKey}`,
    rule: 'must learn a few labelled rows of the classes of a file before it predicts the others: it learned from classes drawn a few at a time, and answers in their places.',
    got: 'the model as it was trained',
    remedy: 'Give it labelled rows of the new classes first ("Learn new classes", engram adapt).',
  })
}

/**
 * New rows as a task set of the model's own tasks. Columns are found by name; targets need not be there. A level of
 * the task column that the model never saw is a new task of its own.
 */
export function newRows({ table: shared, taskColumn, name }: NewRows, about: ModelAbout, labelled = false): TaskSet {
  const table = tableOf(shared)
  const find = (column: string) => table.columns.findIndex((each) => each.name === column)
  const grouped = about.tasks.some((task) => task.group !== null)
  const labels = labelled ? about.targets.map((target) => target.name) : []
  const wanted = [...about.features.map(({ name }) => name), ...(grouped && taskColumn ? [taskColumn] : []), ...labels]
  const missing = wanted.filter((column) => find(column) < 0)
  if (missing.length)
    throw new UserError({
      code: 'predict.missing-columns',
      who: name,
      rule: `must have every column that the model learned from: ${listed(wanted)}.`,
      got: `no column ${listed(missing.map((column) => `"${column}"`))}`,
      remedy: 'Add the columns, or correct their names. Empty cells are allowed.',
    })
  const blank = (n: number): Column => ({
    name: about.targets[n].name,
    kind: 'number',
    values: new Float64Array(table.rows),
    valid: new Uint8Array(table.rows),
  })
  const learned = about.features.map(({ name, kind }) => {
    const column = table.columns[find(name)]
    return kind === 'number' ? asNumbers(column) : words(column)
  })
  // Targets are looked at where they are to be learned from, and nowhere else.
  const told = about.targets.map(({ name, classes }, n) =>
    labelled ? asTarget(table.columns[find(name)], classes) : blank(n),
  )
  const columns = [...learned, ...told]
  const features = learned.map((_, n) => n)
  const targets = about.targets.map((_, n) => learned.length + n)
  const groups = grouped && taskColumn ? groupsOf(table, find(taskColumn), about) : null
  const tasks = tasksOf(about, groups?.levels ?? null)
  const place = new Map(tasks.map((task, k) => [`${task.target}/${task.group ?? ''}`, k]))
  const taskOf = (row: number, target: number) =>
    place.get(`${target}/${groups ? (groups.group[row] < 0 ? 'none' : groups.group[row]) : ''}`) ?? -1
  return {
    table: { ...table, columns },
    features,
    targets,
    tasks,
    taskOf,
    observed: observedOf(told, groups?.group ?? null, table.rows),
    group: groups?.group ?? null,
    groups: groups?.levels ?? null,
    blocks: null,
    split: null,
    weight: null,
  }
}

/** Labels as the model counts them: classes by their name; a class that it never saw is no label. */
function asTarget(column: Column, classes: string[] | null): Column {
  if (!classes) return asNumbers(column)
  const own = words(column)
  const place = own.levels!.map((level) => classes.indexOf(level))
  const valid = Uint8Array.from(own.valid, (ok, row) => Number(ok && place[own.values[row]] >= 0))
  const values = Int32Array.from(own.values, (level, row) => (valid[row] ? place[level] : 0))
  return { name: column.name, kind: 'category', values, valid, levels: classes }
}

/** Labels of a file that cannot be read as what the model learned: said, since such a row silently counts as unlabelled. */
export function unreadLabels({ table: shared }: NewRows, about: ModelAbout): Warning[] {
  const { columns, rows } = tableOf(shared)
  return about.targets.flatMap(({ name, classes }) => {
    const column = columns.find((each) => each.name === name)
    if (!column) return []
    const { valid } = asTarget(column, classes)
    const lost = Array.from({ length: rows }, (_, row) => row).filter((row) => column.valid[row] && !valid[row])
    if (!lost.length) return []
    const example = String(cell(column, lost[0]))
    return [warn('adapt.unread-labels', { target: name, cells: lost.length, example })]
  })
}

/** [target, row]: new rows without labels have nothing observed. */
function observedOf(targets: Column[], group: Int32Array | null, rows: number): Uint8Array {
  const out = new Uint8Array(targets.length * rows)
  targets.forEach(({ valid }, t) => {
    for (let row = 0; row < rows; row++) out[t * rows + row] = Number(valid[row] && (!group || group[row] >= 0))
  })
  return out
}

/** A file of new rows may hold numbers as words, where a cell is odd: what is no number counts as missing. */
function asNumbers(column: Column): Column {
  if (column.kind === 'number') return column
  const numbers = column.levels!.map((level) => (level.trim() ? Number(level) : NaN))
  const values = Float64Array.from(column.values, (level, row) => (column.valid[row] ? numbers[level] : NaN))
  return {
    name: column.name,
    kind: 'number',
    values,
    valid: Uint8Array.from(values, (v) => Number(Number.isFinite(v))),
  }
}

/** And words as numbers, where every level of the file happens to be one. */
export function words(column: Column): Column {
  if (column.kind !== 'number') return column
  const place = new Map<number, number>()
  const values = Int32Array.from(column.values, (value, row) => {
    if (!column.valid[row]) return 0
    if (!place.has(value)) place.set(value, place.size)
    return place.get(value)!
  })
  return { name: column.name, kind: 'category', values, valid: column.valid, levels: [...place.keys()].map(String) }
}

function groupsOf(table: Table, at: number, about: ModelAbout): { group: Int32Array; levels: string[] } {
  const levels = [...new Set(about.tasks.map((task) => task.group as string))]
  const place = new Map(levels.map((level, i) => [level, i]))
  const group = Int32Array.from({ length: table.rows }, (_, row) => {
    const value = cell(table.columns[at], row)
    if (value === null) return -1
    const level = String(value)
    const known = place.get(level)
    if (known !== undefined) return known
    place.set(level, levels.length)
    return levels.push(level) - 1
  })
  return { group, levels }
}

function tasksOf(about: ModelAbout, levels: string[] | null): Task[] {
  const classesOf = (target: number) => about.targets[target].classes ?? undefined
  const known = about.tasks.map(({ id, target, kind, group }): Task => ({
    id,
    target,
    kind,
    group: group === null || !levels ? null : levels.indexOf(group),
    classes: classesOf(target),
  }))
  if (!levels) return known
  const seen = new Set(about.tasks.map((task) => task.group))
  const fresh = levels.flatMap((level, group) =>
    seen.has(level)
      ? []
      : about.targets.map((target, t): Task => ({
          id: about.targets.length > 1 ? `${target.name}@${level}` : level,
          target: t,
          group,
          kind: about.tasks.find((task) => task.target === t)?.kind ?? 'regression',
          classes: classesOf(t),
        })),
  )
  return [...known, ...fresh]
}

/**
 * The model's answers: the row, its task, and per target the number (with its standard deviation, where the model states
 * one) or the class with the probability of each.
 */
async function answers(model: Model, set: TaskSet, about: ModelAbout, taskColumn: string | null): Promise<Answers> {
  const { rows: n } = set.table
  const rows = Int32Array.from({ length: n }, (_, row) => row)
  const view = { set, rows, tasks: Int32Array.from(set.tasks, (_, k) => k) }
  const said = await model.predict(view)
  const spread = await model.spread?.(view)
  const columns = ['row']
  const parts: ((row: number) => Cell)[] = [(row) => row + 1]
  if (set.group && taskColumn) {
    columns.push(taskColumn)
    parts.push((row) => (set.group![row] < 0 ? null : set.groups![set.group![row]]))
  }
  const silent: Answers['warnings'] = []
  const deviations: Deviation[] = []
  about.targets.forEach(({ name, classes }, t) => {
    const { width, values } = said.targets[t]
    const value = (row: number, k: number) =>
      Number.isFinite(values[row * width + k]) ? values[row * width + k] : null
    const share = (row: number, k: number) => {
      if (width > 1) return value(row, k)
      const one = value(row, 0)
      return one === null ? null : k === 1 ? one : 1 - one
    }
    let cells = 0
    for (let row = 0; row < n; row++) if (value(row, 0) === null) cells++
    if (cells) silent.push(warn('predict.unanswered', { target: name, cells }))
    columns.push(name)
    if (!classes) {
      parts.push((row) => value(row, 0))
      const sd = spread?.targets[t].values
      if (!sd) return
      const column = `${name} sd`
      columns.push(column)
      parts.push((row) => (Number.isFinite(sd[row]) ? sd[row] : null))
      deviations.push({ target: name, column, scale: about.scales?.find((own) => own.target === name)?.scale ?? null })
      return
    }
    parts.push((row) => {
      let best = -1
      for (let k = 0; k < classes.length; k++)
        if (share(row, k) !== null && (best < 0 || share(row, k)! > share(row, best)!)) best = k
      return best < 0 ? null : classes[best]
    })
    classes.forEach((label, k) => {
      columns.push(`${name}: ${label}`)
      parts.push((row) => share(row, k))
    })
  })
  return {
    columns,
    rows: Array.from(rows, (row) => parts.map((part) => part(row))),
    deviations,
    warnings: [...warningsOf(set, about), ...silent],
  }
}

/** A warning of the catalogue. */
export const warn = (code: string, params: Params): Warning => ({
  code,
  params,
  text: english(`warning.${code}`, params),
})

export function warningsOf(set: TaskSet, about: ModelAbout): Answers['warnings'] {
  const warnings: Answers['warnings'] = []
  about.features.forEach(({ name, levels, kind }, f) => {
    const column = set.table.columns[set.features[f]]
    const empty = column.valid.reduce((sum, valid) => sum + (valid ? 0 : 1), 0)
    if (empty) warnings.push(warn('predict.missing-cells', { column: name, cells: empty }))
    if (kind === 'number' || !levels || !column.levels) return
    const known = new Set(levels)
    const unknown = column.levels.filter((level) => !known.has(level))
    if (unknown.length)
      warnings.push(
        warn('predict.unknown-levels', { column: name, levels: listed(unknown.map((level) => `"${level}"`)) }),
      )
  })
  return warnings
}

export function listed(names: string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ')
}

/** RFC 4180, UTF-8 with CRLF; numbers in full precision. */
export function toCsv(columns: string[], rows: Cell[][]): string {
  const quote = (value: Cell) => {
    const text = value === null ? '' : String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [columns, ...rows].map((row) => row.map(quote).join(',') + '\r\n').join('')
}
