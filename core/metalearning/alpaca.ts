import { z } from 'zod'
import {
  add,
  div,
  exp,
  grad,
  log,
  matmul,
  maximum,
  mul,
  slice,
  sqrt,
  square,
  sub,
  sum,
  transpose,
} from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { initialise } from '../nn/layers.ts'
import type { Plan } from '../nn/plan.ts'
import { posteriorCovariance, ridgeHead, withOnes } from './closedForm.ts'
import { atOnce, metaMethod, ROWS } from './metaMethod.ts'
import { metaParams, perRow } from './params.ts'
import { sizeOf, trunkShapes } from './ridgeHead.ts'
import type { Cells, Meta, Strategy } from './strategy.ts'
import { features, meanOfMeans, perTask, rowWeights } from './taskNetworks.ts'
import { search } from '../search.ts'

/**
 * ALPaCA, a Bayesian last layer (Harrison, Sharma and Pavone 2018). On features z with a 1 at their end,
 *   y = k . z + noise,  k ~ N(K, s2 F F^T),  noise ~ N(0, s2)
 * and trunk, K, F and s2 are learned so that query rows are likely under the posterior of the support rows,
 *   loss = mean_t -log N(y_query | k_t . z, s2 (1 + z^T S_t z)),
 *   k_t = K + F U^T (U U^T + I)^-1 (y - Z K),  S_t = F (I - U^T (U U^T + I)^-1 U) F^T,  U = Z F.
 * The paper writes the precision F^-T F^-1 instead, and takes s2 as known.
 */
const Params = z.strictObject({
  ...metaParams,
  noiseSd: z
    .number()
    .gt(0)
    .max(100)
    .default(0.3)
    .describe('First standard deviation of the noise; it is learned.')
    .meta(search({ log: [0.03, 1] })),
})

/** Of standardised targets; keeps the likelihood finite where tasks have no noise at all. */
const LEAST_VARIANCE = 1e-4

const width = (plan: Plan): number => (plan.hidden.at(-1) as number) + 1

function parts(plan: Plan, meta: Expr[]) {
  const blocks = trunkShapes(plan).length
  const [prior, factor, logVariance] = meta.slice(blocks)
  return { trunk: meta.slice(0, blocks), prior, factor, variance: add(exp(logVariance), LEAST_VARIANCE) }
}

function posterior({ plan, meta, support, few }: Pick<Meta, 'plan' | 'meta' | 'few'> & { support: Cells }) {
  const { trunk, prior, factor, variance } = parts(plan, meta)
  const z = withOnes(features(plan, trunk, support.x))
  const u = matmul(z, factor)
  const counts = rowWeights(support)
  const move = ridgeHead(u, sub(support.y, matmul(z, prior)), counts, 1, few)
  const head = add(prior, matmul(factor, move))
  const spread = matmul(matmul(factor, posteriorCovariance(u, counts, few)), transpose(factor))
  return { trunk, head, spread, variance }
}

/** Variance of a new answer: s2 (1 + z^T S z) [task, row, 1]. */
const varianceAt = (z: Expr, spread: Expr, variance: Expr): Expr =>
  mul(variance, add(1, maximum(sum(mul(matmul(z, spread), z), [2], true), 0)))

export const alpacaStrategy = (noiseSd: number): Strategy => ({
  key: ['alpaca'],
  shapes: (plan) => [...trunkShapes(plan), [width(plan), 1], [width(plan), width(plan)], [1]],
  first(plan, random) {
    const n = width(plan)
    const one = new Float32Array(n * n)
    for (let i = 0; i < n; i++) one[i * (n + 1)] = 1
    const trunk = initialise(plan, random).subarray(0, sizeOf(trunkShapes(plan)))
    return Float32Array.from([...trunk, ...new Float32Array(n), ...one, 2 * Math.log(noiseSd)])
  },
  outer: {
    optimizer: 'adam',
    step(given) {
      const { plan, meta, query } = given
      const { trunk, head, spread, variance } = posterior(given)
      const z = withOnes(features(plan, trunk, query.x))
      const own = varianceAt(z, spread, variance)
      const error = square(sub(matmul(z, head), query.y))
      const loss = meanOfMeans(mul(0.5, add(log(mul(2 * Math.PI, own)), div(error, own))), query)
      return { loss, gradient: grad(loss, meta) }
    },
  },
  adapt(given) {
    const { trunk, head, spread } = posterior(given)
    const n = width(given.plan)
    return { pieces: [...perTask(trunk), slice(head, 1, 0, n - 1), slice(head, 1, n - 1, n)], extra: { spread } }
  },
  extra: (plan) => ({ spread: [width(plan), width(plan)] }),
  spread({ plan, meta, extra, x }) {
    const { trunk, variance } = parts(plan, meta)
    return sqrt(varianceAt(withOnes(features(plan, trunk, x)), extra.spread, variance))
  },
})

export const alpaca = metaMethod<z.infer<typeof Params>>({
  id: 'alpaca',
  name: 'ALPaCA',
  about:
    'Learns features and what to expect of the last layer; the rows of a new task update it, with its uncertainty.',
  cite: 'Harrison, Sharma and Pavone 2018, Meta-Learning Priors for Efficient Online Bayesian Regression',
  params: Params,
  twins: ['ridge-head', 'from-scratch'],
  can: { kinds: ['regression'] },
  passes: (p, s) => p.iterations * p.metaBatch * (ROWS * 6 + (ROWS / 2) ** 3 / perRow(s.features, p.hidden)),
  learning: (p) => atOnce(p, alpacaStrategy(p.noiseSd)),
})
