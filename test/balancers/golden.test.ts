import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { firstState } from '../../core/balancers/balancer.ts'
import { balancerOf } from '../../core/balancers/balancers.ts'
import { rng } from '../../core/rng.ts'
import { directionOf, gramOf } from './jacobians.ts'

/** Against PyTorch's autograd and Adam, and scipy's solvers: balancers.py beside the golden file. */
type Solved = { jacobian: number[][]; mgdaSquare: number } & Record<
  'cagrad' | 'alignedMtl' | 'dualproj' | 'upgrad',
  number[]
>
const golden = JSON.parse(readFileSync('test/golden/balancers/balancers.json', 'utf8')) as {
  losses: number[][]
  after: number[][]
  jacobians: number[][][]
  perEpoch: number
  weights: Record<string, number[][]>
  conflict: Solved & Record<'nash' | 'fair2' | 'fairHalf', number[]>
  lowRank: Solved
}

const defaults = (id: string) => z.object(balancerOf(id).params).parse({}) as Record<string, number>
const weightsFor = (id: string, jacobian: number[][], params = defaults(id)) => {
  const b = balancerOf(id)
  const tasks = jacobian.length
  const given = { losses: new Float64Array(tasks).fill(1), gram: gramOf(jacobian), epoch: 0 }
  return b.update(firstState(b, tasks), given, params, rng(1)).weights
}
const near = (got: ArrayLike<number>, wanted: number[], within: number) => {
  expect(got.length).toBe(wanted.length)
  wanted.forEach((value, k) =>
    expect(Math.abs(got[k] - value), `entry ${k}: ${got[k]} for ${value}`).toBeLessThan(within),
  )
}

it.each(Object.keys(golden.weights))('%s weighs as its paper says, step after step', (id) => {
  const b = balancerOf(id)
  const params = { ...defaults(id), ...(id === 'stch' ? { warmupEpochs: 1 } : {}) }
  let state = firstState(b, golden.losses[0].length)
  golden.losses.forEach((row, step) => {
    const losses = Float64Array.from(row)
    const given = { losses, gram: gramOf(golden.jacobians[step]), epoch: Math.floor(step / golden.perEpoch) }
    const said = b.update(state, given, params, rng(step))
    near(said.weights, golden.weights[id][step], 1e-7)
    state = b.after?.(said.state, losses, Float64Array.from(golden.after[step]), params) ?? said.state
  })
})

describe.each(['conflict', 'lowRank'] as const)('four tasks (%s)', (name) => {
  const given = golden[name]
  it('MGDA finds the shortest vector', () => {
    const w = weightsFor('mgda', given.jacobian)
    expect(w.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 12)
    expect(Math.min(...w)).toBeGreaterThanOrEqual(0)
    const square = directionOf(given.jacobian, w).reduce((sum, v) => sum + v * v, 0)
    expect(square).toBeLessThan(given.mgdaSquare + 1e-9)
  })
  it('CAGrad, Aligned-MTL, DualProj and UPGrad agree with general solvers', () => {
    // Directions, which are unique where weights are not.
    const compare = (id: string, wanted: number[], within: number) =>
      near(
        directionOf(given.jacobian, weightsFor(id, given.jacobian)),
        [...directionOf(given.jacobian, wanted)],
        within,
      )
    compare('cagrad', given.cagrad, 2e-5)
    compare('aligned-mtl', given.alignedMtl, 1e-6)
    compare('dualproj', given.dualproj, 1e-5)
    compare('upgrad', given.upgrad, 1e-5)
  })
})

it('Nash-MTL and FairGrad solve their equations as a general root finder does', () => {
  const { jacobian, nash, fair2, fairHalf } = golden.conflict
  near(weightsFor('nash-mtl', jacobian, { maxNorm: 1e6 }), nash, 1e-5)
  near(weightsFor('fairgrad', jacobian, { fairness: 2 }), fair2, 1e-5)
  near(weightsFor('fairgrad', jacobian, { fairness: 0.5 }), fairHalf, 1e-5)
})
