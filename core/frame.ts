import { z } from 'zod'
import { fitEncoder, loadEncoder, truthOf } from './data/encoding.ts'
import type { Encoder } from './data/encoding.ts'
import type { Predictions, Task, TaskKind, TaskSet, View } from './data/taskSet.ts'
import { UserError } from './errors.ts'
import type { FitContext } from './method.ts'
import { damaged } from './pack.ts'

/**
 * A fold as methods see it: encoded inputs, and per task the measured cells with what the training rows say of their
 * scale. Everything that is fitted (input scaling, target scaling, class shares) is fitted on these rows alone.
 */
export type Frame = {
  view: View
  encoder: Encoder
  /** [row of the view, encoder.names] */
  x: Float64Array
  /** The tasks with at least one measured cell here. */
  outputs: Output[]
  /** Per output: its measured cells. */
  cells: OutputCells[]
}

/** One task that a model can answer, with the figures of its training cells. JSON: models keep it. */
export const Output = z.object({
  task: z.string(),
  /** Name of the target column, and the task column's level where there is one. */
  target: z.string(),
  group: z.string().nullable(),
  kind: z.enum(['regression', 'binary', 'multiclass']),
  classes: z.array(z.string()).nullable(),
  /** Numbers per row: 1 for regression and binary, the number of classes for multiclass. */
  width: z.int().min(1),
  cells: z.int().nonnegative(),
  /** Of regression targets in training (population sd, 0 where constant). */
  mean: z.number(),
  sd: z.number(),
  /** Shares of the classes in training, empty for regression. */
  shares: z.array(z.number()),
})
export type Output = z.infer<typeof Output>

export type OutputCells = {
  /** [cell] position in the view's rows. */
  at: Int32Array
  /** [cell] the number, or the index of the class. */
  y: Float64Array
  /** [cell] sample weights, or null. */
  weight: Float64Array | null
}

export function frameOf(view: View, encoder: Encoder = fitEncoder(view)): Frame {
  const described = describeView(view)
  if (!described.outputs.length)
    throw new UserError({
      code: 'no-measured-cell',
      who: 'Training rows',
      rule: 'must hold at least one measured target.',
      got: `none in ${view.rows.length} rows`,
      remedy: 'Use fewer folds, another protocol, or a target with more values.',
    })
  return { view, encoder, x: encoder.encode(view.set, view.rows), ...described }
}

/** The tasks of a view that have a measured cell in it: one without any is as good as new. */
export function describeView(view: View): Pick<Frame, 'outputs' | 'cells'> {
  const cells = cellsOfView(view)
  const outputs = Array.from(view.tasks, (task, k) => describe(view.set, view.set.tasks[task], cells[k]))
  return { outputs: outputs.filter((output) => output.cells > 0), cells: cells.filter((c) => c.y.length > 0) }
}

/** The measured cells of each task of the view, in one pass over its rows. */
export function cellsOfView(view: View): OutputCells[] {
  const { set, rows, tasks } = view
  const position = new Map(Array.from(tasks, (task, k) => [task, k]))
  const found: number[][] = Array.from(tasks, () => [])
  for (let target = 0; target < set.targets.length; target++)
    for (let i = 0; i < rows.length; i++) {
      if (!set.observed[target * set.table.rows + rows[i]]) continue
      const k = position.get(set.taskOf(rows[i], target))
      if (k !== undefined) found[k].push(i)
    }
  return found.map((at, k) => ({
    at: Int32Array.from(at),
    y: Float64Array.from(at, (i) => truthOf(set, rows[i], set.tasks[tasks[k]].target)),
    weight: set.weight && Float64Array.from(at, (i) => (set.weight as Float64Array)[rows[i]]),
  }))
}

function describe(set: TaskSet, task: Task, { y, weight }: OutputCells): Output {
  const classes = task.classes ?? null
  const shares = new Array<number>(task.kind === 'regression' ? 0 : (classes as string[]).length).fill(0)
  let total = 0
  let sum = 0
  for (let i = 0; i < y.length; i++) {
    const w = weight ? weight[i] : 1
    total += w
    if (classes) shares[y[i]] += w
    else sum += w * y[i]
  }
  const mean = total > 0 ? sum / total : 0
  let squares = 0
  if (!classes) for (let i = 0; i < y.length; i++) squares += (weight ? weight[i] : 1) * (y[i] - mean) ** 2
  return {
    task: task.id,
    target: set.table.columns[set.targets[task.target]].name,
    group: task.group === null ? null : (set.groups as string[])[task.group],
    kind: task.kind,
    classes,
    width: widthOf(task),
    cells: y.length,
    mean: classes ? 0 : mean,
    sd: !classes && total > 0 ? Math.sqrt(squares / total) : 0,
    shares: shares.map((share) => (total > 0 ? share / total : 1 / shares.length)),
  }
}

