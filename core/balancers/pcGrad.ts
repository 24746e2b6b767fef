import { balancer } from './balancer.ts'
import { filled } from './gram.ts'

/**
 * PCGrad (Yu et al. 2020): from each task's gradient what points against another task's is taken away.
 *   for each i, for the others j in random order:  if g_i . g_j < 0:  g_i -= (g_i . g_j / |g_j|^2) g_j;   sum over i
 * Here on coefficients: g_i = sum of a_k g_k, with a' G kept beside a.
 */
export const pcGrad = balancer({
  id: 'pcgrad',
  name: 'PCGrad',
  about: 'Takes away from each task what points against another. For tasks that conflict now and then.',
  formula: 'g_i -= (g_i . g_j / |g_j|^2) g_j where g_i . g_j < 0; sum over i',
  cite: 'Yu et al. 2020, Gradient surgery for multi-task learning',
  group: 'common',
  needs: 'gram',
  update(state, { losses, gram }, _, rng) {
    const n = losses.length
    const weights = filled(n, 0)
    for (let i = 0; i < n; i++) {
      const a = filled(n, 0)
      a[i] = 1
      const inner = gram.slice(i * n, (i + 1) * n)
      for (const j of rng.split(i).permutation(n)) {
        const square = gram[j * n + j]
        if (j === i || inner[j] >= 0 || !(square > 0)) continue
        const by = inner[j] / square
        a[j] -= by
        for (let k = 0; k < n; k++) inner[k] -= by * gram[j * n + k]
      }
      for (let k = 0; k < n; k++) weights[k] += a[k]
    }
    return { weights, state }
  },
})
