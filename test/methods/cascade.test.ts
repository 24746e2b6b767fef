import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { chainOrders } from '../../core/multitask/cascade.ts'
import { rng } from '../../core/rng.ts'
import { fitted, whole } from './fitted.ts'
import { tableOf } from './mulan.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/methods/cascade.json', import.meta.url), 'utf8'))
const x = golden.x as number[][]
const y = golden.y as number[][]
const set = buildTaskSet(
  tableOf(['a', 'b', 'c', 'd', 'p', 'q', 'r'], x.map((row, i) => [...row, ...y[i]])), // prettier-ignore
  Roles.parse({ targets: ['p', 'q', 'r'] }),
)

// One row held back at a time, and every order: nothing is left to chance.
describe.each([
  ['chains', 'regressor-chain'],
  ['stack', 'stacked-ridge'],
])('%s of ridge say what scikit-learn says', (name, id) => {
  it.each(['cross-validated', 'fitted', 'measured'])('%s', async (estimates) => {
    const model = await fitted(id, { alpha: golden.alpha, estimates, innerFolds: 20 }, whole(set))
    const { targets } = await model.predict(whole(set))
    ;(golden[`${name} ${estimates}`] as number[][]).forEach((row, i) =>
      row.forEach((value, t) => expect(targets[t].values[i]).toBeCloseTo(value, 8)),
    )
  })
})

it('orders differ, and are all there where there are not more than asked for', () => {
  expect(chainOrders(3, 1, rng('o'))).toEqual([[0, 1, 2]])
  expect(chainOrders(3, 10, rng('o'))).toHaveLength(6)
  const drawn = chainOrders(5, 10, rng('o'))
  expect(new Set(drawn.map((order) => order.join())).size).toBe(10)
  for (const order of drawn) expect([...order].sort()).toEqual([0, 1, 2, 3, 4])
})

it('stacked forests: a target measured in few rows gains from one that goes with it and was measured in all', async () => {
  const random = rng('few')
  const cells = Array.from({ length: 400 }, (_, i) => {
    const inputs = Array.from({ length: 5 }, () => random.normal())
    const p = inputs[0] + Math.abs(inputs[1])
    return [...inputs, p + 0.05 * random.normal(), i % 2 && i % 20 !== 1 ? NaN : 3 - p + 0.05 * random.normal()]
  })
  const made = buildTaskSet(tableOf(['a', 'b', 'c', 'd', 'e', 'p', 'q'], cells), Roles.parse({ targets: ['p', 'q'] }))
  const all = whole(made)
  const [test, train] = [0, 1].map((part) => ({ ...all, rows: all.rows.filter((row) => row % 2 === part) }))
  const error = async (id: string) => {
    const model = await fitted(id, { trees: 60 }, train)
    const said = (await model.predict(test)).targets[1].values
    return said.reduce((sum, v, i) => sum + (v - cells[test.rows[i]][6]) ** 2, 0)
  }
  const alone = await error('single-task-forest')
  expect(await error('stacked-forest')).toBeLessThan(0.8 * alone)
  expect(await error('forest-chain')).toBeLessThan(0.9 * alone)
})
