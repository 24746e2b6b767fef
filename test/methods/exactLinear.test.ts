import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import type { Model } from '../../core/method.ts'
import { fitted, whole } from './fitted.ts'
import { haveShared, mulan, shared, tableOf } from './mulan.ts'

/** Linear methods against scikit-learn, on every row of three sets; inputs and targets standardised there. */
type Exact = Record<string, number[] | number[][]>
const sets: Record<string, () => TaskSet> = {
  linnerud: () => {
    const lines = readFileSync(shared('data/linnerud/linnerud.csv'), 'utf8').trim().split(/\r?\n/)
    const [names, ...rows] = lines.map((line) => line.split(','))
    const table = tableOf(
      names,
      rows.map((row) => row.map(Number)),
    )
    return buildTaskSet(table, Roles.parse({ targets: names.slice(3) }))
  },
  slump: () => mulan('slump'),
  enb: () => mulan('enb'),
}

function scaleOf(values: ArrayLike<number>): { mean: number; sd: number } {
  const all = Float64Array.from(values)
  const mean = all.reduce((sum, v) => sum + v, 0) / all.length
  return { mean, sd: Math.sqrt(all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length) }
}

/** [target][row] truth and prediction, in standard deviations from the mean of the truth. */
async function standardised(set: TaskSet, model: Model) {
  const said = await model.predict(whole(set))
  return said.targets.map(({ values }, t) => {
    const truth = set.table.columns[set.targets[t]].values
    const { mean, sd } = scaleOf(truth)
    return {
      truth: Float64Array.from(truth, (v) => (v - mean) / sd),
      said: values.map((v) => (v - mean) / sd),
    }
  })
}

/** What scikit-learn's coefficients say of the standardised inputs. [target][row] */
function sayOf(set: TaskSet, coefficients: number[][]): number[][] {
  const inputs = set.features.map((feature) => {
    const { values } = set.table.columns[feature]
    const { mean, sd } = scaleOf(values)
    return Float64Array.from(values, (v) => (v - mean) / sd)
  })
  return coefficients.map((own) =>
    Array.from({ length: set.table.rows }, (_, row) => own.reduce((sum, b, j) => sum + b * inputs[j][row], 0)),
  )
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i])), a.length === b.length ? 0 : Infinity)

/** The largest and smallest share of variance that five neighbours can explain, whichever of equally far rows are asked. */
function neighbourBounds(set: TaskSet, t: number, k: number): { most: number; least: number } {
  const inputs = set.features.map((feature) => {
    const { values } = set.table.columns[feature]
    const { mean, sd } = scaleOf(values)
    return Float64Array.from(values, (v) => (v - mean) / sd)
  })
  const { values } = set.table.columns[set.targets[t]]
  const { mean, sd } = scaleOf(values)
  const truth = Float64Array.from(values, (v) => (v - mean) / sd)
  let [best, worstOf] = [0, 0]
  truth.forEach((y, row) => {
    const near = Array.from(truth, (value, other) => ({
      value,
      far: inputs.reduce((sum, x) => sum + (x[row] - x[other]) ** 2, 0),
    })).sort((a, b) => a.far - b.far)
    const edge = near[k - 1].far
    const sure = near.filter(({ far }) => far < edge - 1e-9)
    const tied = near.filter(({ far }) => Math.abs(far - edge) <= 1e-9).map(({ value }) => value)
    const open = k - sure.length
    const sums = [...choose(tied, open)].map((own) => own.reduce((sum, v) => sum + v, 0))
    const errors = sums.map((sum) => (y - (sure.reduce((all, { value }) => all + value, 0) + sum) / k) ** 2)
    best += Math.min(...errors)
    worstOf += Math.max(...errors)
  })
  return { most: 1 - best / truth.length, least: 1 - worstOf / truth.length }
}

function* choose(values: number[], count: number): Generator<number[]> {
  if (count === 0) return yield []
  for (let i = 0; i + count <= values.length; i++)
    for (const rest of choose(values.slice(i + 1), count - 1)) yield [values[i], ...rest]
}

const exact = haveShared
  ? (JSON.parse(readFileSync(shared('reference/exact-linear.json'), 'utf8')) as Record<string, Exact>)
  : {}

