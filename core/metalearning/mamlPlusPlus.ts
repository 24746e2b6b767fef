import { z } from 'zod'
import { add, cast, constant, cos, gather, grad, maximum, minimum, mul, slice, sub } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { layerShapes } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import type { Descent } from './descent.ts'
import { adaptByDescent, startAndRates, unrolled } from './descent.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { innerParams, innerRate, innerSteps, metaParams } from './params.ts'
import type { Strategy } from './strategy.ts'
import { losses, meanOfMeans, perTask } from './taskNetworks.ts'

/**
 * MAML++ (Antoniou, Edwards and Storkey 2019): MAML that learns a rate for every block of weights and every inner step,
 *   theta_{k+1} = theta_k - alpha[k, block] grad L^support(theta_k)
 * and asks the query set after each of them (multi-step loss),
 *   L = sum_k w_k L^query(theta_k),  w_k = max(1 - progress / 0.1, 0.03) / K for k < K,  w_K = 1 - sum of the others,
 * while the outer rate falls along half a cosine. Two parts of the paper are left out: gradients are of second order
 * from the start, and there is no batch norm. Steps beyond those learned use the last step's rates.
 *
 * The rates begin low: several steps at a rate that is right for one are too much for a network that nothing was learned
 * of yet, and what the outer loop does about it (rates below zero, units that never answer) stays.
 */
const Params = z.strictObject({
  ...metaParams,
  ...innerParams,
  innerLr: innerRate(0.001, [0.0003, 0.03], 'Rate of the inner loop that learning the rates begins with.'),
  innerSteps: innerSteps(3, [1, 2, 3, 5]),
  adaptSteps: z.int().min(1).max(10_000).default(3).describe('Gradient steps on a new task.'),
})

/** Share of the iterations after which the last step has all the weight but the rest, and that rest. */
const MULTI_STEP = 0.1
const REST = 0.03
/** No meta-gradient is larger, as in the authors' code. */
const CLAMP = 10

/** Rates [step, block] stand behind the start among the meta-parameters. */
function ratedDescent(plan: Plan, steps: number): Descent {
  const blocks = layerShapes(plan).length
  return {
    start: (meta) => perTask(meta.slice(0, blocks)),
    network: (fast) => [...fast],
    step(fast, slopes, { meta, step }) {
      const rates = gather(meta[blocks], capped(step, steps - 1))
      return fast.map((piece, k) => sub(piece, mul(slice(rates, 0, k, k + 1), slopes[k])))
    },
  }
}

const capped = (step: number | Expr, most: number): Expr =>
  typeof step === 'number'
    ? constant(Math.min(step, most), [], 'int64')
    : cast(minimum(cast(step, 'float'), most), 'int64')

export function mamlPlusPlusStrategy(steps: number, innerLr: number): Strategy {
  return {
    ...startAndRates((plan) => [[steps, layerShapes(plan).length]], innerLr),
    key: ['maml++', steps],
    outer: {
      optimizer: 'adam',
      rate: (lr, progress) => mul(lr, mul(0.5, add(1, cos(mul(Math.PI, progress))))),
      step(given) {
        const { plan, meta, query, progress } = given
        const path = unrolled(ratedDescent(plan, steps), given, steps, false).slice(1)
        const early = mul(1 / steps, maximum(sub(1, mul(1 / MULTI_STEP, progress)), REST))
        const last = sub(1, mul(steps - 1, early))
        const loss = path
          .map((fast, k) => mul(k < steps - 1 ? early : last, meanOfMeans(losses(plan, fast, query), query)))
          .reduce((sum, part) => add(sum, part))
        return { loss, gradient: grad(loss, meta).map((slope) => maximum(minimum(slope, CLAMP), -CLAMP)) }
      },
    },
    adapt: (given) => adaptByDescent(ratedDescent(given.plan, steps), given),
  }
}

export const mamlPlusPlus = metaMethod<z.infer<typeof Params>>({
  id: 'maml-plus-plus',
  name: 'MAML++',
  about: 'MAML that also learns how large each step is, layer by layer, and looks at every step on the way.',
  cite: 'Antoniou, Edwards and Storkey 2019, How to train your MAML',
  params: Params,
  twins: ['maml', 'from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * ROWS * (3 + 9 * p.innerSteps),
  learning: (p) => bySteps(p, mamlPlusPlusStrategy(p.innerSteps, p.innerLr)),
})
