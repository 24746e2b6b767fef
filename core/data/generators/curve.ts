import type { Rng } from '../../rng.ts'
import type { TaskGenerator } from '../generator.ts'
import { emptyBatch } from './kind.ts'

/** One task of curves: where its inputs lie, and its curve. */
export type Curve = {
  /** The next input; called row after row, the support rows first. */
  x(): number
  y(x: number): number
}

/** Tasks that are curves: y = f(x) + noise with one input; `draw` makes the next task's f from its stream. */
export function curves(
  id: string,
  params: Record<string, unknown> & { noise: number },
  draw: (rng: Rng, shots: number) => Curve,
): TaskGenerator {
  return {
    id,
    params,
    features: ['x'],
    target: 'y',
    sample(rng, tasks, shots, queries) {
      const batch = emptyBatch(tasks, shots, queries, 1)
      for (let task = 0; task < tasks; task++) {
        const curve = draw(rng, shots)
        const fill = (xs: Float32Array, ys: Float32Array, n: number) => {
          for (let i = task * n; i < (task + 1) * n; i++) {
            xs[i] = curve.x()
            ys[i] = curve.y(xs[i]) + (params.noise ? params.noise * rng.normal() : 0)
          }
        }
        fill(batch.supportX, batch.supportY, shots)
        fill(batch.queryX, batch.queryY, queries)
      }
      return batch
    },
  }
}
