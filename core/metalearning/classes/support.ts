import { concatFloats } from '../../concat.ts'
import { fitEncoder, loadEncoder } from '../../data/encoding.ts'
import type { Encoder } from '../../data/encoding.ts'
import { episodes } from '../../data/episodes.ts'
import type { TaskGenerator } from '../../data/generator.ts'
import type { Predictions, View } from '../../data/taskSet.ts'
import { answer, frameOf, Output } from '../../frame.ts'
import { UserError } from '../../errors.ts'
import { pack, take } from '../../pack.ts'
import { oneTask } from '../oneTask.ts'
import type { Unpacked } from '../../pack.ts'

/**
 * What few-shot classifiers share: they keep the labelled rows of each task, and answer query rows from them. Learning
 * a new task is keeping other rows.
 */
export type SupportSet = {
  output: Output
  /** [shot, input] */
  x: Float32Array
  /** [shot] index of the class. */
  y: Float32Array
}

/** Tasks of equal shape, asked at once: x [task, row, input], y [task, row]. */
export type Question = {
  /** [task] its place among the support sets. */
  which: number[]
  tasks: number
  shots: number
  queries: number
  ways: number
  supportX: Float32Array
  supportY: Float32Array
  queryX: Float32Array
}
/** Probabilities [task, query, way]. */
export type Ask = (question: Question) => Promise<ArrayLike<number>>

/** Inputs as they are where tasks are drawn, standardised where they are rows of a table. */
export function encoderFor(view: View): Encoder {
  const generator = view.set.generator
  if (!generator) return fitEncoder(view)
  return loadEncoder({
    columns: generator.features.map((name) => ({ kind: 'number', name, mean: 0, sd: 1, indicator: false })),
    task: null,
  })
}

/** Where episodes of a training view come from; tasks of a table must be two or more. */
export function sourceOf(view: View, encoder: Encoder, support: readonly SupportSet[]): TaskGenerator {
  if (view.set.generator) return view.set.generator
  if (support.length < 2) throw oneTask(support[0].output.task)
  return episodes(view, encoder)
}

export function supportOf(view: View, encoder: Encoder): SupportSet[] {
  const { outputs, cells, x } = frameOf(view, encoder)
  const width = encoder.names.length
  return outputs.map((output, k) => {
    const { at, y } = cells[k]
    const own = new Float32Array(at.length * width)
    at.forEach((row, i) => own.set(x.subarray(row * width, (row + 1) * width), i * width))
    return { output, x: own, y: Float32Array.from(y) }
  })
}

/** Number of classes that a task tells apart. */
const waysOf = ({ classes }: Output): number => (classes as string[]).length

/** Asks for every row of the view whose task has labelled rows; tasks of equal shape go together, a few at a time. */
export async function predictFrom(support: SupportSet[], encoder: Encoder, view: View, ask: Ask): Promise<Predictions> {
  const width = encoder.names.length
  const x = encoder.encode(view.set, view.rows)
  const asked: number[][] = support.map(() => [])
  answer(view, outputsOf(support), (output, row) => void asked[output].push(row))
  const wanted = support.flatMap(({ y, output }, k) => {
    const queries = asked[k].length
    return queries ? [{ k, rows: y.length + queries, like: `${y.length}/${queries}/${waysOf(output)}` }] : []
  })
  const said = new Map<string, number[]>()
  for (const some of batchesOf(wanted)) {
    const [shots, queries] = [support[some[0]].y.length, asked[some[0]].length]
    const ways = waysOf(support[some[0]].output)
    const queryX = new Float32Array(some.length * queries * width)
    some.forEach((k, t) =>
      asked[k].forEach((row, q) => queryX.set(x.subarray(row * width, (row + 1) * width), (t * queries + q) * width)),
    )
    const values = await ask({
      which: some,
      tasks: some.length,
      shots,
      queries,
      ways,
      supportX: concatFloats(some.map((k) => support[k].x)),
      supportY: concatFloats(some.map((k) => support[k].y)),
      queryX,
    })
    refuseUnfinished(values)
    some.forEach((k, t) =>
      asked[k].forEach((row, q) => {
        const at = (t * queries + q) * ways
        said.set(
          `${k}/${row}`,
          Array.from({ length: ways }, (_, way) => values[at + way]),
        )
      }),
    )
  }
  return answer(view, outputsOf(support), (output, row, out) => {
    const probabilities = said.get(`${output}/${row}`) as number[]
    out.set(out.length === 1 ? [probabilities[1]] : probabilities)
  })
}

function refuseUnfinished(probabilities: ArrayLike<number>): void {
  for (let i = 0; i < probabilities.length; i++)
    if (!Number.isFinite(probabilities[i]))
      throw new UserError({
        code: 'classes.not-finite',
        who: 'A labelled row, or one that is asked about,',
        rule: 'must lie near enough to those learned from that its distances are finite numbers.',
        got: 'a probability that is not a number',
        remedy: 'Look for extreme values in its inputs.',
      })
}

/** Tasks that are alike, by the rows of each, a few at a time. */
export function batchesOf(tasks: readonly { k: number; rows: number; like: unknown }[]): number[][] {
  const groups = new Map<unknown, { k: number; rows: number }[]>()
  for (const task of tasks) groups.set(task.like, [...(groups.get(task.like) ?? []), task])
  return [...groups.values()].flatMap((members) => {
    const atOnce = Math.max(1, Math.floor(ROWS_AT_ONCE / members[0].rows))
    return Array.from({ length: Math.ceil(members.length / atOnce) }, (_, b) =>
      members.slice(b * atOnce, (b + 1) * atOnce).map(({ k }) => k),
    )
  })
}

/** Rows in one call of the runtime: the windows of 400 images of 28 x 28 are a quarter of a gigabyte. */
const ROWS_AT_ONCE = 400
const outputsOf = (support: SupportSet[]) => support.map(({ output }) => output)

/** Heading and arrays of a saved model with its labelled rows. */
export function packSupport(
  header: Record<string, unknown>,
  encoder: Encoder,
  support: SupportSet[],
  arrays: Record<string, Float32Array> = {},
): Uint8Array {
  const all = { ...arrays }
  support.forEach(({ x, y }, k) => {
    all[`x${k}`] = x
    all[`y${k}`] = y
  })
  return pack({ ...header, encoder: encoder.save(), outputs: outputsOf(support) }, all)
}

export function takeSupport(packed: Unpacked, outputs: Output[], width: number): SupportSet[] {
  return outputs.map((output, k) => ({
    output,
    x: take(packed, `x${k}`, 'f32', output.cells * width),
    y: take(packed, `y${k}`, 'f32', output.cells),
  }))
}
