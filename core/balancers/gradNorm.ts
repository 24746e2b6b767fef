import { z } from 'zod'
import { balancer } from './balancer.ts'
import { norms } from './gram.ts'
import { learnStep, learnedMemory, weightRate } from './learned.ts'
import { search } from '../search.ts'

/**
 * GradNorm (Chen et al. 2018): weights are learned so that weighted gradients have like lengths, longer for tasks that
 * lag behind their first loss.
 *   minimise  sum of | w_t |g_t| - mean(w |g|) r_t^a |,   r_t = (L_t / L_t(0)) / mean(L / L(0)),   sum of w = T
 * The target is a constant of each step. Lengths are of all shared parameters rather than of the last shared layer.
 */
export const gradNorm = balancer({
  id: 'gradnorm',
  name: 'GradNorm',
  about: 'Evens out how hard each task pulls, and pushes tasks that lag. For tasks that learn at different speeds.',
  formula: 'w learned with sum of | w_t |g_t| - mean(w |g|) r_t^a |, sum of w = T',
  cite: 'Chen et al. 2018, GradNorm: gradient normalization for adaptive loss balancing',
  group: 'common',
  needs: 'gram',
  params: {
    asymmetry: z
      .number()
      .min(0)
      .max(10)
      .default(1.5)
      .describe('How much more a task that lags behind is pushed; 0 makes all gradients equally long.')
      .meta(search({ linear: [0, 3] })),
    weightRate,
  },
  memory: { ...learnedMemory('weight', 1), first: { per: 'task', start: NaN } },
  update(state, { losses, gram }, { asymmetry, weightRate: rate }) {
    const tasks = losses.length
    const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / tasks
    const weights = state.weight
    const first = state.first.map((loss, t) => (loss > 0 ? loss : losses[t]))
    const lengths = norms(gram, tasks)
    const pulls = lengths.map((length, t) => length * weights[t])
    const progress = losses.map((loss, t) => (first[t] > 0 ? loss / first[t] : 1))
    const average = mean(progress) || 1
    const even = mean(pulls)
    const gradient = lengths.map(
      (length, t) => length * Math.sign(pulls[t] - even * (progress[t] / average) ** asymmetry),
    )
    const next = learnStep({ ...state, first }, 'weight', gradient, rate)
    const kept = next.weight.map((w) => Math.max(w, 1e-3))
    const total = mean(kept)
    return { weights, state: { ...next, weight: kept.map((w) => w / total) } }
  },
})
