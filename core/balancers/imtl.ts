import { pseudoInverse, Matrix } from 'ml-matrix'
import { balancer } from './balancer.ts'
import type { State } from './balancer.ts'
import { filled, norms } from './gram.ts'
import { learnStep, learnedMemory, weightRate } from './learned.ts'

/**
 * Impartial multi-task learning (Liu et al. 2021).
 *   G: the direction that makes the same angle with every gradient, g_t . d / |g_t| all equal, sum of w = 1:
 *      w ~ G^+ |g|
 *   L: each loss gets a learned scale exp(s_t), from  minimise exp(s_t) L_t - s_t
 *   together: G on the scaled gradients
 */
const cite = 'Liu et al. 2021, Towards impartial multi-task learning'
const scales = learnedMemory('logScale', 0)

export const imtlG = balancer({
  id: 'imtl-g',
  name: 'IMTL-G',
  about: 'The direction that makes the same angle with every task. Sizes of gradients do not matter.',
  formula: 'g_t . d / |g_t| equal for all t, sum of w = 1',
  cite,
  group: 'more',
  needs: 'gram',
  update: (state, { losses, gram }) => ({ weights: evenAngles(gram, losses.length), state }),
})

export const imtlL = balancer({
  id: 'imtl-l',
  name: 'IMTL-L',
  about: 'Each loss learns its own scale, so that all become about 1. Like uncertainty weighting, for any loss.',
  formula: 'w_t = exp(s_t), s_t learned with exp(s_t) L_t - s_t',
  cite,
  group: 'more',
  needs: 'losses',
  params: { weightRate },
  memory: scales,
  update(state, { losses }, params) {
    const weights = state.logScale.map(Math.exp)
    return { weights, state: learnScales(state, losses, weights, params.weightRate) }
  },
})

export const imtl = balancer({
  id: 'imtl',
  name: 'IMTL',
  about: 'Both halves of impartial learning: learned scales of the losses, and equal angles of the gradients.',
  formula: 'IMTL-G on exp(s_t) g_t with the scales of IMTL-L',
  cite,
  group: 'more',
  needs: 'gram',
  params: { weightRate },
  memory: scales,
  update(state, { losses, gram }, params) {
    const n = losses.length
    const scale = state.logScale.map(Math.exp)
    const scaled = gram.map((value, at) => value * scale[Math.floor(at / n)] * scale[at % n])
    const weights = evenAngles(scaled, n).map((w, t) => w * scale[t])
    return { weights, state: learnScales(state, losses, scale, params.weightRate) }
  },
})

function learnScales(state: State, losses: Float64Array, scale: Float64Array, rate: number): State {
  const gradient = losses.map((loss, t) => scale[t] * loss - 1)
  return learnStep(state, 'logScale', gradient, rate)
}

function evenAngles(gram: Float64Array, n: number): Float64Array {
  const lengths = norms(gram, n)
  const largest = Math.max(...lengths)
  if (!(largest > 0)) return filled(n, 1 / n)
  const inverse = pseudoInverse(
    Matrix.from1DArray(
      n,
      n,
      gram.map((value) => value / largest ** 2),
    ),
  )
  const v = Float64Array.from(inverse.mmul(Matrix.columnVector(lengths.map((l) => l / largest))).to1DArray())
  const total = v.reduce((sum, value) => sum + value, 0)
  // Opposite gradients of equal length have no such direction of finite size.
  return Math.abs(total) > 1e-9 * Math.max(...v.map(Math.abs)) ? v.map((value) => value / total) : filled(n, 1 / n)
}
