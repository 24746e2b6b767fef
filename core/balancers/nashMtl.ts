import { z } from 'zod'
import { balancer } from './balancer.ts'
import { fairWeights } from './fair.ts'
import { lengthOf } from './gram.ts'
import { search } from '../search.ts'

/**
 * Nash-MTL (Navon et al. 2022): the tasks bargain over the direction; the answer is Nash's.
 *   (G w)_t = 1 / w_t for every task,   then shortened to at most `maxNorm`
 * Solved by Newton's method rather than by a sequence of convex programs.
 */
export const nashMtl = balancer({
  id: 'nash-mtl',
  name: 'Nash-MTL',
  about: 'The tasks bargain: every one gains in the same proportion. For losses on different scales, with conflict.',
  formula: '(G w)_t = 1 / w_t, |sum of w_t g_t| at most maxNorm',
  cite: 'Navon et al. 2022, Multi-task learning as a bargaining game',
  group: 'common',
  needs: 'gram',
  params: {
    maxNorm: z
      .number()
      .gt(0)
      .max(1e6)
      .default(1)
      .describe('The direction is shortened to this length where it is longer.')
      .meta(search({ log: [0.1, 10] })),
  },
  update(state, { losses, gram }, { maxNorm }) {
    const w = fairWeights(gram, losses.length, 1)
    const length = lengthOf(gram, w)
    return { weights: length > maxNorm ? w.map((v) => (v * maxNorm) / length) : w, state }
  },
})
