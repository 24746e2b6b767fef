import { concatFloats } from '../../concat.ts'
import { fitEncoder, loadEncoder } from '../../data/encoding.ts'
import type { Encoder } from '../../data/encoding.ts'
import { episodes } from '../../data/episodes.ts'
import type { TaskGenerator } from '../../data/generator.ts'
import type { Predictions, View } from '../../data/taskSet.ts'
import { answer, frameOf, Output } from '../../frame.ts'
import { pack, take } from '../../pack.ts'
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

/** Where episodes of a training view come from. */
export const sourceOf = (view: View, encoder: Encoder): TaskGenerator => view.set.generator ?? episodes(view, encoder)

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
  const groups = new Map<string, number[]>()
  support.forEach(({ y, output }, k) => {
    if (!asked[k].length) return
    const key = `${y.length}/${asked[k].length}/${waysOf(output)}`
    groups.set(key, [...(groups.get(key) ?? []), k])
  })
  const said = new Map<string, number[]>()
  for (const members of groups.values()) {
    const [shots, queries] = [support[members[0]].y.length, asked[members[0]].length]
    const atOnce = Math.max(1, Math.floor(ROWS_AT_ONCE / (shots + queries)))
    for (let from = 0; from < members.length; from += atOnce) {
      const some = members.slice(from, from + atOnce)
      const ways = waysOf(support[some[0]].output)
      const queryX = new Float32Array(some.length * queries * width)
      some.forEach((k, t) =>
        asked[k].forEach((row, q) => queryX.set(x.subarray(row * width, (row + 1) * width), (t * queries + q) * width)),
      )
      const values = await ask({
        tasks: some.length,
        shots,
        queries,
        ways,
        supportX: concatFloats(some.map((k) => support[k].x)),
        supportY: concatFloats(some.map((k) => support[k].y)),
        queryX,
      })
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
  }
  return answer(view, outputsOf(support), (output, row, out) => {
    const probabilities = said.get(`${output}/${row}`) as number[]
    out.set(out.length === 1 ? [probabilities[1]] : probabilities)
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
