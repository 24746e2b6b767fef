import { z } from 'zod'
import { balancer } from './balancer.ts'
import { dot } from '../dot.ts'
import { filled } from './gram.ts'
import { search } from '../search.ts'

/**
 * GradVac (Wang et al. 2021): gradients are turned towards each other up to the cosine that the pair had so far.
 *   for each i, the others j in random order, c = cos(g_i, g_j):  if c < c_ij:
 *     g_i += |g_i| (c_ij sqrt(1 - c^2) - c sqrt(1 - c_ij^2)) / (|g_j| sqrt(1 - c_ij^2)) g_j
 *   c_ij = (1 - b) c_ij + b c;   sum over i
 * With c_ij = 0, at the start, this is PCGrad.
 */
export const gradVac = balancer({
  id: 'gradvac',
  name: 'GradVac',
  about: 'Turns gradients towards each other as far as they used to agree. PCGrad with a memory.',
  formula: 'g_i is turned towards g_j until its cosine is the running mean c_ij; sum over i',
  cite: 'Wang et al. 2021, Gradient vaccine',
  group: 'more',
  needs: 'gram',
  params: {
    memoryRate: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe('How fast the remembered agreement of two tasks follows the present one.')
      .meta(search({ log: [0.001, 0.3] })),
  },
  memory: { cosine: { per: 'pair', start: 0 } },
  update(state, { losses, gram }, { memoryRate }, rng) {
    const n = losses.length
    const target = state.cosine.slice()
    const weights = filled(n, 0)
    for (let i = 0; i < n; i++) {
      const a = filled(n, 0)
      a[i] = 1
      const inner = gram.slice(i * n, (i + 1) * n) // a' G
      for (const j of rng.split(i).permutation(n)) {
        const other = Math.sqrt(gram[j * n + j])
        const own = Math.sqrt(Math.max(0, dot(a, inner)))
        if (j === i || !(other > 0) || !(own > 0)) continue
        const c = Math.max(-1, Math.min(1, inner[j] / (own * other)))
        const wanted = target[i * n + j]
        if (c < wanted) {
          const sine = Math.sqrt(1 - wanted ** 2)
          const by = (own * (wanted * Math.sqrt(1 - c ** 2) - c * sine)) / (other * Math.max(sine, 1e-9))
          a[j] += by
          for (let k = 0; k < n; k++) inner[k] += by * gram[j * n + k]
        }
        target[i * n + j] = (1 - memoryRate) * wanted + memoryRate * c
      }
      for (let k = 0; k < n; k++) weights[k] += a[k]
    }
    return { weights, state: { cosine: target } }
  },
})
