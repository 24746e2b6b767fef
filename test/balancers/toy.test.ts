import { describe, expect, it } from 'vitest'
import { direction, objectives } from './toy.ts'
import type { Point, Rule } from './toy.ts'

/** Every value and direction of toy-two-objectives.txt; its end points are in test/proof/toyEndPoints.slow.ts. */
// prettier-ignore
const VALUES: [at: Point, losses: Point, g1: Point, g2: Point, PCGrad: Point, MGDA: Point, CAGrad: Point][] = [
  [[-8.5, 7.5], [6.552363, 7.900798], [-0.285399, 0.007249], [-0.073992, 0.008739], [-0.179695, 0.007994], [-0.073992, 0.008739], [-0.178756, 0.012293]],
  [[-8.5, -5.0], [4.059918, -19.421502], [-3.058504, 0.004483], [-0.295984, 0.320931], [-1.677244, 0.162707], [-0.295984, 0.320931], [-1.498791, 0.521180]],
  [[9.0, 9.0], [7.943949, 6.691495], [0.071411, 0.001961], [0.249938, 0.001652], [0.160675, 0.001806], [0.071411, 0.001961], [0.160093, 0.002659]],
  [[0, 0], [0, 0], [0, 10.856381], [0, 10.856381], [0, 10.856381], [0, 10.856381], [0, 10.856347]],
  [[0, -8.3552], [-15.091638, -15.091638], [-1.399342, -0.000002], [1.399342, -0.000002], [0, -0.000005], [0, -0.000002], [0, -0.000002]],
  [[7, -8.3552], [-19.989334, -0.398551], [0, 0.002301], [2.798683, -0.006913], [1.399345, 0.001151], [0.000008, 0.002301], [0.932895, 0.102056]],
  [[-7, -8.3552], [-0.398551, -19.989334], [-2.798683, -0.006913], [0, 0.002301], [-1.399345, 0.001151], [-0.000008, 0.002301], [-0.932895, 0.102056]],
]

describe.each(VALUES)('at %j', (at, losses, g1, g2, PCGrad, MGDA, CAGrad) => {
  const near = (got: ArrayLike<number>, wanted: Point) =>
    wanted.forEach((value, k) => expect(Math.abs(got[k] - value)).toBeLessThan(1e-5))
  it('values and gradients', () => {
    const here = objectives(at)
    near(here.losses, losses)
    near(here.jacobian[0], g1)
    near(here.jacobian[1], g2)
  })
  it.each(Object.entries({ PCGrad, MGDA, CAGrad }))('%s', (rule, wanted) => near(direction(rule as Rule, at), wanted))
})
