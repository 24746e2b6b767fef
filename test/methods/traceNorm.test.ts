import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { expect, it } from 'vitest'
import { momentsOf } from '../../core/multitask/moments.ts'
import { solveTraceNorm } from '../../core/multitask/traceNorm.ts'
import { frameOf } from '../../core/frame.ts'
import { whole } from './fitted.ts'
import { sites } from './toys.ts'

it('ends where the theory says: the slope is the penalty along what is kept, and nowhere steeper', () => {
  const moments = momentsOf(frameOf(whole(sites('number'))))
  const [width, tasks] = [3, 8]
  for (const penalty of [0.05, 0.3]) {
    const { weights, rank } = solveTraceNorm(moments, penalty)
    const pull = new Matrix(width, tasks)
    moments.forEach(({ gram, cross }, t) => {
      for (let j = 0; j < width; j++) {
        let value = cross[j]
        for (let l = 0; l < width; l++) value -= gram[j * width + l] * weights[l * tasks + t]
        pull.set(j, t, value)
      }
    })
    const w = Matrix.from1DArray(width, tasks, weights)
    const sizes = new SingularValueDecomposition(w, { autoTranspose: true }).diagonal
    expect(sizes.filter((s) => s > 1e-9)).toHaveLength(rank)
    // The pull of the data on W is a subgradient of penalty |W|_*: no longer than penalty, and <pull, W> = penalty |W|_*.
    const longest = new SingularValueDecomposition(pull, { autoTranspose: true }).diagonal[0]
    expect(longest).toBeLessThan(penalty * (1 + 1e-5))
    const along = Matrix.mul(pull, w).sum()
    expect(along).toBeCloseTo(penalty * sizes.reduce((sum, s) => sum + s, 0), 5)
  }
  expect(solveTraceNorm(moments, 0.3).rank).toBe(1)
  expect(solveTraceNorm(moments, 100).rank).toBe(0)
})
