import { z } from 'zod'
import { balancer } from './balancer.ts'
import { softmax } from './gram.ts'
import { search } from '../search.ts'

/**
 * Smooth Tchebycheff scalarisation (Lin et al. 2024): a smooth form of "make the worst task better",
 *   L = mu T log sum of exp(log(L_t / n_t) / mu),   w_t = T softmax(log(L / n) / mu)_t / L_t
 * where n_t is the mean loss over the epoch numbered `warmupEpochs`; up to and in that epoch the loss is the sum of log L_t.
 */
export const stch = balancer({
  id: 'stch',
  name: 'Smooth Tchebycheff (STCH)',
  about: 'Works on the task that is worst compared with its early loss, smoothly.',
  formula: 'w_t = T softmax(log(L / n) / mu)_t / L_t',
  cite: 'Lin et al. 2024, Smooth Tchebycheff scalarization for multi-objective optimization',
  group: 'more',
  needs: 'losses',
  params: {
    smoothness: z
      .number()
      .min(0.01)
      .max(100)
      .default(1)
      .describe('Mu: the smaller, the more only the worst-off task counts.')
      .meta(search({ log: [0.1, 10] })),
    warmupEpochs: z
      .int()
      .min(0)
      .max(10_000)
      .default(4)
      .describe('Epochs before the losses are taken that later ones are compared with.'),
  },
  memory: { sum: { per: 'task', start: 0 }, count: { per: 'task', start: 0 } },
  update(state, { losses, epoch }, { smoothness, warmupEpochs }) {
    const safe = losses.map((loss) => Math.max(loss, 1e-12))
    const warm = epoch <= warmupEpochs || state.count.some((n) => n === 0)
    if (warm) {
      const seen = epoch >= warmupEpochs
      const sum = state.sum.map((s, t) => s + (seen ? losses[t] : 0))
      const count = state.count.map((n) => n + (seen ? 1 : 0))
      return { weights: safe.map((loss) => 1 / loss), state: { sum, count } }
    }
    const worse = safe.map((loss, t) => Math.log(loss / Math.max(state.sum[t] / state.count[t], 1e-12)) / smoothness)
    return { weights: softmax(worse).map((w, t) => (losses.length * w) / safe[t]), state }
  },
})
