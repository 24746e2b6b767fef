import { Matrix, pseudoInverse } from 'ml-matrix'
import { balancer } from './balancer.ts'
import { filled, lengthOf, norms, times } from './gram.ts'

/**
 * ConFIG (Liu et al. 2025): the direction with the same cosine to every gradient, as long as the gradients reach along
 * it together.  U = rows g_t / |g_t|:  u = unit(U^+ 1),   d = (sum of g_t . u) u
 */
export const conFig = balancer({
  id: 'config',
  name: 'ConFIG',
  about: 'One direction with the same positive cosine to every task; long where the tasks agree.',
  formula: 'u = unit(U^+ 1), d = (sum of g_t . u) u',
  cite: 'Liu et al. 2025, ConFIG: towards conflict-free training of physics informed neural networks',
  group: 'more',
  needs: 'gram',
  update: (state, { losses, gram }) => ({ weights: sameCosine(gram, losses.length), state }),
})

function sameCosine(gram: Float64Array, n: number): Float64Array {
  const over = norms(gram, n).map((length) => (length > 0 ? 1 / length : 0))
  const cosines = gram.map((value, at) => value * over[Math.floor(at / n)] * over[at % n])
  const a = pseudoInverse(Matrix.from1DArray(n, n, cosines)).mmul(Matrix.columnVector(filled(n, 1)))
  const w = over.map((value, i) => value * a.get(i, 0))
  const length = lengthOf(gram, w)
  if (!(length > 0)) return filled(n, 1 / n)
  const along = times(gram, w).reduce((sum, value) => sum + value, 0) / length
  return w.map((value) => (value * along) / length)
}
