import { z } from 'zod'
import {
  add,
  cast,
  div,
  exp,
  grad,
  loop,
  maximum,
  mul,
  slice,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
} from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { ownStart } from './descent.ts'
import { bySteps, metaMethod } from './metaMethod.ts'
import { adaptSteps, innerRate, innerSteps, metaParams } from './params.ts'
import type { Cells, Strategy } from './strategy.ts'
import { clipped, descend, losses, meanOfMeans, meanOverTasks, perTask, sumOfMeans } from './taskNetworks.ts'
import { search } from '../search.ts'

/**
 * Reptile (Nichol, Achiam and Schulman 2018): learn a task for some steps, then move the start towards where that led,
 *   theta <- theta + outerLr (1 - progress) mean_t (theta_t - theta).
 * Every inner step sees `innerBatch` rows of the task, which are not split into support and query set. The inner
 * optimizer is plain gradient descent, or Adam without its first moment (beta1 = 0), as in the paper; its second moment
 * begins anew with every task, where the paper's code carries it from task to task. Slopes longer than
 * `clip` are shortened, which the paper does not do: of large inputs or targets one task would else end the training.
 */
const Params = z.strictObject({
  ...metaParams,
  outerLr: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe('How far the start moves in the first step of the outer loop.')
    .meta(search({ linear: [0.1, 1] })),
  innerLr: innerRate(0.02, [0.002, 0.2]),
  innerSteps: innerSteps(5, [3, 5, 10, 20], 50),
  innerBatch: z.int().min(1).max(1024).default(10).describe('Rows in each step of the inner loop.'),
  innerOptimizer: z.enum(['sgd', 'adam']).default('sgd').describe('How the inner loop steps.'),
  clip: z
    .number()
    .gt(0)
    .max(1e6)
    .default(10)
    .describe('Longest slope of a task in the inner loop (sgd); a longer one is shortened to it.'),
  adaptSteps: adaptSteps(32, [4, 100]),
})
type Inner = { kind: z.infer<typeof Params>['innerOptimizer']; clip: number }

const B2 = 0.999
const EPS = 1e-8

/** One inner step; `squares` are Adam's running means of squared slopes, `t` counts from 1. */
function stepBy({ kind, clip }: Inner, fast: Expr[], squares: Expr[], slopes: Expr[], rate: Expr, t: Expr) {
  if (kind === 'sgd') return { fast: descend(fast, clipped(slopes, clip), rate), squares }
  const next = squares.map((v, k) => add(mul(B2, v), mul(1 - B2, square(slopes[k]))))
  const unbias = sub(1, exp(mul(t, Math.log(B2))))
  const scaled = slopes.map((slope, k) => div(slope, add(sqrt(div(next[k], unbias)), EPS)))
  return { fast: descend(fast, scaled, rate), squares: next }
}

/** Rows from..to of each task; where rows have weights, they sum to 1 again. */
function rowsOf({ x, y, weight }: Cells, from: number, to: number): Cells {
  const part = (cells: Expr) => slice(cells, 1, from, to)
  const own = weight && part(weight)
  return {
    x: part(x),
    y: part(y),
    weight: own && div(own, maximum(sum(own, [1], true), 1e-12)),
    rows: to - from,
  }
}

export function reptileStrategy(steps: number, batch: number, inner: Inner): Strategy {
  return {
    ...ownStart,
    key: ['reptile', steps, batch, inner],
    outer: {
      optimizer: 'sgd',
      queries: steps * batch,
      rate: (lr, progress) => mul(lr, sub(1, progress)),
      step({ plan, meta, query, rate }) {
        const start = perTask(meta)
        let now: { fast: Expr[]; squares: Expr[] } = { fast: start, squares: start.map((piece) => mul(piece, 0)) }
        const seen: Expr[] = []
        for (let k = 0; k < steps; k++) {
          const cells = rowsOf(query, k * batch, (k + 1) * batch)
          const each = losses(plan, now.fast, cells)
          seen.push(meanOfMeans(each, cells))
          const slopes = grad(sumOfMeans(each, cells), now.fast).map(stopGradient)
          now = stepBy(inner, now.fast, now.squares, slopes, rate, add(mul(rate, 0), k + 1))
        }
        const led = meanOverTasks(plan, now.fast)
        const loss = mul(
          1 / steps,
          seen.reduce((total, part) => add(total, part)),
        )
        return { loss, gradient: meta.map((piece, k) => sub(piece, led[k])) }
      },
    },
    adapt({ plan, meta, support, rate, count }) {
      const start = perTask(meta)
      const n = start.length
      const { state } = loop({
        count,
        state: inner.kind === 'adam' ? [...start, ...start.map((piece) => mul(piece, 0))] : start,
        body(i, state) {
          const fast = state.slice(0, n)
          const slopes = grad(sumOfMeans(losses(plan, fast, support), support), fast)
          const next = stepBy(inner, fast, state.slice(n), slopes, rate, add(cast(i, 'float'), 1))
          return { state: [...next.fast, ...next.squares] }
        },
      })
      return { pieces: state.slice(0, n) }
    },
  }
}

export const reptile = metaMethod<z.infer<typeof Params>>({
  id: 'reptile',
  name: 'Reptile',
  about: 'Learns a task for some steps, moves the start a little towards where that led, and so on.',
  cite: 'Nichol, Achiam and Schulman 2018, On First-Order Meta-Learning Algorithms',
  params: Params,
  twins: ['first-order-maml', 'from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * p.innerBatch * 3 * p.innerSteps,
  learning: (p) => bySteps(p, reptileStrategy(p.innerSteps, p.innerBatch, { kind: p.innerOptimizer, clip: p.clip })),
})
