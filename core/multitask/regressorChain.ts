import { z } from 'zod'
import type { Frame } from '../frame.ts'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import type { Rng } from '../rng.ts'
import { RidgeParams, solveRidge } from '../classical/ridge.ts'

/**
 * Regressor chains of ridge (Spyromitros-Xioufis et al. 2016): targets are learned one after the other, and each also
 * sees, as inputs, the targets before it in the chain: measured ones in training (what the chain itself says where one
 * was not measured), predicted ones afterwards. Several chains in random orders are averaged (ensemble of chains, ERC).
 * Earlier targets are standardised like inputs. Since ridge is linear in its inputs, a chain is linear in x alone, and
 * so is the mean of chains: the model keeps that.
 */
const Params = RidgeParams.extend({
  chains: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('How many chains are averaged; 1 is one chain in the order of the targets, more are in random orders.'),
})
type Params = z.infer<typeof Params>

export const regressorChain = linearMethod<Params>({
  id: 'regressor-chain',
  family: 'multitask',
  name: 'Regressor chains',
  about: 'Learns number targets one after the other; each also learns from the targets before it.',
  cite: 'Spyromitros-Xioufis, Tsoumakas, Groves and Vlahavas 2016, Multi-target regression via input space expansion',
  params: Params,
  twins: ['ridge'],
  can: { taskColumn: false },
  work: (s, { chains }) => chains * s.targets * (s.rows + s.features) * (s.features + s.targets) ** 2 + 1,
  fit: (frame, params, { rng }) => fitChains(frame, params, rng),
})

function fitChains(frame: Frame, { alpha, chains }: Params, rng: Rng): Linear {
  const { encoder, outputs } = frame
  const size = encoder.names.length + 1
  const coefficients = outputs.map(() => new Float64Array(size))
  for (let c = 0; c < chains; c++) {
    const order = chains === 1 ? [...outputs.keys()] : shuffled(outputs.length, rng)
    fitChain(frame, order, alpha).forEach((own, k) => own.forEach((b, j) => (coefficients[k][j] += b / chains)))
  }
  return { encoder, outputs, coefficients, fresh: null, parameters: outputs.length * size }
}

/** Per output what one chain says, in terms of the inputs alone: [input + 1]. */
function fitChain({ view, x, encoder, outputs, cells }: Frame, order: number[], alpha: number): Float64Array[] {
  const width = encoder.names.length
  const rows = view.rows.length
  const all = width + outputs.length
  // [row, inputs and then the targets before, in the order of the chain]
  const seen = new Float64Array(rows * all)
  for (let i = 0; i < rows; i++) seen.set(x.subarray(i * width, (i + 1) * width), i * all)
  const said: Float64Array[] = []
  order.forEach((k, place) => {
    const { mean, sd } = outputs[k]
    const now = width + place
    const narrow = new Float64Array(rows * now)
    for (let i = 0; i < rows; i++) narrow.set(seen.subarray(i * all, i * all + now), i * now)
    const own = solveRidge(narrow, now, cells[k], alpha)
    const line = Float64Array.of(...own.subarray(0, width), own[now])
    for (let before = 0; before < place; before++) {
      const { mean: shift, sd: scale } = outputs[order[before]]
      if (scale === 0) continue
      const earlier = said[order[before]]
      for (let j = 0; j <= width; j++)
        line[j] += (own[width + before] * (earlier[j] - (j === width ? shift : 0))) / scale
    }
    said[k] = line
    if (sd === 0) return
    for (let i = 0; i < rows; i++) {
      let value = line[width]
      for (let j = 0; j < width; j++) value += line[j] * x[i * width + j]
      seen[i * all + now] = (value - mean) / sd
    }
    cells[k].at.forEach((row, i) => (seen[row * all + now] = (cells[k].y[i] - mean) / sd))
  })
  return said
}

function shuffled(n: number, rng: Rng): number[] {
  const order = Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = rng.int(i + 1)
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}
