import { balancer } from './balancer.ts'
import { learnStep, learnedMemory, weightRate } from './learned.ts'

/**
 * Uncertainty weighting (Kendall et al. 2018): each task learns how noisy it is, s_t = log of the variance.
 *   minimise  sum of exp(-s_t) L_t / 2 + s_t / 2,   w_t = exp(-s_t) / 2
 * The same form for classes as for numbers, as most implementations have it (the paper drops the half for classes).
 */
export const uncertainty = balancer({
  id: 'uncertainty',
  name: 'Uncertainty weighting',
  about: 'Noisy tasks count less: each learns its own noise. Cheap; for losses on different scales.',
  formula: 'w_t = exp(-s_t) / 2, s_t learned with L_t exp(-s_t) / 2 + s_t / 2',
  cite: 'Kendall et al. 2018, Multi-task learning using uncertainty to weigh losses',
  group: 'common',
  needs: 'losses',
  params: { weightRate },
  memory: learnedMemory('logVariance', 0),
  update(state, { losses }, params) {
    const weights = state.logVariance.map((s) => Math.exp(-s) / 2)
    const gradient = losses.map((loss, t) => 0.5 - weights[t] * loss)
    return { weights, state: learnStep(state, 'logVariance', gradient, params.weightRate) }
  },
})
