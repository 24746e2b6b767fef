import { expect, it } from 'vitest'
import { firstState } from '../../core/balancers/balancer.ts'
import { balancerOf } from '../../core/balancers/balancers.ts'
import { dropSigns } from '../../core/balancers/gradDrop.ts'
import { compile, input, referenceRuntime } from '../../core/engine/index.ts'
import { rng } from '../../core/rng.ts'
import { directionOf, gramOf } from './jacobians.ts'

/**
 * Every figure of gradient-aggregators.txt: one Jacobian, the directions that TorchJD's own tests expect (SimplexLab,
 * MIT, commit 862baed; tolerance 1e-4), and UPGrad's from its README.
 */
const J = [
  [-4, 1, 1],
  [6, 1, 1],
]
const EXPECTED: [id: string, params: Record<string, number>, direction: number[], weights: number[] | null][] = [
  ['equal', {}, [2, 2, 2], [1, 1]],
  ['mgda', {}, [0, 1, 1], [0.6, 0.4]],
  ['pcgrad', {}, [0.5848, 3.8012, 3.8012], [2.2222, 1.5789]],
  ['cagrad', { conflictAversion: 0.5 }, [0.1835, 1.2041, 1.2041], [0.7041, 0.5]],
  ['imtl-g', {}, [0.0767, 1, 1], [0.5923, 0.4077]],
  ['aligned-mtl', {}, [0.2133, 0.9673, 0.9673], [0.5591, 0.4083]],
  ['nash-mtl', { maxNorm: 1 }, [0.0542, 0.7061, 0.7061], null],
  ['dualproj', {}, [0.5563, 1.1109, 1.1109], [0.6109, 0.5]],
  ['config', {}, [0.1588, 2.0706, 2.0706], null],
  ['gradvac', { memoryRate: 0.01 }, [0.5848, 3.8012, 3.8012], [2.2222, 1.5789]],
  ['upgrad', {}, [0.2929, 1.9004, 1.9004], null],
]

it.each(EXPECTED)('%s gives the direction of the aggregator file', (id, params, direction, weights) => {
  const b = balancerOf(id)
  const given = { losses: Float64Array.of(1, 1), gram: gramOf(J), epoch: 0 }
  // Both orders of the tasks, and any order drawn.
  for (const key of ['a', 'b', 'c', 'd']) {
    const said = b.update(firstState(b, 2), given, params, rng(key))
    directionOf(J, said.weights).forEach((value, k) => expect(Math.abs(value - direction[k])).toBeLessThan(1e-4))
    weights?.forEach((w, t) => expect(Math.abs(said.weights[t] - w)).toBeLessThan(1e-4))
  }
  const turned = { ...given, gram: gramOf([J[1], J[0]]) }
  const said = b.update(firstState(b, 2), turned, params, rng('a'))
  directionOf([J[1], J[0]], said.weights).forEach((value, k) =>
    expect(Math.abs(value - direction[k])).toBeLessThan(1e-4),
  )
})

it('fixed weights give Mean 1,1,1 and Constant(1,2) 8,3,3', () => {
  expect([...directionOf(J, [0.5, 0.5])]).toEqual([1, 1, 1])
  expect([...directionOf(J, [1, 2])]).toEqual([8, 3, 3])
})

it('GradDrop keeps the gradients of one drawn sign: 6,2,2 where plus is drawn, -4,2,2 where minus is', async () => {
  const program = compile({ d: dropSigns(input('g', [2, 3]), input('u', [3])) })
  const session = await referenceRuntime().load(program)
  const dropped = async (u: number) => {
    const feeds = {
      g: { shape: [2, 3], data: Float64Array.from(J.flat()) },
      u: { shape: [3], data: new Float64Array(3).fill(u) },
    }
    return [...((await session.run(feeds)).d.data as Float64Array)]
  }
  // The chance of plus is (1 + 2 / 10) / 2 = 0.6 for the first entry, 1 for the others.
  expect(await dropped(0)).toEqual([6, 2, 2])
  expect(await dropped(0.599)).toEqual([6, 2, 2])
  expect(await dropped(0.601)).toEqual([-4, 2, 2])
})
