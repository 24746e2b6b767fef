import { z } from 'zod'
import { rng as rngOf } from '../../rng.ts'
import type { TaskGenerator } from '../generator.ts'
import { emptyBatch, type DataGenerator } from './kind.ts'

/**
 * Related linear tasks: y = w_t . x + noise with w_t = w + spread * u_t, where w and u_t are standard normal and w is
 * the same for all tasks (it depends on the `world` alone). Spread 0: one task in many pieces; large: strangers.
 */
const Params = z.strictObject({
  features: z.int().min(1).max(100).default(5).describe('Number of inputs.'),
  spread: z.number().min(0).max(10).default(0.3).describe('How far the tasks lie apart; 0: all are the same.'),
  noise: z.number().min(0).max(10).default(0.5).describe('Standard deviation of the noise on y.'),
  world: z.int().min(0).max(1_000_000).default(1).describe('Number of the world: which weights the tasks share.'),
})

export const relatedLinear: DataGenerator<z.infer<typeof Params>> = {
  id: 'related-linear',
  title: 'Related linear tasks',
  about: 'Straight-line tasks whose slopes are alike but not the same, so that learning them together can help.',
  params: Params,
  together: true,
  shape: { tasks: 12, rows: 30 },
  generator(params): TaskGenerator {
    const { features, spread, noise, world } = params
    return {
      id: 'related-linear',
      params,
      features: Array.from({ length: features }, (_, i) => `x${i + 1}`),
      target: 'y',
      sample(rng, tasks, shots, queries) {
        const shared = rngOf(`related-linear/${world}`)
        const centre = Float64Array.from({ length: features }, () => shared.normal())
        const batch = emptyBatch(tasks, shots, queries, features)
        for (let task = 0; task < tasks; task++) {
          const weights = centre.map((w) => w + spread * rng.normal())
          const fill = (xs: Float32Array, ys: Float32Array, n: number) => {
            for (let i = task * n; i < (task + 1) * n; i++) {
              let y = noise * rng.normal()
              for (let f = 0; f < features; f++) {
                const x = Math.fround(rng.normal())
                xs[i * features + f] = x
                y += weights[f] * x
              }
              ys[i] = y
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
