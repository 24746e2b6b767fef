import { UserError } from '../errors.ts'
import type { Evaluation } from '../experiment.ts'
import type { Rng } from '../rng.ts'
import { levelsOf } from './buildTaskSet.ts'
import { pixelNames } from './classEpisodes.ts'
import type { ClassRows } from './classEpisodes.ts'
import { fitEncoder } from './encoding.ts'
import type { Table } from './table.ts'
import type { TaskSet } from './taskSet.ts'

/**
 * Few-shot classification on a table: without a task column, the classes of the one target are what tasks are made of,
 * and the classes are parted: those that are learned from, those set apart for choosing, and those of the test tasks.
 * A list in the evaluation says which is which, else a split column of the words train, validation and test, else
 * chance.
 */
export const classesAreTasks = (set: TaskSet, { protocol }: Pick<Evaluation, 'protocol'>): boolean =>
  protocol === 'few-shot' &&
  !set.group &&
  !set.generator &&
  set.targets.length === 1 &&
  set.tasks.length === 1 &&
  set.tasks[0].kind !== 'regression'

export type ClassParts = { train: Set<number>; validation: Set<number>; test: Set<number> }

/** Levels of the target column in each part. */
export function classParts(set: TaskSet, evaluation: Evaluation, random: Rng): ClassParts {
  const column = set.table.columns[set.targets[0]]
  const levels = column.levels as string[]
  const present = new Set<number>()
  for (let row = 0; row < set.table.rows; row++) if (column.valid[row]) present.add(column.values[row])
  if (evaluation.classLists) return listed(levels, evaluation.classLists)
  if (set.split) return stored(set, levels)
  const order = [...present].sort((a, b) => a - b)
  const shuffled = Array.from(random.permutation(order.length), (i) => order[i])
  const tested = Math.max(1, Math.min(order.length - 1, Math.round(evaluation.testFraction * order.length)))
  return { test: new Set(shuffled.slice(0, tested)), validation: new Set(), train: new Set(shuffled.slice(tested)) }
}

function listed(levels: string[], lists: NonNullable<Evaluation['classLists']>): ClassParts {
  if (typeof lists === 'string') throw new Error('internal: the file of class lists was not read')
  const place = new Map(levels.map((level, i) => [level, i]))
  const seen = new Map<string, string>()
  const part = (name: 'train' | 'validation' | 'test') =>
    new Set(
      lists[name].map((level) => {
        const at = place.get(level)
        if (at === undefined) refuse('Lists name classes of the target.', `"${level}", which the target never is`)
        if (seen.has(level))
          refuse('A class stands in one list only, once.', `"${level}" in ${seen.get(level)} and ${name}`)
        seen.set(level, name)
        return at as number
      }),
    )
  return { train: part('train'), validation: part('validation'), test: part('test') }
}

function stored(set: TaskSet, levels: string[]): ClassParts {
  const target = set.table.columns[set.targets[0]]
  const column = set.table.columns[(set.split as { column: number }).column]
  const { codes, levels: words } = levelsOf(column, set.table.rows)
  const named = words.map((word) => {
    const plain = word.trim().toLowerCase()
    if (/^(meta-?)?(test|testing|evaluation|eval)$/.test(plain)) return 'test' as const
    if (/^(meta-?)?(validation|valid|val|dev)$/.test(plain)) return 'validation' as const
    if (/^(meta-?)?(train|training|learn|background)$/.test(plain)) return 'train' as const
    return refuse('A split column says train, validation or test for every class.', `"${word}"`)
  })
  const parts: ClassParts = { train: new Set(), validation: new Set(), test: new Set() }
  const known = new Map<number, string>()
  for (let row = 0; row < set.table.rows; row++) {
    if (!target.valid[row] || codes[row] < 0) continue
    const [level, part] = [target.values[row], named[codes[row]]]
    if ((known.get(level) ?? part) !== part)
      refuse('All rows of a class are in one part.', `"${levels[level]}" in ${known.get(level)} and ${part}`)
    known.set(level, part)
    parts[part].add(level)
  }
  return parts
}

function refuse(rule: string, got: string): never {
  throw new UserError({
    code: 'evaluation.class-lists',
    who: 'Classes of few-shot classification',
    rule,
    got,
    remedy: 'Correct the lists (evaluation.classLists) or the split column.',
  })
}

/** The images beside a table, each of shape [height, width, channel]. */
export const imagesOf = ({ tensors = [] }: Table) =>
  tensors.flatMap(({ name, shape: [, ...side], values }) =>
    side.length === 2 || side.length === 3 ? [{ name, values, input: side.length === 2 ? [...side, 1] : side }] : [],
  )

/** The measured rows of some classes, as images where the table has them, else as inputs encoded by `fitOn`. */
export function classRowsOf(set: TaskSet, part: ReadonlySet<number>, fitOn: ReadonlySet<number>): ClassRows {
  const { table } = set
  const target = table.columns[set.targets[0]]
  const rows = new Map([...part].map((level) => [level, [] as number[]]))
  const fitted: number[] = []
  for (let row = 0; row < table.rows; row++) {
    if (!target.valid[row]) continue
    rows.get(target.values[row])?.push(row)
    if (fitOn.has(target.values[row])) fitted.push(row)
  }
  const classes = [...rows.values()].filter((own) => own.length > 0).map((own) => Int32Array.from(own))
  const image = imagesOf(table)[0]
  if (image) {
    const { input } = image
    return {
      x: image.values,
      input,
      names: pixelNames(image.name, input),
      target: target.name,
      rows: classes,
      from: { image: image.name, input },
    }
  }
  const encoder = fitEncoder({ set, rows: Int32Array.from(fitted), tasks: Int32Array.of(0) })
  const x = Float32Array.from(
    encoder.encode(
      set,
      Int32Array.from({ length: table.rows }, (_, row) => row),
    ),
  )
  return {
    x,
    input: [encoder.names.length],
    names: encoder.names,
    target: target.name,
    rows: classes,
    from: { encoder: encoder.save() },
  }
}
