import { expect, it } from 'vitest'
import { referenceRuntime } from '../../core/engine/index.ts'
import type { Tensor } from '../../core/engine/index.ts'
import { balancedProgram, sharedCount, taskCount } from '../../core/nn/balancedPrograms.ts'
import type { Part } from '../../core/nn/balancedPrograms.ts'
import { initialise } from '../../core/nn/layers.ts'
import { parameterCount } from '../../core/nn/plan.ts'
import type { Plan } from '../../core/nn/plan.ts'
import { trainingProgram } from '../../core/nn/programs.ts'
import { rng } from '../../core/rng.ts'

/** In double precision, on a plan with every kind of head: two sites of a number, two classes, three classes. */
const about = { mean: 0, sd: 1, classes: null }
const plan: Plan = {
  inputs: ['a', 'b', 'c'],
  hidden: [5, 4],
  activation: 'tanh',
  stacked: false,
  columns: [
    { ...about, target: 'n', kind: 'regression', width: 1, tasks: ['n1', 'n2'] },
    { ...about, target: 'two', kind: 'binary', width: 1, classes: ['x', 'y'], tasks: ['two'] },
    { ...about, target: 'three', kind: 'multiclass', width: 3, classes: ['x', 'y', 'z'], tasks: ['three'] },
  ],
}
const random = rng('programs')
const rows = 8
const size = parameterCount(plan)
const tensor = (shape: number[], value: (i: number) => number): Tensor => ({
  shape,
  data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
})
const scalar = (value: number) => tensor([], () => value)
const feeds: Record<string, Tensor> = {
  x: tensor([rows, 3], () => random.normal()),
  y: tensor([rows, 3], (i) => (i % 3 === 0 ? random.normal() : i % 3 === 1 ? random.int(2) : random.int(3))),
  weight: tensor([rows, 3], (i) => (i % 7 === 0 ? 0 : 0.5 + random.uniform())),
  owner: tensor([rows, 3], (i) => (i % 3 === 0 ? (i / 3) % 2 : 0)),
  theta: { shape: [size], data: Float64Array.from(initialise(plan, random.split('first'))) },
  m: tensor([size], () => 0.01 * random.normal()),
  v: tensor([size], () => 0.01 * random.uniform()),
  lr: scalar(0.01),
  decay: scalar(0.1),
  t: scalar(3),
}
const run = async (part: Part, more: Record<string, Tensor> = {}) =>
  (await referenceRuntime().load(balancedProgram(part, plan))).run({ ...feeds, ...more })
const numbers = (t: Tensor) => Array.from(t.data as Float64Array)
const near = (a: Tensor, b: Tensor, within: number) => {
  const [left, right] = [numbers(a), numbers(b)]
  expect(left.length).toBe(right.length)
  left.forEach((value, i) => expect(Math.abs(value - right[i])).toBeLessThan(within))
}

it('losses weighted by their shares step as ordinary training does', async () => {
  const seen = await run('losses')
  const step = await run('weightedStep', { weights: seen.shares })
  const session = await referenceRuntime().load(trainingProgram(plan))
  const usual = await session.run({ ...feeds, batch: tensor([1, rows], (i) => i) })
  for (const name of ['theta1', 'm1', 'v1']) near(step[name], usual[name], 1e-12)
  const total = numbers(seen.shares).reduce((sum, share, t) => sum + share * numbers(seen.losses)[t], 0)
  expect(total).toBeCloseTo(numbers(usual.loss)[0], 12)
})

it('gradients of the tasks, put together with even weights, are the gradient of the mean loss', async () => {
  const even = tensor([4], () => 0.25)
  const seen = await run('gradients')
  expect(seen.gradients.shape).toEqual([taskCount(plan), sharedCount(plan)])
  const one = await run('step', { gradients: seen.gradients, rest: seen.rest, weights: even })
  const two = await run('weightedStep', { weights: even })
  for (const name of ['theta1', 'm1', 'v1']) near(one[name], two[name], 1e-12)
})

it('each gradient is the slope of its own loss, and the Gram matrix is of these', async () => {
  const { gradients, gram, losses } = await run('gradients')
  const g = numbers(gradients)
  const shared = sharedCount(plan)
  // A central difference along each task's own gradient gives |g|^2, and the others' inner products with it.
  for (let t = 0; t < 4; t++) {
    const at = async (by: number) => {
      const theta = Float64Array.from(feeds.theta.data as Float64Array)
      for (let k = 0; k < shared; k++) theta[k] += by * g[t * shared + k]
      return numbers((await run('losses', { theta: { shape: [size], data: theta } })).losses)
    }
    const [plus, minus] = [await at(1e-5), await at(-1e-5)]
    for (let other = 0; other < 4; other++)
      expect((plus[other] - minus[other]) / 2e-5).toBeCloseTo(numbers(gram)[t * 4 + other], 7)
  }
  expect(numbers(losses).every((loss) => loss > 0)).toBe(true)
})

it('sign dropout is the same for the same step and seed, another for another', async () => {
  const seen = await run('gradients')
  const drop = async (seed: number) =>
    numbers((await run('dropStep', { gradients: seen.gradients, rest: seen.rest, seed: scalar(seed) })).theta1)
  expect(await drop(5)).toEqual(await drop(5))
  expect(await drop(6)).not.toEqual(await drop(5))
})
