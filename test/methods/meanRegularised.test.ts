import { expect, it } from 'vitest'
import type { View } from '../../core/data/taskSet.ts'
import type { Model } from '../../core/method.ts'
import { fitted } from './fitted.ts'
import { sites, split } from './toys.ts'

const said = async (model: Model, view: View) => (await model.predict(view)).targets[0].values
const worst = (a: Float64Array, b: Float64Array) => Math.max(...a.map((v, i) => Math.abs(v - b[i])))

it('is pooled ridge where deviations cost much, and least squares per task where they cost nothing', async () => {
  const { train, test } = split(sites('number'))
  const pooled = await said(await fitted('pooled-ridge', { alpha: 3 }, train), test)
  const alone = await said(await fitted('ridge', { alpha: 0 }, train), test)
  expect(worst(pooled, alone)).toBeGreaterThan(5)
  const held = await said(await fitted('mean-regularised', { alpha: 3, deviation: 1e9 }, train), test)
  expect(worst(held, pooled)).toBeLessThan(1e-4)
  const free = await said(await fitted('mean-regularised', { alpha: 3, deviation: 1e-6 }, train), test)
  expect(worst(free, alone)).toBeLessThan(1e-4)
})

it('minimises what it says: no task and no common line can be moved for less', async () => {
  const { train } = split(sites('number'))
  const params = { alpha: 2, deviation: 5 }
  const model = await fitted('mean-regularised', params, train)
  const { set, rows } = train
  const [x1, x2, x3] = set.features.map((c) => {
    const { values } = set.table.columns[c]
    const own = rows.reduce((sum, row) => sum + values[row], 0) / rows.length
    const sd = Math.sqrt(rows.reduce((sum, row) => sum + (values[row] - own) ** 2, 0) / rows.length)
    return Float64Array.from(rows, (row) => (values[row] - own) / sd)
  })
  const y = Float64Array.from(rows, (row) => set.table.columns[set.targets[0]].values[row])
  const left = (await said(model, train)).map((value, i) => y[i] - value)
  // Slope of the objective: sum of x_i r_i = deviation v_t per task, and the v_t add up to alpha w, the level's to 0.
  const slopes = Array.from({ length: 8 }, (_, task) =>
    [x1, x2, x3, x1.map(() => 1)].map((x) =>
      rows.reduce((sum, row, i) => sum + (row % 8 === task ? x[i] * left[i] : 0), 0),
    ),
  )
  const total = [0, 1, 2, 3].map((j) => slopes.reduce((sum, own) => sum + own[j], 0))
  const edges = model.network!().edges
  const weights = edges.map(({ weights, bias }) => [...weights, bias![0]])
  for (let j = 0; j < 4; j++) {
    const common = j < 3 ? total[j] / params.alpha : weights.reduce((sum, own) => sum + own[j], 0) / 8
    weights.forEach((own, task) => expect(common + slopes[task][j] / params.deviation).toBeCloseTo(own[j], 4))
  }
  expect(total[3]).toBeCloseTo(0, 8)
})
