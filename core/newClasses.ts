import { pixelNames } from './data/classEpisodes.ts'
import { imagesOf } from './data/classParts.ts'
import { loadEncoder } from './data/encoding.ts'
import type { Column } from './data/table.ts'
import type { Predictions, Task, TaskSet, View } from './data/taskSet.ts'
import { UserError } from './errors.ts'
import type { Model } from './method.ts'
import { method } from './methods.ts'
import type { ModelAbout } from './saved.ts'

/**
 * A model that learned drawn classes, as one of the rows of a table whose one task tells new classes apart: inputs are
 * encoded as they were before classes were drawn, and the k-th class of the table stands in the k-th place of a drawn
 * task. Places that stay empty are never answered; the chances of the others are divided by their sum.
 */
type Drawn = Pick<NonNullable<ModelAbout['drawn']>, 'ways' | 'from'> & {
  /** The model learns tasks of any number of classes: no place stays empty. */
  anyWays: boolean
}

export const anyWays = (about: ModelAbout): boolean => method(about.method.id).anyWays === true

export const onNewClasses = (model: Model, about: ModelAbout): Model =>
  onRows(model, { ...about.drawn!, anyWays: anyWays(about) })

/** Rows that are asked about together: the inputs of many images do not fit into memory at once. */
const AT_ONCE = 300

function onRows(model: Model, drawn: Drawn): Model {
  const { adapt, adaptTrace, slowed, parameters } = model
  const measured = ({ set, rows, tasks }: View): View =>
    drawnView({ set, tasks, rows: rows.filter((row) => set.observed[row]) }, drawn)
  return {
    parameters,
    ...(slowed ? { slowed } : {}),
    async predict(view) {
      const width = view.set.tasks[0].kind === 'binary' ? 1 : classesOf(view.set).length
      const values = new Float64Array(view.rows.length * width)
      for (let from = 0; from < view.rows.length; from += AT_ONCE) {
        const some = { ...view, rows: view.rows.slice(from, from + AT_ONCE) }
        values.set(named(await model.predict(drawnView(some, drawn)), some), from * width)
      }
      return { rows: view.rows, targets: [{ target: 0, width, values }] }
    },
    ...(adapt && { adapt: async (support) => onRows(await adapt.call(model, measured(support)), drawn) }),
    ...(adaptTrace && {
      adaptTrace: async (support, steps) =>
        (await adaptTrace.call(model, measured(support), steps)).map((own) => onRows(own, drawn)),
    }),
    save: () => model.save(),
  }
}

const classesOf = ({ tasks }: TaskSet): string[] => tasks[0].classes as string[]

/** The rows of a view as those of a drawn task: their inputs encoded, in single precision as drawn ones are. */
function drawnView({ set, rows, tasks }: View, drawn: Drawn): View {
  const { names, x } = inputsOf(set, rows, drawn)
  const width = names.length
  const valid = new Uint8Array(rows.length).fill(1)
  const pick = (values: ArrayLike<number>) => Int32Array.from(rows, (row) => values[row])
  const target = set.table.columns[set.targets[0]]
  const [task] = set.tasks
  const columns: Column[] = [
    ...names.map((name, k) => ({
      name,
      kind: 'number' as const,
      valid,
      values: Float64Array.from(rows, (_, i) => Math.fround(x[i * width + k])),
    })),
    { ...target, values: pick(target.values), valid: Uint8Array.from(rows, (row) => target.valid[row]) },
  ]
  return {
    set: {
      ...set,
      table: { hash: set.table.hash, rows: rows.length, columns },
      features: names.map((_, k) => k),
      targets: [width],
      tasks: [placed(task, drawn)],
      observed: Uint8Array.from(rows, (row) => set.observed[row]),
    },
    rows: Int32Array.from(rows, (_, i) => i),
    tasks,
  }
}

/** The task with as many classes as a drawn one: names for places that stay empty are never shown. */
function placed(task: Task, { ways, anyWays }: Drawn): Task {
  const names = task.classes as string[]
  const empty = anyWays ? 0 : ways - names.length
  const classes = [...names, ...Array.from({ length: empty }, (_, k) => `\0${k}`)]
  return { ...task, classes, kind: classes.length === 2 ? 'binary' : 'multiclass' }
}

function inputsOf(set: TaskSet, rows: Int32Array, { from }: Drawn): { names: string[]; x: ArrayLike<number> } {
  if (!('image' in from)) {
    const encoder = loadEncoder(from.encoder)
    return { names: encoder.names, x: encoder.encode(set, rows) }
  }
  const names = pixelNames(from.image, from.input)
  const image = imagesOf(set.table)[0]
  if (String(image?.input) !== String(from.input)) throw otherImages(from.input, image?.input)
  const x = new Float32Array(rows.length * names.length)
  rows.forEach((row, i) => x.set(image.values.subarray(row * names.length, (row + 1) * names.length), i * names.length))
  return { names, x }
}

function otherImages(wanted: number[], got: number[] | undefined): UserError {
  const said = ([height, width, channels]: number[]) =>
    `${height} x ${width}${channels > 1 ? ` in ${channels} channels` : ''}`
  return new UserError({
    code: 'adapt.other-images',
    who: 'New rows',
    rule: `must be images of ${said(wanted)}, as those that were learned from.`,
    got: got ? `images of ${said(got)}` : 'no images',
    remedy: 'Give NumPy arrays, x[row, height, width], cut or scaled to that size.',
  })
}

/** [row, width] the chances of the classes of the view, of what was said of all places. */
function named(said: Predictions, { set, rows }: View): Float64Array {
  const count = classesOf(set).length
  const { width, values } = said.targets[0]
  if (width === 1) return values
  const chances = Array.from(rows, (_, i) => {
    const own = values.subarray(i * width, i * width + count)
    const sum = own.reduce((total, share) => total + share, 0)
    return own.map((share) => share / sum)
  })
  return Float64Array.from(chances.flatMap((own) => Array.from(count === 2 ? own.subarray(1) : own)))
}
