import type { Point } from './picture.ts'

/**
 * Exponential moving average with the start corrected: m ← βm + (1−β)y, shown m / (1−βᵗ), so that early points are
 * not pulled towards zero (Kingma and Ba 2015, section 3). β = 0 gives the points back.
 */
export function smooth(points: readonly Point[], beta: number): Point[] {
  let mean = 0
  let weight = 1
  return points.map(([x, y]) => {
    mean = beta * mean + (1 - beta) * y
    weight *= beta
    return [x, mean / (1 - weight)]
  })
}
