import { z } from 'zod'
import type { TaskGenerator } from '../generator.ts'
import { emptyBatch, type DataGenerator } from './kind.ts'

/**
 * Sine regression (Finn, Abbeel, Levine 2017): each task is y = A sin(x - phi) with A ~ U[0.1, 5], phi ~ U[0, pi] and
 * x ~ U[-5, 5], plus normal noise where asked for.
 */
const Params = z.strictObject({
  noise: z.number().min(0).max(10).default(0).describe('Standard deviation of the noise on y.'),
})

export const sine: DataGenerator<z.infer<typeof Params>> = {
  id: 'sine',
  title: 'Sine waves',
  about: 'Every task is a sine wave of its own height and phase; a new one must be learned from a few points.',
  params: Params,
  shape: { tasks: 100, rows: 20 },
  generator(params): TaskGenerator {
    return {
      id: 'sine',
      params,
      features: ['x'],
      target: 'y',
      sample(rng, tasks, shots, queries) {
        const batch = emptyBatch(tasks, shots, queries, 1)
        for (let task = 0; task < tasks; task++) {
          const amplitude = 0.1 + 4.9 * rng.uniform()
          const phase = Math.PI * rng.uniform()
          const fill = (xs: Float32Array, ys: Float32Array, n: number) => {
            for (let i = task * n; i < (task + 1) * n; i++) {
              xs[i] = -5 + 10 * rng.uniform()
              ys[i] = amplitude * Math.sin(xs[i] - phase) + (params.noise ? params.noise * rng.normal() : 0)
            }
          }
          fill(batch.supportX, batch.supportY, shots)
          fill(batch.queryX, batch.queryY, queries)
        }
        return batch
      },
    }
  },
}
