import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Runtime, Tensor } from '../../core/engine/runtime.ts'
import { alpacaStrategy } from '../../core/metalearning/alpaca.ts'
import { anilStrategy } from '../../core/metalearning/anil.ts'
import { caviaStrategy } from '../../core/metalearning/cavia.ts'
import { neuralProcessStrategy } from '../../core/metalearning/conditionalNeuralProcess.ts'
import { implicitMamlStrategy } from '../../core/metalearning/implicitMaml.ts'
import { learnedOptimizerStrategy } from '../../core/metalearning/learnedOptimizer.ts'
import { mamlStrategy } from '../../core/metalearning/maml.ts'
import { mamlPlusPlusStrategy } from '../../core/metalearning/mamlPlusPlus.ts'
import { metaSgdStrategy } from '../../core/metalearning/metaSgd.ts'
import { metaProgram, metaSize } from '../../core/metalearning/programs.ts'
import { reptileStrategy } from '../../core/metalearning/reptile.ts'
import { ridgeHeadStrategy } from '../../core/metalearning/ridgeHead.ts'
import type { Strategy } from '../../core/metalearning/strategy.ts'
import type { Plan } from '../../core/nn/plan.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'

/** Meta-gradients that PyTorch computed in double precision (golden/metalearning/metagradients.py). */
type Case = {
  theta: number[]
  loss: number
  gradient: number[]
  progress?: number
  queries?: number
  queryX?: number[]
  queryY?: number[]
}
const golden = JSON.parse(
  readFileSync(new URL('../golden/metalearning/metagradients.json', import.meta.url), 'utf8'),
) as {
  tasks: number
  shots: number
  queries: number
  hidden: number[]
  rate: number
  fewer: number[]
  data: Record<'supportX' | 'supportY' | 'queryX' | 'queryY', number[]>
  cases: Record<string, Case>
}

const plan: Plan = {
  inputs: ['x'],
  hidden: golden.hidden,
  activation: 'tanh',
  stacked: false,
  columns: [{ target: 'y', kind: 'regression', width: 1, classes: null, tasks: null, mean: 0, sd: 1 }],
}

/** Enough conjugate gradient steps to solve a system of this many unknowns. */
const ALL = 60

/** What each case is here. `few`: systems in the size of the rows rather than the features. */
const CASES: Record<string, { strategy: Strategy; few?: boolean }> = {
  'maml 1': { strategy: mamlStrategy(1, false) },
  'maml 5': { strategy: mamlStrategy(5, false) },
  'maml 1 uneven': { strategy: mamlStrategy(1, false) },
  'first-order-maml 1': { strategy: mamlStrategy(1, true) },
  'first-order-maml 5': { strategy: mamlStrategy(5, true) },
  'maml-plus-plus 1': { strategy: mamlPlusPlusStrategy(1, 0.01) },
  'maml-plus-plus 5': { strategy: mamlPlusPlusStrategy(5, 0.01) },
  'anil 1': { strategy: anilStrategy(1) },
  'anil 5': { strategy: anilStrategy(5) },
  'meta-sgd 1': { strategy: metaSgdStrategy(1, 0.01) },
  'meta-sgd 5': { strategy: metaSgdStrategy(5, 0.01) },
  'reptile 1 sgd': { strategy: reptileStrategy(1, 3, 'sgd') },
  'reptile 5 sgd': { strategy: reptileStrategy(5, 3, 'sgd') },
  'reptile 5 adam': { strategy: reptileStrategy(5, 3, 'adam') },
  'implicit-maml 1': { strategy: implicitMamlStrategy(1, 5, 5) },
  'implicit-maml 5': { strategy: implicitMamlStrategy(5, 5, 5) },
  'implicit-maml solved': { strategy: implicitMamlStrategy(5, 5, ALL) },
  'cavia 1': { strategy: caviaStrategy(1, 3) },
  'cavia 5': { strategy: caviaStrategy(5, 3) },
  'ridge-head': { strategy: ridgeHeadStrategy(1), few: true },
  'ridge-head uneven': { strategy: ridgeHeadStrategy(1), few: true },
  alpaca: { strategy: alpacaStrategy(0.3), few: true },
  'conditional-neural-process': { strategy: neuralProcessStrategy(6) },
  'learned-optimizer': { strategy: learnedOptimizerStrategy(4, 2, 3) },
}