describe.skipIf(!haveShared).each(Object.keys(sets))(`%s${haveShared ? '' : ' (no ../shared data)'}`, (name) => {
  const coefficients: [string, string, Record<string, unknown>][] = [
    ['MultiTaskLasso alpha=0.1 coef (targets x inputs)', 'multi-task-lasso', { penalty: 0.1 }],
    ['MultiTaskLasso alpha=0.3 coef (targets x inputs)', 'multi-task-lasso', { penalty: 0.3 }],
    ['MultiTaskElasticNet alpha=.1 l1_ratio=.5 coef', 'multi-task-elastic-net', { penalty: 0.1, ratio: 0.5 }],
    ['Ridge alpha=1 coef', 'ridge', { alpha: 1 }],
  ]
  it.each(coefficients)('%s', async (key, id, params) => {
    const set = sets[name]()
    const model = await fitted(id, params, whole(set))
    const wanted = exact[name][key] as number[][]
    const said = await standardised(set, model)
    sayOf(set, wanted).forEach((values, t) => expect(worst(values, said[t].said)).toBeLessThan(1e-6))
    // The same coefficients, and the same inputs left out. The picture of the network holds single precision.
    model.network!().edges.forEach(({ weights }, t) => {
      const { values } = set.table.columns[set.targets[t]]
      const { sd } = scaleOf(values)
      expect(
        worst(
          weights.map((w) => w / sd),
          wanted[t],
        ),
      ).toBeLessThan(1e-6)
      expect([...weights].map((w) => w === 0)).toEqual(wanted[t].map((w) => w === 0))
    })
  })

  it('RegressorChain(Ridge 1) in target order', async () => {
    const set = sets[name]()
    const said = await standardised(
      set,
      await fitted('regressor-chain', { alpha: 1, chains: 1, estimates: 'measured' }, whole(set)),
    )
    const wanted = exact[name]['RegressorChain(Ridge 1) in target order, in-sample prediction row 0'] as number[]
    expect(
      worst(
        said.map((own) => own.said[0]),
        wanted,
      ),
    ).toBeLessThan(1e-6)
  })

  const inSample: [string, string, Record<string, unknown>][] = [
    ['PLSRegression 2 comp in-sample R2 per target', 'pls', { components: 2 }],
    ['KNN5 in-sample R2 per target', 'knn', { k: 5 }],
  ]
  // Enb is a grid of designs: in 198 rows of 768 the fifth neighbour and the sixth are equally far, and scikit-learn's
  // own searches differ among each other by 3e-4. What is asserted there: both figures can be had by a choice of ties.
  const settled = inSample.filter(([, id]) => id !== 'knn' || name !== 'enb')
  it.each(settled)('%s', async (key, id, params) => {
    const set = sets[name]()
    const said = await standardised(set, await fitted(id, params, whole(set)))
    const explained = said.map(
      (own) => 1 - own.truth.reduce((sum, v, i) => sum + (v - own.said[i]) ** 2, 0) / own.truth.length,
    )
    expect(worst(explained, exact[name][key] as number[])).toBeLessThan(1e-6)
  })

  it.skipIf(name !== 'enb')('nearest neighbours of equal distance', async () => {
    const set = sets[name]()
    const said = await standardised(set, await fitted('knn', { k: 5 }, whole(set)))
    const wanted = exact[name]['KNN5 in-sample R2 per target'] as number[]
    said.forEach((own, t) => {
      const { most, least } = neighbourBounds(set, t, 5)
      const figure = 1 - own.truth.reduce((sum, v, i) => sum + (v - own.said[i]) ** 2, 0) / own.truth.length
      for (const value of [figure, wanted[t]]) {
        expect(value).toBeGreaterThan(least - 1e-6)
        expect(value).toBeLessThan(most + 1e-6)
      }
      expect(Math.abs(figure - wanted[t])).toBeLessThan(1e-3)
    })
  })

  it('every figure of this set is looked at', () => {
    const asserted = [...coefficients, ...inSample].map(([key]) => key)
    const chain = 'RegressorChain(Ridge 1) in target order, in-sample prediction row 0'
    expect([...asserted, chain, 'shape'].sort()).toEqual(Object.keys(exact[name]).sort())
  })
})
