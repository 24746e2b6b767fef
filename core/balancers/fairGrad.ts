import { z } from 'zod'
import { balancer } from './balancer.ts'
import { fairWeights } from './fair.ts'
import { search } from '../search.ts'

/** FairGrad (Ban and Ji 2024): alpha-fair gains, (G w)_t = w_t^(-1 / alpha); alpha = 1 is Nash's bargain. */
export const fairGrad = balancer({
  id: 'fairgrad',
  name: 'FairGrad',
  about: 'Shares the gain fairly, from efficient (small alpha) to equal (large alpha).',
  formula: '(G w)_t = w_t^(-1 / alpha)',
  cite: 'Ban and Ji 2024, Fair resource allocation in multi-task learning',
  group: 'more',
  needs: 'gram',
  params: {
    fairness: z
      .number()
      .min(0.1)
      .max(20)
      .default(2)
      .describe('Alpha: 1 is proportional fairness, larger favours the task that gains least.')
      .meta(search({ log: [0.5, 10] })),
  },
  update: (state, { losses, gram }, { fairness }) => ({ weights: fairWeights(gram, losses.length, fairness), state }),
})
