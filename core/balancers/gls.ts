import { balancer } from './balancer.ts'

/**
 * Geometric loss strategy (Chennupati et al. 2019): the loss is the geometric mean (prod L)^(1/T), whose gradient
 * weights task t with that mean over T L_t.
 */
export const gls = balancer({
  id: 'gls',
  name: 'Geometric loss (GLS)',
  about: 'The geometric mean of the losses: scales of losses do not matter.',
  formula: 'w_t = (prod L)^(1/T) / (T L_t)',
  cite: 'Chennupati et al. 2019, MultiNet++: multi-stream feature aggregation and geometric loss strategy',
  group: 'more',
  needs: 'losses',
  update(state, { losses }) {
    const logs = losses.map((loss) => Math.log(Math.max(loss, 1e-12)))
    const mean = logs.reduce((sum, v) => sum + v, 0) / logs.length
    return { weights: logs.map((log) => Math.exp(mean - log) / logs.length), state }
  },
})
