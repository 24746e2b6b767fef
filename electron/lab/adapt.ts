import type { Result } from '../../core/contract.ts'
import { truthOf } from '../../core/data/encoding.ts'
import type { Predictions, TaskSet, View } from '../../core/data/taskSet.ts'
import { UserError } from '../../core/errors.ts'
import type { Model } from '../../core/method.ts'
import { onNewClasses } from '../../core/newClasses.ts'
import { saveAdapted } from '../../core/saved.ts'
import { cannotDo } from './cannot.ts'
import type { Subject } from './modelWork.ts'
import { classesGiven } from './newClasses.ts'
import { newRows, unreadLabels, warn, warningsOf, type NewRows } from './newRows.ts'

type Adapted = Omit<Result<'run.adapt'>, 'model'> & { bytes: Uint8Array }
type Shown = number | string | null

/** Support rows whose fit is shown. */
const SHOWN = 500

/** A trained model that learns the tasks of labelled rows: the model afterwards, and its fit on the way. */
export async function adaptTo(
  subject: Subject,
  { steps, ...asked }: NewRows & { steps: readonly number[] },
): Promise<Adapted> {
  if (!subject.model.adapt)
    throw cannotDo(subject.methodKey, 'learn a new task from a few rows', 'Choose a run of another method.')
  const { about, model, rows } = given(subject, asked)
  const set = newRows(rows, about, true)
  const support = supportOf(set)
  if (!support.tasks.length) throw noLabel(rows, about)
  const adapted = await model.adapt!(support)
  const path = model.adaptTrace ? await model.adaptTrace(support, steps) : []
  const cells = cellsOf(support)
  return {
    bytes: saveAdapted(about, set, adapted),
    tasks: Array.from(support.tasks, (k) => ({
      id: set.tasks[k].id,
      rows: cells.filter((cell) => cell.task === k).length,
      isNew: Boolean(about.drawn) || !about.tasks.some((task) => task.id === set.tasks[k].id),
      ...(about.drawn ? { classes: counted(set, cells) } : {}),
    })),
    unlabelled: set.table.rows - new Set(cells.map(({ row }) => row)).size,
    trace: await Promise.all(path.map(async (own, k) => ({ steps: steps[k], ...(await fitOf(own, support, cells)) }))),
    truth: cells.slice(0, SHOWN).map((cell) => shown(set, cell.task, cell.truth)),
    warnings: [...unreadLabels(rows, about), ...warningsOf(set, about), ...slowedOf(adapted, path, steps)],
  }
}

/** What learns, and the rows that it reads: a model of drawn classes learns the classes that the rows name. */
function given({ about, model, methodKey }: Subject, rows: NewRows) {
  if (!rows.drawn) return { about, model, rows }
  if (!about.drawn) throw earlier(methodKey)
  const named = classesGiven(rows, about)
  return { ...named, model: onNewClasses(model, named.about) }
}

function earlier(methodKey: string): UserError {
  return new UserError({
    code: 'run.drawn-earlier',
    who: `Method ${methodKey}`,
    rule: 'must have kept how inputs were encoded before classes were drawn from them.',
    got: 'a model of an earlier version, which did not',
    remedy: 'Run the experiment again.',
  })
}

/** How many rows of each class there are. */
const counted = ({ tasks: [{ classes = [] }] }: TaskSet, cells: Labelled[]) =>
  classes.map((name, k) => ({ name, rows: cells.filter(({ truth }) => truth === k).length }))

function noLabel({ name, taskColumn }: NewRows, { targets, tasks }: Subject['about']): UserError {
  const named = taskColumn && tasks.some((task) => task.group !== null) ? ` with its "${taskColumn}"` : ''
  return new UserError({
    code: 'adapt.no-label',
    who: name,
    rule: `must have at least one row${named} in which ${targets.map((target) => `"${target.name}"`).join(' or ')} is known.`,
    got: 'none',
    remedy: 'Fill in what was measured in a few rows of the new task.',
  })
}

/** Each task on which the inner loop ran away: in learning it, or (else) within the steps that are shown. */
function slowedOf(adapted: Model, path: readonly Model[], steps: readonly number[]) {
  const own = new Map((adapted.slowed ?? []).map(({ task, factor }) => [task, { factor, within: 0 }]))
  path.forEach(({ slowed = [] }, k) => {
    for (const { task, factor } of slowed) if (!own.has(task)) own.set(task, { factor, within: steps[k] })
  })
  return [...own].map(([task, { factor, within }]) => {
    const code = `${factor ? 'adapt.slowed' : 'adapt.kept'}${within ? '-within' : ''}`
    return warn(code, { task, part: factor && Math.round(1 / factor), steps: within })
  })
}

/** The tasks with a labelled row, and all rows. */
function supportOf(set: TaskSet): View {
  const rows = Int32Array.from({ length: set.table.rows }, (_, row) => row)
  const seen = new Set<number>()
  set.targets.forEach((_, target) => {
    for (const row of rows) if (set.observed[target * set.table.rows + row]) seen.add(set.taskOf(row, target))
  })
  return { set, rows, tasks: Int32Array.from(seen).sort() }
}

type Labelled = { row: number; target: number; task: number; truth: number }

/** Measured cells, row after row. */
const cellsOf = ({ set, rows }: View): Labelled[] =>
  Array.from(rows).flatMap((row) =>
    set.targets.flatMap((_, target) =>
      set.observed[target * set.table.rows + row]
        ? [{ row, target, task: set.taskOf(row, target), truth: truthOf(set, row, target) }]
        : [],
    ),
  )

async function fitOf(model: Model, support: View, cells: Labelled[]) {
  const { targets } = await model.predict(support)
  const spread = await model.spread?.(support)
  const { set } = support
  const answers = cells.map(({ row, target }) => {
    const { width, values } = targets[target]
    const own = Array.from(values.subarray(row * width, (row + 1) * width))
    if (!own.every(Number.isFinite)) return null
    const { kind } = set.tasks[set.taskOf(row, target)]
    if (kind === 'regression') return own[0]
    return kind === 'binary' ? Number(own[0] > 0.5) : own.indexOf(Math.max(...own))
  })
  const errors = Array.from(support.tasks, (task) => {
    const own = cells.flatMap((cell, i) => (cell.task === task ? [{ truth: cell.truth, said: answers[i] }] : []))
    if (own.some(({ said }) => said === null)) return { task: set.tasks[task].id, error: null }
    const each = own.map(({ truth, said }) => (set.tasks[task].classes ? Number(said !== truth) : (said! - truth) ** 2))
    const mean = each.reduce((sum, e) => sum + e, 0) / each.length
    return { task: set.tasks[task].id, error: set.tasks[task].classes ? mean : Math.sqrt(mean) }
  })
  const shownCells = cells.slice(0, SHOWN)
  return {
    errors,
    said: shownCells.map(({ task }, i) => shown(set, task, answers[i])),
    sd: spread ? shownCells.map(({ row, target }) => deviation(spread, target, row)) : null,
  }
}

function deviation({ targets }: Predictions, target: number, row: number): number | null {
  const { width, values } = targets[target]
  const sd = values[row * width]
  return Number.isFinite(sd) ? sd : null
}

const shown = (set: TaskSet, task: number, value: number | null): Shown =>
  value === null ? null : (set.tasks[task].classes?.[value] ?? value)
