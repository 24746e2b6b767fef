import { z } from 'zod'
import { single } from '../data/encoding.ts'
import type { Encoder } from '../data/encoding.ts'
import { answer, loadFrame, saveFrame } from '../frame.ts'
import type { Output } from '../frame.ts'
import type { Model } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import type { PackedArray, Unpacked } from '../pack.ts'
import { askForest } from './forest.ts'
import type { Forest } from './forest.ts'

/** Forests that answer the tasks of a table: one for all targets, or one for each task. */
export type Grove = {
  encoder: Encoder
  outputs: Output[]
  forests: Forest[]
  /** [output] which forest answers it, from which of its columns on. */
  places: Place[]
  /** The same for tasks never seen, by target, where there is something to say of them. */
  fresh: Record<string, Place> | null
}
const Place = z.strictObject({ forest: z.int().nonnegative(), column: z.int().nonnegative() })
type Place = z.infer<typeof Place>

export function groveModel(grove: Grove): Model {
  const { encoder, outputs, forests, places, fresh } = grove
  const width = encoder.names.length
  return {
    parameters: forests.reduce((sum, { feature, values }) => sum + feature.length + values.length, 0),
    async predict(view) {
      const x = single(encoder.encode(view.set, view.rows))
      const rows = view.rows.length
      // What one forest says of several targets is asked once.
      const tables = forests.map((forest, k) => {
        if (places.filter((place) => place.forest === k).length < 2) return null
        const table = new Float64Array(rows * forest.columns)
        for (let row = 0; row < rows; row++)
          askForest(forest, x, row * width, table.subarray(row * forest.columns, (row + 1) * forest.columns))
        return table
      })
      const said = forests.map(({ columns }) => new Float64Array(columns))
      const say = ({ forest, column }: Place, row: number, out: Float64Array) => {
        const { columns } = forests[forest]
        const table = tables[forest]
        if (!table) askForest(forests[forest], x, row * width, said[forest])
        const from = table ? row * columns + column : column
        out.set((table ?? said[forest]).subarray(from, from + out.length))
      }
      return answer(
        view,
        outputs,
        (output, row, out) => say(places[output], row, out),
        fresh ? (target, row, out) => say(fresh[target], row, out) : undefined,
      )
    },
    save() {
      const columns = forests.map((forest) => forest.columns)
      return pack({ ...saveFrame(grove), columns, places, fresh }, arraysOf(forests))
    },
  }
}

const Saved = z.looseObject({
  columns: z.array(z.int().positive()),
  places: z.array(Place),
  fresh: z.record(z.string(), Place).nullable(),
})

export function loadGrove(bytes: Uint8Array): Grove {
  const packed = unpack(bytes)
  const parsed = Saved.safeParse(packed.header)
  if (!parsed.success) throw damaged('a forest without its heading')
  const { outputs, encoder } = loadFrame(packed.header)
  const { columns, places, fresh } = parsed.data
  const forests = columns.map((own, k) => readForest(packed, k, own, encoder.names.length))
  const fits = ({ forest, column }: Place, { width }: Output) =>
    forest < forests.length && column + width <= columns[forest]
  const ofTarget = new Map(outputs.map((output) => [output.target, output]))
  const whole =
    places.length === outputs.length &&
    places.every((place, k) => fits(place, outputs[k])) &&
    (!fresh || [...ofTarget].every(([target, output]) => target in fresh && fits(fresh[target], output)))
  if (!whole) throw damaged('a forest that does not answer its tasks')
  return { encoder, outputs, forests, places, fresh }
}

/** Arrays as `readForest` finds them. */
export function arraysOf(forests: Forest[]): Record<string, PackedArray> {
  const arrays = forests.flatMap(({ roots, feature, cut, next, values }, k) =>
    Object.entries({ roots, feature, cut, next, values }).map(([name, array]) => [`${name}${k}`, array]),
  )
  return Object.fromEntries(arrays) as Record<string, PackedArray>
}

/** Children come after their parents, so that every way down ends. */
export function readForest(packed: Unpacked, k: number, columns: number, width: number): Forest {
  const feature = take(packed, `feature${k}`, 'i32')
  const nodes = feature.length
  const cut = take(packed, `cut${k}`, 'f32', nodes)
  const next = take(packed, `next${k}`, 'i32', nodes)
  const roots = take(packed, `roots${k}`, 'i32')
  const values = take(packed, `values${k}`, 'f32')
  const leads = feature.every((f, i) =>
    f < 0 ? next[i] >= 0 && (next[i] + 1) * columns <= values.length : f < width && next[i] > i && next[i] + 1 < nodes,
  )
  if (!leads || !roots.length || !roots.every((root) => root >= 0 && root < nodes))
    throw damaged('a tree whose branches lead nowhere')
  return { columns, roots, feature, cut, next, values }
}
