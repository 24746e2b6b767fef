import { expect, it } from 'vitest'
import type { View } from '../../core/data/taskSet.ts'
import type { Model } from '../../core/method.ts'
import { fitted, whole } from './fitted.ts'
import { sites, split } from './toys.ts'

const said = async (model: Model, view: View) => (await model.predict(view)).targets[0].values
const worst = (a: Float64Array, b: Float64Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i])))

it('is pooled logistic regression where deviations cost much', async () => {
  for (const kind of ['two', 'three'] as const) {
    const { train, test } = split(sites(kind))
    const pooled = await said(await fitted('pooled-logistic', { alpha: 3 }, train), test)
    const held = await said(await fitted('mean-regularised-logistic', { alpha: 3, deviation: 1e8 }, train), test)
    expect(worst(held, pooled)).toBeLessThan(1e-5)
    const free = await said(await fitted('mean-regularised-logistic', { alpha: 3, deviation: 0.1 }, train), test)
    expect(worst(free, pooled)).toBeGreaterThan(0.1)
  }
})

it('answers tasks without a positive, and a target of one class', async () => {
  const set = sites('two')
  const column = set.table.columns[set.targets[0]]
  for (let row = 0; row < set.table.rows; row += 8) column.values[row] = 0
  for (const only of [false, true]) {
    if (only) column.values.fill(0)
    for (const id of ['mean-regularised-logistic', 'pooled-logistic', 'pooled-logistic-intercepts']) {
      const values = await said(await fitted(id, {}, whole(set)), whole(set))
      expect(values.every((p) => p > 0 && p < 1)).toBe(true)
    }
  }
})
