import { z } from 'zod'
import type { Encoder } from '../data/encoding.ts'
import type { Predictions, View } from '../data/taskSet.ts'
import { UserError } from '../errors.ts'
import { answer, frameOf, loadFrame, onlyKinds, saveFrame, wholeFold } from '../frame.ts'
import type { Frame, Output } from '../frame.ts'
import { minimising } from '../lbfgs.ts'
import type { FitEvent, Method, Model } from '../method.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import { forwardPacked } from '../packedCholesky.ts'
import type { Rng } from '../rng.ts'
import { factorOf, likelihood, partsOf, similarity, sizeOf } from './coregional.ts'
import type { Cells, Factor, Shape } from './coregional.ts'
import { search } from '../search.ts'

/**
 * Multi-task Gaussian process (core/multitask/coregional.ts has the formulas): a smooth function per task, and how the
 * tasks go together, both learned by marginal likelihood. Exact, so its cost grows with the cube of the cells: how
 * tasks and inputs matter is learned on some rows only where there are many, the answer then rests on all cells.
 */
const MOST_CELLS = 5000

const Params = z.strictObject({
  patterns: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe('How many patterns tasks may share; 0 learns every task alone, with the same inputs mattering.')
    .meta(search({ choices: [1, 2, 3, 4, 5] })),
  lengths: z
    .enum(['each', 'shared'])
    .default('each')
    .describe('Whether each input may matter more or less ("each"), or all alike ("shared").')
    .meta(search({ choices: ['each', 'shared'] })),
  learnFrom: z
    .int()
    .min(20)
    .max(MOST_CELLS)
    .default(500)
    .describe('From about how many cells it is learned what matters and what is shared; time grows with the cube.'),
  steps: z.int().min(1).max(1000).default(50).describe('Most steps of the search for the best likelihood.'),
})
type Params = z.infer<typeof Params>

export const gaussianProcess: Method<Params> = {
  id: 'multi-task-gp',
  family: 'multitask',
  name: 'Multi-task Gaussian process',
  about:
    'Smooth curves for number targets that learn how far tasks go together; says how sure it is. Small tables only.',
  cite: 'Bonilla, Chai and Williams 2008, Multi-task Gaussian process prediction',
  params: Params,
  twins: ['ridge'],
  can: {
    taskColumn: true,
    needsTaskColumn: false,
    manyTargets: true,
    missingTargets: true,
    kinds: ['regression'],
    newTask: false,
    adapt: false,
    onnx: false,
    resume: false,
    network: false,
  },
  work(s, { steps, learnFrom }) {
    const cells = Math.min(MOST_CELLS, s.rows * (s.taskColumn ? 1 : s.targets))
    return 1.5 * steps * Math.min(cells, learnFrom) ** 3 * 0.5 + cells ** 3 / 6 + 1
  },
  async *fit(context, params) {
    const frame = frameOf(onlyKinds(wholeFold(context), ['regression']))
    return modelOf(yield* learned(frame, params, context.rng))
  },
  load: (bytes) => modelOf(loaded(bytes)),
}

type Kept = {
  encoder: Encoder
  outputs: Output[]
  shape: Shape
  theta: Float64Array
  cells: Cells
  /** [cell] K^-1 y */
  answer: Float64Array
}

function* learned(frame: Frame, params: Params, random: Rng): Generator<FitEvent, Kept> {
  const { encoder, outputs, view } = frame
  const rows = Int32Array.from(view.rows.keys())
  const cells = cellsOf(frame, rows)
  const count = cells.y.length
  if (count > MOST_CELLS) throw tooMany(count)
  const lengths = params.lengths === 'each' ? encoder.names.length : 1
  const shape = { lengths, tasks: outputs.length, rank: Math.min(params.patterns, outputs.length) }
  const share = params.learnFrom / count
  const some =
    share < 1 ? cellsOf(frame, random.permutation(rows.length).slice(0, Math.ceil(share * rows.length))) : cells
  const of = params.steps + 1
  const search = minimising((at, slope) => likelihood(some, at, shape, slope), firstGuess(shape, cells, random), {
    tolerance: 1e-3,
    most: params.steps,
  })
  let next = search.next()
  for (let done = 1; !next.done; next = search.next(), done++)
    if (done < of) yield { type: 'progress', done: Math.min(done, of - 1), of }
  const theta = next.value
  const factoring = factorOf(cells, theta, shape)
  let factor = factoring.next()
  for (let part = 1; !factor.done; factor = factoring.next(), part++)
    yield { type: 'progress', done: of - 1 / (part + 1), of }
  if (!factor.value) throw new Error('internal: the covariance of a Gaussian process has no factor')
  yield { type: 'progress', done: of, of }
  return { encoder, outputs, shape, theta, cells, answer: factor.value.answer }
}

/** Inputs matter a little, tasks share one pattern and have something of their own, a third is noise. */
function firstGuess({ lengths, tasks, rank }: Shape, { width }: Cells, random: Rng): Float64Array {
  const mix = Array.from({ length: tasks * rank }, (_, k) => (k % rank === 0 ? 0.6 : 0.2 * random.normal()))
  return Float64Array.of(
    ...new Array<number>(lengths).fill(0.5 * Math.log(Math.max(1, width))),
    ...mix,
    ...new Array<number>(tasks).fill(Math.log(rank ? 0.3 : 0.7)),
    ...new Array<number>(tasks).fill(Math.log(0.3)),
  )
}

