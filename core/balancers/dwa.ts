import { z } from 'zod'
import { balancer } from './balancer.ts'
import { softmax } from './gram.ts'
import { search } from '../search.ts'

/**
 * Dynamic weight averaging (Liu et al. 2019): tasks whose loss falls slowly count more.
 *   r_t = L_t(epoch - 1) / L_t(epoch - 2),   w = T softmax(r / temperature)
 * L(epoch) is the mean over the batches of an epoch; r_t is 1 until two epochs are over.
 */
export const dwa = balancer({
  id: 'dwa',
  name: 'Dynamic weight averaging (DWA)',
  about: 'Tasks whose loss falls slowly count more. Costs nothing; weights move little.',
  formula: 'w = T softmax(r / temperature), r_t = L_t(epoch - 1) / L_t(epoch - 2)',
  cite: 'Liu et al. 2019, End-to-end multi-task learning with attention',
  group: 'common',
  needs: 'losses',
  params: {
    temperature: z
      .number()
      .gt(0)
      .max(100)
      .default(2)
      .describe('How even the task weights are; the larger, the nearer to equal.')
      .meta(search({ log: [0.5, 10] })),
  },
  memory: {
    last: { per: 'task', start: NaN },
    before: { per: 'task', start: NaN },
    sum: { per: 'task', start: 0 },
    count: { per: 'task', start: 0 },
    seen: { per: 'task', start: 0 },
  },
  update(state, { losses, epoch }, { temperature }) {
    const [last, before, sum, count, seen] = ['last', 'before', 'sum', 'count', 'seen'].map((k) => state[k].slice())
    losses.forEach((loss, t) => {
      if (seen[t] !== epoch && count[t] > 0) {
        before[t] = last[t]
        last[t] = sum[t] / count[t]
        sum[t] = count[t] = 0
      }
      seen[t] = epoch
      sum[t] += loss
      count[t]++
    })
    const r = losses.map((_, t) => (before[t] > 0 ? last[t] / before[t] : 1) / temperature)
    return {
      weights: softmax(r).map((w) => w * losses.length),
      state: { last, before, sum, count, seen },
    }
  },
})
