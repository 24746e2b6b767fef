import { z } from 'zod'
import {
  add,
  cast,
  concat,
  div,
  grad,
  log,
  matmul,
  mul,
  oneHot,
  reshape,
  size,
  slice,
  softplus,
  square,
  sub,
  sum,
} from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { dense, forward, initialise } from '../nn/layers.ts'
import { cellLoss } from '../nn/losses.ts'
import { layerShapes } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import { atOnce, metaMethod, ROWS } from './metaMethod.ts'
import { metaParams } from './params.ts'
import type { Cells, Strategy } from './strategy.ts'
import { features, meanOfMeans, perTask } from './taskNetworks.ts'
import { search } from '../search.ts'

/**
 * Conditional neural process (Garnelo et al. 2018): a network reads every support row, the mean of what it says stands
 * for the task, and a second network answers from that and the input, in one pass:
 *   r_t = mean_i h(x_i, y_i),   (mean, sd) = g(x, r_t),   loss = mean_t -log N(y_query | mean, sd)
 * with sd = 0.01 + softplus; classes have their log loss instead. What stands beside the inputs shifts the first layer
 * of g, so that a learned task is g with another first bias.
 */
const Params = z.strictObject({
  ...metaParams,
  representation: z
    .int()
    .min(1)
    .max(1024)
    .default(64)
    .describe('How many numbers stand for a task.')
    .meta(search({ choices: [16, 64, 128] })),
})

const LEAST_SD = 0.01

/** Numbers that stand for an answer in the input of the encoder. */
const codeWidth = ({ columns: [{ kind, width }] }: Plan): number => (kind === 'multiclass' ? width : 1)
/** Mean and standard deviation of a number; one unit per class otherwise. */
const answerWidth = ({ columns: [{ kind, width }] }: Plan): number => (kind === 'regression' ? 2 : width)

const named = (n: number) => Array.from({ length: n }, (_, k) => String(k))
const sized = (plan: Plan, inputs: number, width: number): Plan => ({
  ...plan,
  inputs: named(inputs),
  columns: [{ ...plan.columns[0], width }],
})
const encoderOf = (plan: Plan, r: number): Plan => sized(plan, plan.inputs.length + codeWidth(plan), r)
const decoderOf = (plan: Plan, r: number): Plan => sized(plan, plan.inputs.length + r, answerWidth(plan))
const shapesOf = (plan: Plan): number[][] => layerShapes(plan).map(({ shape }) => shape)

/** r_t [task, 1, representation]; 0 where no row counts. */
function encoded(plan: Plan, encoder: Expr[], { x, y, weight, rows }: Cells): Expr {
  const { kind, width } = plan.columns[0]
  const code = kind === 'multiclass' ? oneHot(cast(reshape(y, y.shape.slice(0, -1)), 'int64'), width) : y
  const said = forward(plan.activation, encoder, concat([x, code], 2))
  return weight ? sum(mul(said, weight), [1], true) : div(sum(said, [1], true), size(rows))
}

/** The decoder of each task, its first layer shifted by what stands for the task. */
function decoderAt(plan: Plan, [first, bias, ...rest]: Expr[], r: Expr, representation: number): Expr[] {
  const n = plan.inputs.length
  return [slice(first, 0, 0, n), add(bias, matmul(r, slice(first, 0, n, n + representation))), ...rest]
}

const sdOf = (raw: Expr): Expr => add(LEAST_SD, softplus(raw))

export function neuralProcessStrategy(representation: number): Strategy {
  const parts = (plan: Plan, meta: Expr[]) => {
    const n = shapesOf(encoderOf(plan, representation)).length
    return { encoder: meta.slice(0, n), decoder: meta.slice(n) }
  }
  const taskDecoder = (plan: Plan, meta: Expr[], support: Cells) => {
    const { encoder, decoder } = parts(plan, meta)
    const r = encoded(plan, encoder, support)
    return { r, network: decoderAt(plan, decoder, r, representation) }
  }
  return {
    key: ['neural-process', representation],
    shapes: (plan) => [...shapesOf(encoderOf(plan, representation)), ...shapesOf(decoderOf(plan, representation))],
    first: (plan, random) =>
      Float32Array.from([
        ...initialise(encoderOf(plan, representation), random.split('encoder')),
        ...initialise(decoderOf(plan, representation), random.split('decoder')),
      ]),
    outer: {
      optimizer: 'adam',
      step({ plan, meta, support, query }) {
        const { network } = taskDecoder(plan, meta, support)
        const said = forward(plan.activation, network, query.x)
        const { kind, width } = plan.columns[0]
        const each = kind === 'regression' ? unlikelihood(said, query.y) : cellLoss(kind, said, query.y, width)
        const loss = meanOfMeans(each, query)
        return { loss, gradient: grad(loss, meta) }
      },
    },
    adapt({ plan, meta, support }) {
      const { r, network } = taskDecoder(plan, meta, support)
      // Of the two answers to a number, the network is the mean.
      const cut = (piece: Expr) => slice(piece, piece.shape.length - 1, 0, plan.columns[0].width)
      return { pieces: perTask([...network.slice(0, -2), ...network.slice(-2).map(cut)]), extra: { task: r } }
    },
    extra: () => ({ task: [1, representation] }),
    spread({ plan, meta, extra, x }) {
      const network = decoderAt(plan, parts(plan, meta).decoder, extra.task, representation)
      const [weights, bias] = network.slice(-2)
      const said = dense(features(plan, network.slice(0, -2), x), weights, bias)
      return sdOf(slice(said, 2, 1, 2))
    },
  }
}

/** -log N(y | mean, sd) of each cell. */
function unlikelihood(said: Expr, y: Expr): Expr {
  const [mean, sd] = [slice(said, 2, 0, 1), sdOf(slice(said, 2, 1, 2))]
  return add(add(log(sd), 0.5 * Math.log(2 * Math.PI)), mul(0.5, square(div(sub(y, mean), sd))))
}

export const conditionalNeuralProcess = metaMethod<z.infer<typeof Params>>({
  id: 'conditional-neural-process',
  name: 'Conditional neural process',
  about: 'Reads the rows of a new task into a few numbers and answers from them at once, with its uncertainty.',
  cite: 'Garnelo et al. 2018, Conditional Neural Processes',
  params: Params,
  twins: ['from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * ROWS * 6,
  learning: (p) => atOnce(p, neuralProcessStrategy(p.representation)),
})