let native: Runtime
beforeAll(async () => {
  native = (await openRuntime('auto')).runtime
})
afterAll(() => native.close())

it('asks for every case that PyTorch answered', () => {
  expect(Object.keys(CASES)).toEqual(Object.keys(golden.cases))
})

/** max |a - b| / max(1, |b|) over the gradient and the loss. */
async function distance(name: string, runtime: Runtime, few: boolean): Promise<number> {
  const { strategy } = CASES[name]
  const { theta, gradient, loss, progress = 0, queryX, queryY, ...own } = golden.cases[name]
  const { tasks, shots, rate, data } = golden
  const queries = own.queries ?? golden.queries
  const uneven = name.endsWith('uneven')
  const size = metaSize(plan, strategy)
  expect(theta).toHaveLength(size)
  const weights = (rows: number, counts: (task: number) => number) =>
    Array.from({ length: tasks * rows }, (_, i) => {
      const n = counts(Math.floor(i / rows))
      return i % rows < n ? 1 / n : 0
    })
  const wide = runtime.kind === 'reference'
  const tensor = (shape: number[], values: number[]): Tensor => ({
    shape,
    data: wide ? Float64Array.from(values) : Float32Array.from(values),
  })
  const cells = (rows: number, values: number[]) => tensor([1, tasks, rows, 1], values)
  const outerLr = 1
  const session = await runtime.load(metaProgram(plan, strategy, { uneven, few }))
  const zeros = new Array<number>(size).fill(0)
  const out = await session.run({
    theta: tensor([size], theta),
    m: tensor([size], zeros),
    v: tensor([size], zeros),
    t: tensor([], [progress]),
    of: tensor([], [1]),
    lr: tensor([], [outerLr]),
    innerLr: tensor([], [rate]),
    supportX: cells(shots, data.supportX),
    supportY: cells(shots, data.supportY),
    queryX: cells(queries, queryX ?? data.queryX),
    queryY: cells(queries, queryY ?? data.queryY),
    ...(uneven
      ? {
          supportWeight: cells(
            shots,
            weights(shots, (task) => golden.fewer[task]),
          ),
          queryWeight: cells(
            queries,
            weights(queries, () => queries),
          ),
        }
      : {}),
  })
  // Adam's first moment after one step is 0.1 g; plain descent moves by g.
  const found =
    strategy.outer!.optimizer === 'adam'
      ? Array.from(out.m1.data as Float64Array, (m) => m / 0.1)
      : Array.from(out.theta1.data as Float64Array, (moved, k) => (theta[k] - moved) / outerLr)
  const off = (a: number, b: number) => Math.abs(a - b) / Math.max(1, Math.abs(b))
  return Math.max(off(Number(out.loss.data[0]), loss), ...found.map((g, k) => off(g, gradient[k])))
}

describe.each(Object.keys(CASES))('%s', (name) => {
  it('has the meta-gradient of PyTorch to 1e-6 in the reference runtime', async () => {
    expect(await distance(name, referenceRuntime(), CASES[name].few ?? true)).toBeLessThanOrEqual(1e-6)
  })

  it('and to 1e-5 natively', async () => {
    expect(await distance(name, native, CASES[name].few ?? true)).toBeLessThanOrEqual(1e-5)
  })
})

it.each(['ridge-head', 'ridge-head uneven', 'alpaca'])('%s solves the larger system alike', async (name) => {
  expect(await distance(name, referenceRuntime(), false)).toBeLessThanOrEqual(1e-6)
})
