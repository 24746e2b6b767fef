import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile, input } from '../../core/engine/index.ts'
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
import { adaptProgram, metaProgram, metaSize } from '../../core/metalearning/programs.ts'
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
/** Longer than any slope here. */
const UNCLIPPED = 1e6

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
  'reptile 1 sgd': { strategy: reptileStrategy(1, 3, { kind: 'sgd', clip: UNCLIPPED }) },
  'reptile 5 sgd': { strategy: reptileStrategy(5, 3, { kind: 'sgd', clip: UNCLIPPED }) },
  'reptile 5 adam': { strategy: reptileStrategy(5, 3, { kind: 'adam', clip: UNCLIPPED }) },
  'implicit-maml 1': { strategy: implicitMamlStrategy(1, 5, 5, 0) },
  'implicit-maml 5': { strategy: implicitMamlStrategy(5, 5, 5, 0) },
  'implicit-maml solved': { strategy: implicitMamlStrategy(5, 5, ALL, 0) },
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

/** Query losses [task] of networks side by side, worked out here: tanh layers, squares of the errors. */
function queryLosses(pieces: ArrayLike<number>[]): number[] {
  const { tasks, queries, data } = golden
  return Array.from({ length: tasks }, (_, task) => {
    let total = 0
    for (let q = task * queries; q < (task + 1) * queries; q++) {
      let h = [data.queryX[q]]
      for (let l = 0; l < pieces.length; l += 2) {
        const out = pieces[l + 1].length / tasks
        const weights = (i: number, o: number) => pieces[l][(task * h.length + i) * out + o]
        const sums = Array.from({ length: out }, (__, o) =>
          h.reduce((sum, value, i) => sum + value * weights(i, o), pieces[l + 1][task * out + o]),
        )
        h = l + 2 < pieces.length ? sums.map(Math.tanh) : sums
      }
      total += (h[0] - data.queryY[q]) ** 2
    }
    return total / queries
  })
}

/** The mean query loss after so many steps of `adapt`. */
async function lossAfter(name: string, steps: number): Promise<number> {
  const { strategy, few = true } = CASES[name]
  const { tasks, shots, rate, data } = golden
  const session = await referenceRuntime().load(adaptProgram(plan, strategy, few))
  const wide = (shape: number[], values: number[]): Tensor => ({ shape, data: Float64Array.from(values) })
  const out = await session.run({
    theta: wide([metaSize(plan, strategy)], golden.cases[name].theta),
    supportX: wide([tasks, shots, 1], data.supportX),
    supportY: wide([tasks, shots, 1], data.supportY),
    supportWeight: wide([tasks, shots, 1], new Array<number>(tasks * shots).fill(1 / shots)),
    rate: wide([], [rate]),
    count: { shape: [], data: Int32Array.of(steps) },
  })
  const pieces = Array.from({ length: 2 * golden.hidden.length + 2 }, (_, k) => out[`piece${k}`].data as Float64Array)
  return queryLosses(pieces).reduce((sum, loss) => sum + loss, 0) / tasks
}

describe('a new task is learned by the steps that meta-training took', () => {
  it.each([
    ...['maml', 'first-order-maml', 'anil', 'meta-sgd', 'implicit-maml', 'cavia'].flatMap((id) => [
      [`${id} 1`, 1] as const,
      [`${id} 5`, 5] as const,
    ]),
    ['maml-plus-plus 1', 1],
    ['ridge-head', 1],
  ] as const)('%s: after them its query loss is that of PyTorch', async (name, steps) => {
    expect(await lossAfter(name, steps)).toBeCloseTo(golden.cases[name].loss, 6)
  })

  it('MAML++ takes each step at its own rates: the loss after all of them, weighted', async () => {
    const { loss, progress = 0 } = golden.cases['maml-plus-plus 5']
    const early = Math.max(1 - progress / 0.1, 0.03) / 5
    const weights = [early, early, early, early, 1 - 4 * early]
    const losses = await Promise.all(weights.map((_, k) => lossAfter('maml-plus-plus 5', k + 1)))
    expect(losses.reduce((sum, own, k) => sum + weights[k] * own, 0)).toBeCloseTo(loss, 6)
  })
})

it.each([
  ['reptile', reptileStrategy(1, 3, { kind: 'sgd', clip: UNCLIPPED }), [1, 0.75, 0.5, 0]],
  ['maml-plus-plus', mamlPlusPlusStrategy(1, 0.01), [1, 0.5 + Math.SQRT1_2 / 2, 0.5, 0]],
] as const)('%s: the outer rate falls as its paper has it', async (_, strategy, rates) => {
  const program = compile({ rate: strategy.outer!.rate!(input('lr', []), input('progress', [])) })
  const session = await referenceRuntime().load(program)
  for (const [k, progress] of [0, 0.25, 0.5, 1].entries()) {
    const scalar = (value: number): Tensor => ({ shape: [], data: Float64Array.of(value) })
    const { rate } = await session.run({ lr: scalar(2), progress: scalar(progress) })
    expect(Number(rate.data[0])).toBeCloseTo(2 * rates[k], 9)
  }
})
