import { z } from 'zod'
import { curves } from './curve.ts'
import type { DataGenerator } from './kind.ts'

/**
 * Sums of two frequencies (Lacoste et al. 2018, Uncertainty in Multitask Transfer Learning): each task is
 *   y = a1 sin(w x + b1) + a2 sin(2 w x + b2) + noise
 * with a1, a2 ~ N(0, 1), b1, b2 ~ U[0, 2 pi], w ~ U[5, 7], and x ~ N(m, 1) around a place m ~ U[-4, 4] of its own.
 */
const Params = z.strictObject({
  noise: z.number().min(0).max(10).default(0.1).describe('Standard deviation of the noise on y.'),
})

export const harmonic: DataGenerator<z.infer<typeof Params>> = {
  id: 'harmonic',
  title: 'Two frequencies',
  about: 'Every task is the sum of a wave and its overtone, seen around a place of its own: harder than one sine.',
  params: Params,
  shape: { tasks: 100, rows: 20 },
  generator: (params) =>
    curves('harmonic', params, (rng) => {
      const frequency = 5 + 2 * rng.uniform()
      const place = -4 + 8 * rng.uniform()
      const wave = () => ({ height: rng.normal(), phase: 2 * Math.PI * rng.uniform() })
      const [first, second] = [wave(), wave()]
      return {
        x: () => place + rng.normal(),
        y: (x) =>
          first.height * Math.sin(frequency * x + first.phase) +
          second.height * Math.sin(2 * frequency * x + second.phase),
      }
    }),
}
