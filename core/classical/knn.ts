import { z } from 'zod'
import type { Encoder } from '../data/encoding.ts'
import type { View } from '../data/taskSet.ts'
import { answer, frameOf, loadFrame, saveFrame, wholeFold } from '../frame.ts'
import type { Output, OutputCells } from '../frame.ts'
import type { Method, Model } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import { search } from '../search.ts'

/**
 * k nearest neighbours (Cover and Hart 1967), per task: the mean of the k training cells nearest in the standardised
 * inputs (Euclidean), or the share of each class among them. Equal distances: the earlier row is nearer.
 */
const Params = z.strictObject({
  k: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('How many neighbours are asked.')
    .meta(search({ log: [1, 50] })),
  weights: z
    .enum(['uniform', 'distance'])
    .default('uniform')
    .describe('Whether near neighbours count more, by 1 / distance.')
    .meta(search({ choices: ['uniform', 'distance'] })),
})
type Params = z.infer<typeof Params>

export const knn: Method<Params> = {
  id: 'knn',
  family: 'classical',
  name: 'Nearest neighbours',
  about: 'Looks up the rows most alike and says what they had.',
  cite: 'Cover and Hart 1967, Nearest neighbor pattern classification',
  params: Params,
  beside: ['metalearning'],
  anyWays: true,
  can: {
    taskColumn: true,
    needsTaskColumn: false,
    manyTargets: true,
    missingTargets: true,
    kinds: ['regression', 'binary', 'multiclass'],
    newTask: false,
    adapt: true,
    onnx: false,
    resume: false,
    network: false,
  },
  // A test row is compared with every training row of its task.
  work: (s) => ((s.rows * s.rows) / (s.taskColumn ? s.tasks / s.targets : 1)) * s.features + 1,
  async *fit(context, params) {
    const frame = frameOf(wholeFold(context))
    return model(memoryOf(frame.x, frame), frame.encoder, frame.outputs, params)
  },
  load(bytes) {
    const packed = unpack(bytes)
    const { outputs, encoder } = loadFrame(packed.header)
    const params = Params.safeParse((packed.header as { params?: unknown }).params)
    if (!params.success) throw damaged('neighbours without their parameters')
    const width = encoder.names.length
    const memory = outputs.map((output, k) => ({
      x: take(packed, `x${k}`, 'f64', output.cells * width),
      y: take(packed, `y${k}`, 'f64', output.cells),
      weight: packed.arrays.has(`w${k}`) ? take(packed, `w${k}`, 'f64', output.cells) : null,
    }))
    return model(memory, encoder, outputs, params.data)
  },
}

/** The remembered cells of one task. x [cell, input] */
type Memory = { x: Float64Array; y: Float64Array; weight: Float64Array | null }

function memoryOf(x: Float64Array, { cells, encoder }: { cells: OutputCells[]; encoder: Encoder }): Memory[] {
  const width = encoder.names.length
  return cells.map(({ at, y, weight }) => {
    const own = new Float64Array(at.length * width)
    at.forEach((row, i) => own.set(x.subarray(row * width, (row + 1) * width), i * width))
    return { x: own, y, weight }
  })
}

function model(memory: Memory[], encoder: Encoder, outputs: Output[], params: Params): Model {
  const width = encoder.names.length
  return {
    parameters: memory.reduce((sum, { x, y }) => sum + x.length + y.length, 0),
    async predict(view) {
      const x = encoder.encode(view.set, view.rows)
      return answer(view, outputs, (output, row, out) => {
        ask(memory[output], x.subarray(row * width, (row + 1) * width), outputs[output], params, out)
      })
    },
    async adapt(support: View) {
      const frame = frameOf(support, encoder)
      return model(memoryOf(frame.x, frame), encoder, frame.outputs, params)
    },
    save() {
      const arrays: Record<string, Float64Array> = {}
      memory.forEach(({ x, y, weight }, k) => {
        arrays[`x${k}`] = x
        arrays[`y${k}`] = y
        if (weight) arrays[`w${k}`] = weight
      })
      return pack({ ...saveFrame({ outputs, encoder }), params }, arrays)
    },
  }
}

function ask({ x, y, weight }: Memory, row: Float64Array, { kind }: Output, params: Params, out: Float64Array): void {
  const near = nearest(x, row, y.length, Math.min(params.k, y.length))
  // Neighbours at no distance at all outvote the others, as the limit of 1 / distance says.
  const exact = near.some(({ distance }) => distance === 0)
  const own = (cell: number, distance: number) => {
    const vote = params.weights === 'uniform' ? 1 : exact ? Number(distance === 0) : 1 / Math.sqrt(distance)
    return vote * (weight ? weight[cell] : 1)
  }
  out.fill(0)
  let total = 0
  for (const { cell, distance } of near) {
    const w = own(cell, distance)
    total += w
    if (kind === 'multiclass') out[y[cell]] += w
    else out[0] += w * y[cell]
  }
  for (let k = 0; k < out.length; k++) out[k] /= total
}

/** The k cells of smallest squared distance, by insertion into a short sorted list. */
function nearest(x: Float64Array, row: Float64Array, cells: number, k: number): { cell: number; distance: number }[] {
  const width = row.length
  const found: { cell: number; distance: number }[] = []
  for (let cell = 0; cell < cells; cell++) {
    const worst = found.length === k ? found[k - 1].distance : Infinity
    let distance = 0
    for (let j = 0; j < width && distance < worst; j++) distance += (x[cell * width + j] - row[j]) ** 2
    if (distance >= worst) continue
    let at = found.length
    while (at > 0 && found[at - 1].distance > distance) at--
    found.splice(at, 0, { cell, distance })
    if (found.length > k) found.pop()
  }
  return found
}
