import type { Output, OutputCells } from '../frame.ts'
import { residual } from '../link.ts'

type Kind = Pick<Output, 'kind' | 'width'>

/**
 * The sum of -log p(class | x) over one task's cells, weighted by `weight` [cell] where given, for the weights `line`
 * [input + 1, unit], the levels last. Adds its slope to `slope`.
 */
export function logisticLoss(
  x: Float64Array,
  width: number,
  { kind, width: units }: Kind,
  { at, y }: OutputCells,
  weight: Float64Array | null,
  line: Float64Array,
  slope: Float64Array,
): number {
  const score = new Float64Array(units)
  let loss = 0
  for (let i = 0; i < y.length; i++) {
    const row = at[i] * width
    for (let k = 0; k < units; k++) {
      let sum = line[width * units + k]
      for (let j = 0; j < width; j++) sum += x[row + j] * line[j * units + k]
      score[k] = sum
    }
    const w = weight ? weight[i] : 1
    loss += w * residual(kind, score, y[i])
    for (let k = 0; k < units; k++) {
      const own = w * score[k]
      for (let j = 0; j < width; j++) slope[j * units + k] += own * x[row + j]
      slope[width * units + k] += own
    }
  }
  return loss
}

/** `pull`/2 |z|^2 of the first `count` numbers; adds its slope. */
export function pullLoss(z: Float64Array, slope: Float64Array, pull: number, count = z.length): number {
  let loss = 0
  for (let j = 0; j < count; j++) {
    loss += (pull / 2) * z[j] ** 2
    slope[j] += pull * z[j]
  }
  return loss
}

/**
 * The weights that say the share of each class whatever the inputs, each smoothed by one cell (Laplace): where to start,
 * and where to stay with one class alone, which would send the level to infinity.
 */
export function plainWeights(inputs: number, { kind, width: units, shares, cells }: Output): Float64Array {
  const line = new Float64Array((inputs + 1) * units)
  const smooth = shares.map((share) => (share * cells + 1) / (cells + shares.length))
  for (let k = 0; k < units; k++)
    line[inputs * units + k] = kind === 'binary' ? Math.log(smooth[1] / smooth[0]) : Math.log(smooth[k])
  return line
}

export const hasOneClass = ({ shares }: Output): boolean => shares.filter((share) => share > 0).length < 2
