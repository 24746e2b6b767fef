import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Model } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { minimise } from '../../core/lbfgs.ts'
import { tableOf } from './mulan.ts'

type Golden = { x: number[][]; number: number[]; two: number[]; three: number[]; train: number } & Record<
  string,
  number[][]
>
const golden = JSON.parse(readFileSync(new URL('../golden/methods/classical.json', import.meta.url), 'utf8')) as Golden

const names = ['a', 'b', 'c', 'd']

function taskSet(target: 'number' | 'two' | 'three'): TaskSet {
  const table = tableOf(
    [...names, target],
    golden.x.map((row, i) => [...row, golden[target][i]]),
  )
  return buildTaskSet(
    table,
    Roles.parse({ targets: [target], kinds: target === 'number' ? undefined : { [target]: 'category' } }),
  )
}

async function fitted(id: string, params: Record<string, unknown>, train: View): Promise<Model> {
  const m = method(id)
  const fit = m.fit(
    { train, inner: null, rng: rng(1), runtime: referenceRuntime(), resume: null, episodes: null },
    paramsOf(m, params),
  )
  for (let next = await fit.next(); ; next = await fit.next()) if (next.done) return next.value
}

async function compare(key: string, id: string, target: 'number' | 'two' | 'three', params: Record<string, unknown>) {
  const set = taskSet(target)
  const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
  const tasks = Int32Array.of(0)
  const model = await fitted(id, params, { set, rows: rows.slice(0, golden.train), tasks })
  const said = await model.predict({ set, rows: rows.slice(golden.train), tasks })
  const wanted = golden[key].flat()
  expect(said.targets[0].values).toHaveLength(wanted.length)
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - said.targets[0].values[i])))
  expect(worst).toBeLessThan(1e-6)
}

describe('logistic regression against scikit-learn', () => {
  for (const target of ['two', 'three'] as const)
    for (const alpha of [1, 0.1])
      for (const classWeights of ['none', 'balanced'])
        it(`${target} classes, alpha ${alpha}, weights ${classWeights}`, () =>
          compare(`logistic ${target} ${alpha.toFixed(1)} ${classWeights}`, 'logistic', target, {
            alpha,
            classWeights,
          }))
})

describe('nearest neighbours against scikit-learn', () => {
  for (const target of ['number', 'three'] as const)
    for (const k of [1, 5])
      for (const weights of ['uniform', 'distance'])
        it(`${target}, k ${k}, ${weights}`, () =>
          compare(`knn ${target} ${k} ${weights}`, 'knn', target, { k, weights }))
})

it('L-BFGS finds the bottom of the Rosenbrock valley', () => {
  const at = minimise(
    ([x, y], g) => {
      g[0] = -2 * (1 - x) - 400 * x * (y - x * x)
      g[1] = 200 * (y - x * x)
      return (1 - x) ** 2 + 100 * (y - x * x) ** 2
    },
    Float64Array.of(-1.2, 1),
  )
  expect(at[0]).toBeCloseTo(1, 6)
  expect(at[1]).toBeCloseTo(1, 6)
})
