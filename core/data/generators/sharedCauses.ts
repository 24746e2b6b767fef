import { z } from 'zod'
import type { Column } from '../table.ts'
import type { DataGenerator } from './kind.ts'

/**
 * Several targets with shared causes: h = tanh(W x) are hidden causes, y_k = a_k . h + noise. `own` mixes in causes
 * that only one target has; `missing` hides that share of the target cells at random.
 */
const Params = z.strictObject({
  features: z.int().min(1).max(100).default(8).describe('Number of inputs.'),
  targets: z.int().min(1).max(50).default(4).describe('Number of targets.'),
  causes: z.int().min(1).max(50).default(3).describe('Number of hidden causes that all targets share.'),
  own: z.number().min(0).max(1).default(0.2).describe('Share of each target that comes from a cause of its own.'),
  noise: z.number().min(0).max(10).default(0.3).describe('Standard deviation of the noise on each target.'),
  missing: z.number().min(0).max(0.9).default(0).describe('Share of the target cells that are not measured.'),
})

export const sharedCauses: DataGenerator<z.infer<typeof Params>> = {
  id: 'shared-causes',
  title: 'Targets with shared causes',
  about: 'Several targets that depend on the same few hidden causes: each helps to learn the others.',
  params: Params,
  shape: { tasks: 1, rows: 200 },
  table({ features, targets, causes, own, noise, missing }, rng, rows) {
    const inputs = Array.from({ length: features }, () => Float64Array.from({ length: rows }, () => rng.normal()))
    const cause = () => {
      const weights = Array.from({ length: features }, () => rng.normal() / Math.sqrt(features))
      return Float64Array.from({ length: rows }, (_, row) =>
        Math.tanh(2 * weights.reduce((sum, w, f) => sum + w * inputs[f][row], 0)),
      )
    }
    const shared = Array.from({ length: causes }, cause)
    const columns: Column[] = inputs.map((values, f) => ({
      name: `x${f + 1}`,
      kind: 'number',
      values,
      valid: new Uint8Array(rows).fill(1),
    }))
    const names: string[] = []
    for (let target = 0; target < targets; target++) {
      const loadings = shared.map(() => rng.normal())
      const alone = cause()
      const name = `Y${target + 1}`
      const valid = new Uint8Array(rows)
      const values = new Float64Array(rows)
      for (let row = 0; row < rows; row++) {
        const common = shared.reduce((sum, h, c) => sum + loadings[c] * h[row], 0)
        const value = (1 - own) * common + own * 2 * alone[row] + noise * rng.normal()
        // Two rows of each target always stay, so that it varies.
        valid[row] = Number(rng.uniform() >= missing || row < 2)
        if (valid[row]) values[row] = value
      }
      columns.push({ name, kind: 'number', values, valid })
      names.push(name)
    }
    return { columns, roles: { targets: names } }
  },
}
