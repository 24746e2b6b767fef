import { z } from 'zod'
import { curves } from './curve.ts'
import type { DataGenerator } from './kind.ts'

/**
 * Lines (Finn, Xu, Levine 2018, Probabilistic Model-Agnostic Meta-Learning): each task is y = a x + b with a, b ~
 * U[-3, 3] and x ~ U[-5, 5], plus normal noise (0.3 there).
 */
const Params = z.strictObject({
  noise: z.number().min(0).max(10).default(0.3).describe('Standard deviation of the noise on y.'),
})

export const linear: DataGenerator<z.infer<typeof Params>> = {
  id: 'linear',
  title: 'Straight lines',
  about: 'Every task is a line of its own slope and height: two clean points say everything.',
  params: Params,
  shape: { tasks: 100, rows: 20 },
  generator: (params) =>
    curves('linear', params, (rng) => {
      const slope = -3 + 6 * rng.uniform()
      const height = -3 + 6 * rng.uniform()
      return { x: () => -5 + 10 * rng.uniform(), y: (x) => slope * x + height }
    }),
}
