import { z } from 'zod'
import { add, cast, exp, grad, matmul, mul, oneHot, reshape, slice, sub } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { initialise } from '../nn/layers.ts'
import { cellLoss } from '../nn/losses.ts'
import { elementsOf, layerShapes } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import { ridgeHead as solveHead, withOnes } from './closedForm.ts'
import { atOnce, metaMethod, ROWS } from './metaMethod.ts'
import { metaParams, perRow } from './params.ts'
import type { Cells, Meta, Strategy } from './strategy.ts'
import { features, meanOfMeans, perTask, rowWeights } from './taskNetworks.ts'
import { search } from '../search.ts'

/**
 * R2-D2, a ridge regression as the last layer (Bertinetto, Henriques, Torr and Vedaldi 2019): with Z the features of the
 * support rows and a column of ones,
 *   W_t = Z^T (Z Z^T + lambda I)^-1 Y,   trunk, lambda <- Adam(mean_t L(Z_query W_t))
 * differentiated through the solution. Classes are regressed as 0 and 1 (pairs as -1 and 1) and the answers scaled and
 * shifted by two learned numbers before the log loss.
 */
const Params = z.strictObject({
  ...metaParams,
  lambda: z
    .number()
    .gt(0)
    .max(1e6)
    .default(1)
    .describe('First strength of the ridge; it is learned.')
    .meta(search({ log: [0.01, 100] })),
})

/** Shapes of the trunk's blocks: all layers but the last. */
export const trunkShapes = (plan: Plan): number[][] =>
  layerShapes(plan)
    .slice(0, -2)
    .map(({ shape }) => shape)
export const sizeOf = (shapes: number[][]): number => shapes.reduce((sum, shape) => sum + elementsOf(shape), 0)

/** The head of each task [task, unit + 1, width], the bias last; scaled for classes. */
function headOf({ plan, meta, support, few }: Pick<Meta, 'plan' | 'meta' | 'few'> & { support: Cells }) {
  const blocks = trunkShapes(plan).length
  const trunk = meta.slice(0, blocks)
  const [lambda, scale, shift] = meta.slice(blocks)
  const z = withOnes(features(plan, trunk, support.x))
  const head = solveHead(z, targets(plan, support.y), rowWeights(support), exp(lambda), few)
  const n = plan.hidden.at(-1) as number
  const [weights, bias] = [slice(head, 1, 0, n), slice(head, 1, n, n + 1)]
  if (plan.columns[0].kind === 'regression') return { trunk, weights, bias }
  return { trunk, weights: mul(weights, exp(scale)), bias: add(mul(bias, exp(scale)), shift) }
}

function targets(plan: Plan, y: Expr): Expr {
  const { kind, width } = plan.columns[0]
  if (kind === 'regression') return y
  if (kind === 'binary') return sub(mul(2, y), 1)
  return oneHot(cast(reshape(y, y.shape.slice(0, -1)), 'int64'), width)
}

export const ridgeHeadStrategy = (lambda: number): Strategy => ({
  key: ['ridge-head'],
  shapes: (plan) => [...trunkShapes(plan), [1], [1], [1]],
  first: (plan, random) =>
    Float32Array.from([...initialise(plan, random).subarray(0, sizeOf(trunkShapes(plan))), Math.log(lambda), 0, 0]),
  outer: {
    optimizer: 'adam',
    step(given) {
      const { plan, meta, query } = given
      const { trunk, weights, bias } = headOf(given)
      const { kind, width } = plan.columns[0]
      const said = add(matmul(features(plan, trunk, query.x), weights), bias)
      const loss = meanOfMeans(cellLoss(kind, said, query.y, width), query)
      return { loss, gradient: grad(loss, meta) }
    },
  },
  adapt(given) {
    const { trunk, weights, bias } = headOf(given)
    return { pieces: [...perTask(trunk), weights, bias] }
  },
})

export const ridgeHead = metaMethod<z.infer<typeof Params>>({
  id: 'ridge-head',
  name: 'Ridge head (R2-D2)',
  about: 'Learns features; the last layer of a new task is a ridge regression on them, solved at once.',
  cite: 'Bertinetto, Henriques, Torr and Vedaldi 2019, Meta-learning with differentiable closed-form solvers',
  params: Params,
  twins: ['anil', 'from-scratch'],
  passes: (p, s) => p.iterations * p.metaBatch * (ROWS * 3 + (ROWS / 2) ** 3 / perRow(s.features, p.hidden)),
  learning: (p) => atOnce(p, ridgeHeadStrategy(p.lambda)),
})