/** The measured cells of some rows of a frame, standardised per task; constant targets need no curve. */
function cellsOf({ x, encoder, outputs, cells }: Frame, rows: Int32Array): Cells {
  const width = encoder.names.length
  const place = new Map(Array.from(rows, (row, i) => [row, i]))
  const own = new Float64Array(rows.length * width)
  rows.forEach((row, i) => own.set(x.subarray(row * width, (row + 1) * width), i * width))
  const found = { row: [] as number[], task: [] as number[], y: [] as number[], weight: [] as number[] }
  outputs.forEach(({ mean, sd }, t) => {
    const { at, y, weight } = cells[t]
    at.forEach((row, i) => {
      const position = place.get(row)
      if (position === undefined || sd === 0 || weight?.[i] === 0) return
      found.row.push(position)
      found.task.push(t)
      found.y.push((y[i] - mean) / sd)
      found.weight.push(weight ? weight[i] : 1)
    })
  })
  return {
    x: own,
    width,
    rows: rows.length,
    row: Int32Array.from(found.row),
    task: Int32Array.from(found.task),
    y: Float64Array.from(found.y),
    weight: cells[0]?.weight ? Float64Array.from(found.weight) : null,
  }
}

function modelOf(kept: Kept): Model {
  const { encoder, outputs, shape, theta, cells, answer: solved } = kept
  const { tasks } = shape
  const { width } = cells
  const { precision, between, noise } = partsOf(theta, shape, width)
  let factor: Factor | null = null
  const near = new Float64Array(cells.rows)
  const nearTo = (x: Float64Array, row: number) => {
    for (let i = 0; i < cells.rows; i++) near[i] = similarity(x, row * width, cells.x, i * width, precision)
  }

  async function predict(view: View): Promise<Predictions> {
    const x = encoder.encode(view.set, view.rows)
    const perTask = new Float64Array(tasks)
    const table = new Float64Array(view.rows.length * tasks)
    for (let row = 0; row < view.rows.length; row++) {
      nearTo(x, row)
      perTask.fill(0)
      for (let c = 0; c < solved.length; c++) perTask[cells.task[c]] += near[cells.row[c]] * solved[c]
      for (let t = 0; t < tasks; t++)
        for (let s = 0; s < tasks; s++) table[row * tasks + t] += between[t * tasks + s] * perTask[s]
    }
    return answer(view, outputs, (t, row, out) => {
      out[0] = outputs[t].mean + outputs[t].sd * table[row * tasks + t]
    })
  }

  /** Of a new measurement: what is not known of the curve, and its noise. */
  async function spread(view: View): Promise<Predictions> {
    const x = encoder.encode(view.set, view.rows)
    const root = (factor ??= factored(kept)).root
    const cross = new Float64Array(solved.length)
    return answer(view, outputs, (t, row, out) => {
      nearTo(x, row)
      for (let c = 0; c < cross.length; c++) cross[c] = between[t * tasks + cells.task[c]] * near[cells.row[c]]
      forwardPacked(root, cross.length, cross)
      const known = cross.reduce((sum, value) => sum + value * value, 0)
      out[0] = outputs[t].sd * Math.sqrt(Math.max(0, between[t * tasks + t] - known) + noise[t])
    })
  }

  return {
    parameters: theta.length + solved.length,
    predict,
    spread,
    save() {
      const { x, row, task, y, weight } = cells
      const arrays = { theta, answer: solved, x, row, task, y, ...(weight ? { weight } : {}) }
      return pack({ ...saveFrame({ outputs, encoder }), shape }, arrays)
    },
  }
}

function factored({ cells, theta, shape }: Kept): Factor {
  const factoring = factorOf(cells, theta, shape)
  for (;;) {
    const next = factoring.next()
    if (!next.done) continue
    if (next.value) return next.value
    throw new Error('internal: the covariance of a Gaussian process has no factor')
  }
}

const Saved = z.looseObject({
  shape: z.strictObject({
    lengths: z.int().nonnegative(),
    tasks: z.int().positive(),
    rank: z.int().nonnegative().max(10),
  }),
})

function loaded(bytes: Uint8Array): Kept {
  const packed = unpack(bytes)
  const parsed = Saved.safeParse(packed.header)
  if (!parsed.success) throw damaged('a Gaussian process without its heading')
  const { outputs, encoder } = loadFrame(packed.header)
  const { shape } = parsed.data
  const width = encoder.names.length
  const y = take(packed, 'y', 'f64')
  const x = take(packed, 'x', 'f64')
  const rows = width ? x.length / width : 0
  const cells: Cells = {
    x,
    width,
    rows,
    y,
    row: take(packed, 'row', 'i32', y.length),
    task: take(packed, 'task', 'i32', y.length),
    weight: packed.arrays.has('weight') ? take(packed, 'weight', 'f64', y.length) : null,
  }
  const whole =
    y.length <= MOST_CELLS &&
    Number.isInteger(rows) &&
    shape.tasks === outputs.length &&
    (shape.lengths === 1 || shape.lengths === width) &&
    cells.row.every((row) => row >= 0 && row < rows) &&
    cells.task.every((task) => task >= 0 && task < shape.tasks)
  if (!whole) throw damaged('a Gaussian process that does not fit its tasks')
  const theta = take(packed, 'theta', 'f64', sizeOf(shape))
  return { encoder, outputs, shape, theta, cells, answer: take(packed, 'answer', 'f64', y.length) }
}

function tooMany(cells: number): UserError {
  return new UserError({
    code: 'too-many-cells',
    who: 'Multi-task Gaussian process',
    rule: `learns from at most ${MOST_CELLS} measured cells (rows times targets): its time grows with their cube.`,
    got: `${cells} cells in training`,
    remedy: 'Use fewer rows or targets, or "random-forest" or "hard-sharing", which have no such limit.',
  })
}
