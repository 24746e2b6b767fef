import { expect, it } from 'vitest'
import { referenceRuntime } from '../../core/engine/reference.ts'
import { architectureOf, sizeOf } from '../../core/nn/architecture.ts'
import type { Plan } from '../../core/nn/plan.ts'
import { trainerOf } from '../../core/nn/programs.ts'
import { NO_EXTRAS } from '../../core/nn/regularise.ts'
import { rng } from '../../core/rng.ts'

/** Two targets of numbers, one of them with two heads, and a pair of classes. */
const about = { kind: 'regression' as const, width: 1, classes: null, mean: 0, sd: 1 }
const plan: Plan = {
  inputs: ['a', 'b'],
  hidden: [5, 4],
  activation: 'tanh',
  stacked: false,
  columns: [
    { ...about, target: 'u', tasks: ['u@A', 'u@B'] },
    { ...about, target: 'v', kind: 'binary', classes: ['no', 'yes'], tasks: ['v'] },
  ],
}

it('the look ahead is what a short step along one gradient does to every loss', async () => {
  const random = rng('affinity')
  const runtime = referenceRuntime()
  const rows = 24
  const draw = (n: number, value: () => number) => Float64Array.from({ length: n }, value)
  const theta = draw(sizeOf(architectureOf(plan)), () => random.normal())
  const feeds = {
    theta: { shape: [theta.length], data: theta },
    x: { shape: [rows, 2], data: draw(2 * rows, () => random.normal()) },
    y: { shape: [rows, 2], data: draw(2 * rows, () => random.int(2)) },
    weight: { shape: [rows, 2], data: draw(2 * rows, () => random.uniform() + 0.5) },
    owner: { shape: [rows, 2], data: Float64Array.from({ length: 2 * rows }, (_, i) => (i % 2 ? 0 : (i / 2) % 2)) },
  }
  const step = 1e-6
  const gradients = await (await runtime.load(trainerOf('gradients', plan, NO_EXTRAS))).run(feeds)
  const looked = await (
    await runtime.load(trainerOf('affinity', plan, NO_EXTRAS))
  ).run({ ...feeds, step: { shape: [], data: Float64Array.of(step) } })
  const [losses, gram, after] = [gradients.losses, gradients.gram, looked.after].map(({ data }) => data as Float64Array)
  expect([...(looked.gram.data as Float64Array)]).toEqual([...gram])
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const expected = (-step * gram[3 * i + j]) / Math.sqrt(gram[3 * i + i])
      expect((after[3 * i + j] - losses[j]) / step).toBeCloseTo(expected / step, 4)
    }
  expect(after[0]).toBeLessThan(losses[0])
})