export function widthOf(task: { kind: TaskKind; classes?: string[] | null }): number {
  return task.kind === 'multiclass' ? (task.classes as string[]).length : 1
}

/** What training says without any input: the mean, the share of class 1, or the share of each class. */
export function plainAnswer(output: Output): number[] {
  if (output.kind === 'regression') return [output.mean]
  return output.kind === 'binary' ? [output.shares[1]] : output.shares
}

/** The same over all training cells of a target, whatever their task; null where there is none. */
export function pooledPlain(outputs: Output[], target: string): number[] | null {
  const same = outputs.filter((output) => output.target === target)
  const cells = same.reduce((sum, output) => sum + output.cells, 0)
  if (!cells) return null
  return plainAnswer(same[0]).map((_, k) =>
    same.reduce((sum, output) => sum + (plainAnswer(output)[k] * output.cells) / cells, 0),
  )
}

const wholes = new WeakMap<Int32Array, { inner: Int32Array; rows: Int32Array }>()

/** All labelled rows of a fit, for methods that stop by themselves and need no inner split. */
export function wholeFold({ train, inner }: Pick<FitContext, 'train' | 'inner'>): View {
  if (!inner) return train
  // One array for one fold: what is worked out of it is found again by it.
  const known = wholes.get(train.rows)
  if (known?.inner === inner.rows) return { ...train, rows: known.rows }
  const rows = Int32Array.from([...train.rows, ...inner.rows]).sort()
  wholes.set(train.rows, { inner: inner.rows, rows })
  return { ...train, rows }
}

/** The tasks of a view whose kind a method answers; the others stay without prediction. */
export function onlyKinds(view: View, kinds: TaskKind[]): View {
  return { ...view, tasks: view.tasks.filter((task) => kinds.includes(view.set.tasks[task].kind)) }
}

/**
 * Writes predictions cell by cell: `say(output, row of the view, out)` fills `out` [width] for cells of a known task;
 * for a new task of a known target `fresh(target name, row, out)` is asked, where the method has one. The rest is NaN.
 */
export function answer(
  view: View,
  outputs: Output[],
  say: (output: number, row: number, out: Float64Array) => void,
  fresh?: (target: string, row: number, out: Float64Array) => void,
): Predictions {
  const { set, rows, tasks } = view
  const known = new Map(outputs.map((output, k) => [output.task, k]))
  const widths = new Map(outputs.map((output) => [output.target, output.width]))
  const wanted = new Set(tasks)
  return {
    rows,
    targets: set.targets.map((column, target) => {
      const name = set.table.columns[column].name
      const width = widths.get(name) ?? 1
      const values = new Float64Array(rows.length * width).fill(NaN)
      for (let i = 0; i < rows.length; i++) {
        const task = set.taskOf(rows[i], target)
        if (task < 0 || !wanted.has(task)) continue
        const out = values.subarray(i * width, (i + 1) * width)
        const output = known.get(set.tasks[task].id)
        if (output !== undefined) say(output, i, out)
        else if (fresh && widths.has(name)) fresh(name, i, out)
      }
      return { target, width, values }
    }),
  }
}

/** The part of a view whose tasks a model does not know. */
export function newTasksOf(view: View, outputs: Output[]): View {
  const known = new Set(outputs.map((output) => output.task))
  return { ...view, tasks: view.tasks.filter((task) => !known.has(view.set.tasks[task].id)) }
}

/** Puts predictions where there were none. Both are of the same rows. */
export function fillIn(into: Predictions, more: Predictions): void {
  into.targets.forEach(({ values }, t) => {
    for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = more.targets[t].values[i]
  })
}

/** Heading of a saved model: what it was fitted on. */
export const SavedFrame = z.object({ outputs: z.array(Output), encoder: z.unknown() })
export const saveFrame = (frame: { outputs: Output[]; encoder: Encoder }) => ({
  outputs: frame.outputs,
  encoder: frame.encoder.save(),
})

/** Throws `damaged-pack` where the heading is not one of ours. */
export function loadFrame(header: unknown): { outputs: Output[]; encoder: Encoder } {
  const parsed = SavedFrame.safeParse(header)
  if (!parsed.success) throw damaged('a model without its heading')
  try {
    return { outputs: parsed.data.outputs, encoder: loadEncoder(parsed.data.encoder) }
  } catch {
    throw damaged('a model without its input scaling')
  }
}
