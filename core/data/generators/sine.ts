import { z } from 'zod'
import type { Rng } from '../../rng.ts'
import { curves } from './curve.ts'
import type { DataGenerator } from './kind.ts'

/**
 * Sine regression (Finn, Abbeel, Levine 2017): each task is y = A sin(x - phi) with A ~ U[0.1, 5], phi ~ U[0, pi] and
 * x ~ U[-5, 5], plus normal noise where asked for.
 *
 * Reptile's version (Nichol, Achiam, Schulman 2018) is `phase: full-turn, grid: 50`: phi ~ U[0, 2 pi], and x one of 50
 * even points from -5 to 5. Support rows are then drawn without putting back, and query rows from the whole grid anew:
 * 50 queries are the whole grid, which is what Reptile scores.
 */
const Params = z.strictObject({
  noise: z.number().min(0).max(10).default(0).describe('Standard deviation of the noise on y.'),
  phase: z
    .enum(['half-turn', 'full-turn'])
    .default('half-turn')
    .describe('How far phases go: up to pi, or up to 2 pi, where no constant answer is better than zero.'),
  grid: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe('Number of even points that inputs are drawn from; 0: anywhere between -5 and 5.'),
})

export const sine: DataGenerator<z.infer<typeof Params>> = {
  id: 'sine',
  title: 'Sine waves',
  about: 'Every task is a sine wave of its own height and phase; a new one must be learned from a few points.',
  params: Params,
  shape: { tasks: 100, rows: 20 },
  generator: (params) =>
    curves('sine', params, (rng, shots) => {
      const amplitude = 0.1 + 4.9 * rng.uniform()
      const phase = (params.phase === 'full-turn' ? 2 : 1) * Math.PI * rng.uniform()
      return {
        x: params.grid > 0 ? onGrid(rng, params.grid, shots) : () => -5 + 10 * rng.uniform(),
        y: (x) => amplitude * Math.sin(x - phase),
      }
    }),
}

/** Points of an even grid in random order; a new order begins with the queries, and after the last point. */
function onGrid(rng: Rng, points: number, shots: number): () => number {
  let order: Int32Array = new Int32Array(0)
  let next = 0
  let drawn = 0
  return () => {
    if (next === order.length || drawn === shots) {
      order = rng.permutation(points)
      next = 0
    }
    drawn++
    return points === 1 ? 0 : -5 + (10 * order[next++]) / (points - 1)
  }
}
