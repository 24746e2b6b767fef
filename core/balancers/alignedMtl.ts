import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { balancer } from './balancer.ts'
import { filled, trace } from './gram.ts'

/**
 * Aligned-MTL (Senushkin et al. 2023): the gradients are turned and scaled to the nearest orthogonal ones of the
 * smallest singular value, G = V diag(l) V':
 *   w = sqrt(l_min) V diag(l^-1/2) V' (1/T)
 * over the eigenvalues above rounding.
 */
export const alignedMtl = balancer({
  id: 'aligned-mtl',
  name: 'Aligned-MTL',
  about: 'Makes the gradients orthogonal and equally long before it averages them. For stable steps.',
  formula: 'w = sqrt(l_min) G^(-1/2) (1/T)',
  cite: 'Senushkin et al. 2023, Independent component alignment for multi-task learning',
  group: 'more',
  needs: 'gram',
  update: (state, { losses, gram }) => ({ weights: aligned(gram, losses.length), state }),
})

function aligned(gram: Float64Array, n: number): Float64Array {
  if (!(trace(gram, n) > 0)) return filled(n, 1 / n)
  const { realEigenvalues, eigenvectorMatrix: v } = new EigenvalueDecomposition(Matrix.from1DArray(n, n, gram), {
    assumeSymmetric: true,
  })
  const tolerance = Math.max(...realEigenvalues) * n * 1e-12
  const least = Math.min(...realEigenvalues.filter((l) => l > tolerance))
  const weights = filled(n, 0)
  realEigenvalues.forEach((l, k) => {
    if (l <= tolerance) return
    let along = 0
    for (let i = 0; i < n; i++) along += v.get(i, k) / n
    for (let i = 0; i < n; i++) weights[i] += v.get(i, k) * along * Math.sqrt(least / l)
  })
  return weights
}
