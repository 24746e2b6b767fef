import { add, conv2d, div, matmul, maxPool2d, mean, relu, reshape, sqrt, square, sub } from '../../engine/index.ts'
import type { Dim, Expr } from '../../engine/index.ts'
import { elementsOf } from '../../nn/plan.ts'
import type { Rng } from '../../rng.ts'

/**
 * Networks of few-shot classification, as their papers have them:
 *   mlp    hidden layers of linear map, batch norm, ReLU (Finn et al. 2017: 256, 128, 64, 64)
 *   conv   blocks of 3 x 3 convolution, batch norm, ReLU, 2 x 2 max pooling (Vinyals et al. 2016: four blocks of 64)
 * Batch norm shifts but does not stretch, as in MAML's code: what follows a ReLU is linear, so that a stretch adds
 * nothing. A bias before it would fall out, so there is none.
 */
export type Body = {
  /** [height, width, channel] of an image; [inputs] of other rows. */
  input: number[]
  kind: 'mlp' | 'conv'
  /** Units of each layer, or filters of each block. */
  layers: number[]
}

/** Mean and variance of each layer's sums before its batch norm. */
export type Statistics = { mean: Expr; variance: Expr }

const EPSILON = 1e-3

/** Weights and shift of each layer, in order. */
export function bodyShapes({ input, kind, layers }: Body): number[][] {
  let from = kind === 'conv' ? input[2] : elementsOf(input)
  return layers.flatMap((units) => {
    const weights = kind === 'conv' ? [3, 3, from, units] : [from, units]
    from = units
    return [weights, [units]]
  })
}

/** Numbers in a row. */
export const inputWidth = ({ input }: Body): number => elementsOf(input)

/** Width of what the body says of a row. */
export function bodyWidth({ input, kind, layers }: Body): number {
  const last = layers[layers.length - 1]
  if (kind === 'mlp') return last
  const places = layers.reduce(([h, w]) => [Math.floor(h / 2), Math.floor(w / 2)], input)
  return places[0] * places[1] * last
}

/** Weights uniform in +-sqrt(6 / (in + out)) (Glorot and Bengio 2010), shifts 0. */
export function firstBody(body: Body, random: Rng): Float32Array {
  return Float32Array.from(
    bodyShapes(body).flatMap((shape) => {
      const size = elementsOf(shape)
      if (shape.length === 1) return new Array<number>(size).fill(0)
      const window = shape.length === 4 ? shape[0] * shape[1] : 1
      const [from, to] = shape.slice(-2)
      const reach = Math.sqrt(6 / (window * (from + to)))
      return Array.from({ length: size }, () => reach * (2 * random.uniform() - 1))
    }),
  )
}

/**
 * What the body makes of rows x [task, row, input], with `pieces` shared by all tasks or, with a leading axis, each
 * task's own. Each batch norm takes its statistics from these rows, over each task's rows or (`together`) over all; or
 * from `given`, where rows must not lean on one another. Returns [task, row, width] and the statistics of these rows.
 */
export function bodyForward(
  body: Body,
  pieces: readonly Expr[],
  x: Expr,
  { given = null, together = false }: { given?: readonly Statistics[] | null; together?: boolean } = {},
): { h: Expr; statistics: Statistics[] } {
  const [tasks, rows] = x.shape
  const statistics: Statistics[] = []
  let h = body.kind === 'conv' ? reshape(x, [tasks, rows, ...body.input]) : x
  body.layers.forEach((_, l) => {
    const [weights, shift] = [pieces[2 * l], pieces[2 * l + 1]]
    const sums = body.kind === 'conv' ? conv2d(h, weights, { padding: 1 }) : matmul(h, weights)
    const axes = sums.shape.map((__, axis) => axis).slice(together ? 0 : 1, -1)
    const centre = mean(sums, axes, true)
    const centred = sub(sums, centre)
    const own = { mean: centre, variance: mean(square(centred), axes, true) }
    statistics.push(own)
    const used = given ? given[l] : own
    // Norm and ReLU never turn an order round, so that the largest is chosen first: a quarter of the work after it.
    const kept = body.kind === 'conv' ? maxPool2d(sums, 2) : null
    const scaled = div(kept || given ? sub(kept ?? sums, used.mean) : centred, sqrt(add(used.variance, EPSILON)))
    h = relu(add(scaled, alongTasks(shift, scaled.shape.length)))
  })
  return { h: body.kind === 'conv' ? reshape(h, [tasks, rows, bodyWidth(body)]) : h, statistics }
}

/** [unit] or [task, unit] as [task, 1, ..., unit]. */
function alongTasks(shift: Expr, rank: number): Expr {
  if (shift.shape.length === 1) return shift
  const ones = new Array<Dim>(rank - 2).fill(1)
  return reshape(shift, [shift.shape[0], ...ones, shift.shape[1]])
}
