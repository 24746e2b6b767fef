import { z } from 'zod'
import { balancer } from './balancer.ts'
import { dot } from '../dot.ts'
import { softmax } from './gram.ts'
import { learnStep, learnedMemory, weightRate } from './learned.ts'
import { search } from '../search.ts'

/**
 * FAMO (Liu et al. 2023): all losses shall fall at the same relative speed, seen from the losses alone.
 *   p = softmax(x),   w_t = c p_t / L_t,   c = 1 / sum of (p / L)
 *   after the step: x goes down the slope J' (log L_before - log L_after), J the Jacobian of the softmax, with decay
 */
const LEAST = 1e-8

export const famo = balancer({
  id: 'famo',
  name: 'FAMO',
  about: 'All losses fall at the same relative speed, without per-task gradients. For many tasks.',
  formula: 'w_t = c p_t / L_t, p = softmax(x), x learned from how far each log loss fell',
  cite: 'Liu et al. 2023, FAMO: fast adaptive multitask optimization',
  group: 'common',
  needs: 'losses',
  params: {
    weightRate,
    weightPull: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe('Pull of the learned task weights back to equal.')
      .meta(search({ log: [0.0001, 0.1] })),
  },
  memory: learnedMemory('logit', 0),
  update(state, { losses }) {
    const share = softmax(state.logit).map((p, t) => p / Math.max(losses[t], LEAST))
    const total = share.reduce((sum, v) => sum + v, 0)
    return { weights: share.map((v) => v / total), state }
  },
  after(state, before, after, { weightRate: rate, weightPull }) {
    const p = softmax(state.logit)
    const fell = before.map((loss, t) => Math.log(Math.max(loss, LEAST)) - Math.log(Math.max(after[t], LEAST)))
    const mean = dot(p, fell)
    const gradient = p.map((v, t) => v * (fell[t] - mean))
    return learnStep(state, 'logit', gradient, rate, weightPull)
  },
})
