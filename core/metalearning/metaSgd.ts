import { z } from 'zod'
import { mul, sub } from '../engine/index.ts'
import type { Descent } from './descent.ts'
import { adaptByDescent, ownStart, queryLossAfter, startAndRates } from './descent.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { innerParams, metaParams } from './params.ts'
import type { Strategy } from './strategy.ts'
import { perTask } from './taskNetworks.ts'

/**
 * Meta-SGD (Li, Zhou, Chen and Li 2017): MAML that learns a rate for every single weight, its sign included,
 *   theta_t = theta - alpha * grad L_t^support(theta)   (elementwise),  theta, alpha <- Adam(mean_t L_t^query(theta_t))
 */
const Params = z.strictObject({ ...metaParams, ...innerParams })

const rated: Descent = {
  start: (meta) => perTask(meta.slice(0, meta.length / 2)),
  network: (fast) => [...fast],
  step: (fast, slopes, { meta }) => fast.map((piece, k) => sub(piece, mul(meta[meta.length / 2 + k], slopes[k]))),
}

export const metaSgdStrategy = (steps: number, innerLr: number): Strategy => ({
  ...startAndRates(ownStart.shapes, innerLr),
  key: ['meta-sgd', steps],
  outer: queryLossAfter(() => rated, steps),
  adapt: (given) => adaptByDescent(rated, given),
})

export const metaSgd = metaMethod<z.infer<typeof Params>>({
  id: 'meta-sgd',
  name: 'Meta-SGD',
  about: 'MAML that also learns, for every single weight, how far and in which direction it should move.',
  cite: 'Li, Zhou, Chen and Li 2017, Meta-SGD: Learning to Learn Quickly for Few-Shot Learning',
  params: Params,
  twins: ['maml', 'from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * ROWS * (4 + 7 * p.innerSteps),
  learning: (p) => bySteps(p, metaSgdStrategy(p.innerSteps, p.innerLr)),
})
