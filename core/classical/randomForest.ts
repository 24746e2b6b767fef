import { z } from 'zod'
import { fitEncoder } from '../data/encoding.ts'
import { frameOf, wholeFold } from '../frame.ts'
import type { Frame, Output, OutputCells } from '../frame.ts'
import type { FitEvent, Method } from '../method.ts'
import type { Rng } from '../rng.ts'
import { search } from '../search.ts'
import { forestGrowing, usualForest } from './forest.ts'
import type { Forest, ForestData, ForestOptions } from './forest.ts'
import { groveModel, loadGrove } from './forestModel.ts'
import type { Grove } from './forestModel.ts'
import { outputsByTarget } from './linearMethod.ts'

/**
 * Random forests as methods (core/classical/forest.ts has the formulas): one forest whose leaves answer all targets,
 * or one per task. With a task column the common forest also sees which task a row belongs to, and so finds out for
 * itself where tasks are alike; a task never seen is answered by what its inputs say.
 */
export const ForestParams = z.strictObject({
  trees: z
    .int()
    .min(1)
    .max(5000)
    .default(usualForest.trees)
    .describe('How many trees each forest has; more are steadier and slower.'),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(usualForest.share)
    .describe('Share of the inputs that each node of a tree may look at, drawn anew for it.')
    .meta(search({ linear: [0.1, 1] })),
  leaf: z
    .int()
    .min(1)
    .max(100_000)
    .default(usualForest.leaf)
    .describe('Least number of rows in a leaf of a tree; larger is smoother.')
    .meta(search({ log: [1, 20] })),
  depth: z.int().min(1).max(1000).default(100).describe('Most cuts that may follow each other in a tree.'),
  bootstrap: z
    .boolean()
    .default(true)
    .describe('Whether each tree learns from rows drawn with replacement, or from all of them.'),
})
export type ForestParams = z.infer<typeof ForestParams>

/** Units of work of one forest; as measured, a unit is about one multiply-add. */
export function forestWork(rows: number, features: number, columns: number, { trees, share }: ForestParams): number {
  return 1.5 * trees * rows * Math.log2(rows + 1) * features * (share * (4 + 1.5 * columns) + 2) + 1
}

const said = {
  cite: 'Breiman 2001, Random forests; Segal and Xiao 2011, Multivariate random forests',
  params: ForestParams,
}
const can = {
  taskColumn: true,
  needsTaskColumn: false,
  manyTargets: true,
  missingTargets: true,
  kinds: ['regression', 'binary', 'multiclass'],
  adapt: false,
  onnx: false,
  resume: false,
  network: false,
} as const

export const singleTaskForest: Method<ForestParams> = {
  ...said,
  id: 'single-task-forest',
  family: 'classical',
  name: 'Random forest per task',
  about: 'Many trees of yes-no questions per task, each grown on other rows; their mean answers.',
  can: { ...can, kinds: [...can.kinds], newTask: false },
  work: (s, params) =>
    s.tasks * forestWork(s.taskColumn ? (s.rows * s.targets) / s.tasks : s.rows, s.features, 1, params),
  async *fit(context, params) {
    const frame = frameOf(wholeFold(context))
    return groveModel(yield* apart(frame, params, context.rng))
  },
  load: (bytes) => groveModel(loadGrove(bytes)),
}

export const randomForest: Method<ForestParams> = {
  ...said,
  id: 'random-forest',
  family: 'classical',
  name: 'Multi-target random forest',
  about: 'Many trees of yes-no questions, each grown on other rows; every leaf answers all targets at once.',
  twins: ['single-task-forest'],
  can: { ...can, kinds: [...can.kinds], newTask: true },
  work: (s, params) => forestWork(s.rows, s.features + (s.taskColumn ? s.tasks / s.targets : 0), s.targets, params),
  async *fit(context, params) {
    const view = wholeFold(context)
    const frame = frameOf(view, fitEncoder(view, { taskColumn: true }))
    return groveModel(yield* together(frame, params, context.rng))
  },
  load: (bytes) => groveModel(loadGrove(bytes)),
}

function* together(frame: Frame, params: ForestOptions, random: Rng): Generator<FitEvent, Grove> {
  const { view, outputs, encoder } = frame
  const fresh: Grove['fresh'] = {}
  const targets: ForestData['targets'] = []
  let column = 0
  for (const [target, own] of outputsByTarget(frame)) {
    const y = new Float64Array(view.rows.length).fill(NaN)
    for (const k of own) frame.cells[k].at.forEach((row, i) => (y[row] = frame.cells[k].y[i]))
    fresh[target] = { forest: 0, column }
    targets.push({ y, classes: classesOf(outputs[own[0]]) })
    column += outputs[own[0]].width
  }
  const { weight } = view.set
  const forest = yield* inHundredths(
    forestGrowing(
      {
        x: frame.x,
        features: encoder.names.length,
        targets,
        weight: weight && Float64Array.from(view.rows, (row) => weight[row]),
      },
      params,
      random,
    ),
    0,
    1,
    params.trees,
  )
  const places = outputs.map(({ target }) => fresh[target])
  return { encoder, outputs, forests: [forest], places, fresh: view.set.group ? fresh : null }
}

function* apart(frame: Frame, params: ForestOptions, random: Rng): Generator<FitEvent, Grove> {
  const { outputs, encoder, cells, x } = frame
  const forests: Forest[] = []
  for (const [k, output] of outputs.entries()) {
    const growing = forestGrowing(
      taskData(x, encoder.names.length, cells[k], classesOf(output)),
      params,
      random.split(output.task),
    )
    forests.push(yield* inHundredths(growing, k, outputs.length, params.trees))
  }
  return { encoder, outputs, forests, places: outputs.map((_, forest) => ({ forest, column: 0 })), fresh: null }
}

/** The cells of one task as a forest learns from them. x: [row, width] */
export function taskData(
  x: Float64Array,
  width: number,
  { at, y, weight }: OutputCells,
  classes: number,
): ForestData & { x: Float32Array } {
  const own = new Float32Array(at.length * width)
  at.forEach((row, i) => own.set(x.subarray(row * width, (row + 1) * width), i * width))
  return { x: own, features: width, targets: [{ y, classes }], weight }
}

const classesOf = ({ width }: Output) => (width > 1 ? width : 0)

/** Progress in at most a hundred parts of forest `k` of `of`; the growing may be stopped at each. */
function* inHundredths<T>(growing: Generator<number, T>, k: number, of: number, trees: number): Generator<FitEvent, T> {
  const all = of * trees
  const every = Math.ceil(all / 100)
  for (;;) {
    const next = growing.next()
    if (next.done) return next.value
    const done = k * trees + next.value
    if (done % every === 0 || done === all) yield { type: 'progress', done, of: all }
  }
}
