import { expect, it } from 'vitest'
import { agreementOf } from '../../core/relations/agreement.ts'
import { bestGroups, clusteredOrder, predictedGains } from '../../core/relations/grouping.ts'
import { rng } from '../../core/rng.ts'

/** [from, to], row by row. */
function randomGains(tasks: number, label: string): number[] {
  const random = rng(label)
  return Array.from({ length: tasks * tasks }, () => random.normal())
}

function* partitions(tasks: number): Generator<number[][]> {
  if (tasks === 0) return yield []
  for (const rest of partitions(tasks - 1)) {
    const t = tasks - 1
    yield [...rest, [t]]
    for (let g = 0; g < rest.length; g++) yield rest.map((group, k) => (k === g ? [...group, t] : group))
  }
}

it.each(['a', 'b', 'c', 'd'])('finds the partition of greatest predicted gain (%s)', (label) => {
  const gains = randomGains(6, label)
  const sum = (groups: number[][]) => predictedGains(gains, 6, groups).reduce((total, gain) => total + gain, 0)
  const all = [...partitions(6)]
  expect(all).toHaveLength(203)
  const { groups, exact } = bestGroups(gains, 6)
  expect(exact).toBe(true)
  expect(sum(groups)).toBeCloseTo(Math.max(...all.map(sum)), 12)
})

it('predicts the mean of what the others of a group give', () => {
  // 0 gives 1: 4; 2 gives 1: -1.
  const gains = [0, 4, 0, 2, 0, 0, 0, -1, 0]
  expect(predictedGains(gains, 3, [[0, 1], [2]])).toEqual([2, 4, 0])
  expect(predictedGains(gains, 3, [[0, 1, 2]])).toEqual([1, 1.5, 0])
  expect(bestGroups(gains, 3).groups).toEqual([[0, 1], [2]])
  expect(bestGroups([0, -1, -1, 0], 2).groups).toEqual([[0], [1]])
  expect(bestGroups([null, null, null, null], 2).groups).toEqual([[0], [1]])
})

it('finds families among many tasks, and puts them side by side', () => {
  const tasks = 20
  const family = (t: number) => t % 3
  const noise = randomGains(tasks, 'noise')
  const gains = noise.map((e, at) => (family(Math.floor(at / tasks)) === family(at % tasks) ? 1 : -1) + 0.3 * e)
  const { groups, exact } = bestGroups(gains, tasks)
  expect(exact).toBe(false)
  // A family may be cut where noise makes its halves a little better: families are never mixed.
  expect(groups.length).toBeLessThan(7)
  for (const group of groups) expect(new Set(group.map(family)).size).toBe(1)
  const order = clusteredOrder(gains, tasks).map(family)
  expect(order.filter((own, i) => i > 0 && own !== order[i - 1])).toHaveLength(2)
})

it("correlates ranks as scipy's spearmanr does, ties included", () => {
  const a = [0.3, -0.1, 0.2, 0.2, 0.5, -0.4, 0.05, 0.3, -0.2, 0.1, 0, 0.25]
  const b = [0.1, -0.3, 0.2, 0.4, 0.6, -0.1, 0.1, 0.2, -0.5, 0.1, 0.05, -0.2]
  const matrix = (values: number[]) => {
    const rest = [...values]
    return Array.from({ length: 16 }, (_, at) => (at % 5 ? rest.shift()! : null))
  }
  const found = agreementOf(matrix(a), matrix(b), 4)!
  expect(found.rho).toBeCloseTo(0.7079745819032783, 12)
  expect(found).toMatchObject({ pairs: 12, tasks: 4 })
  expect(found.ci95![0]).toBeLessThan(found.rho)
  expect(found.ci95![1]).toBeLessThanOrEqual(1)
  expect(agreementOf(matrix(a), matrix(b), 4)).toEqual(found)
  expect(agreementOf([null, 1, 2, null], [null, 3, 3, null], 2)).toBeNull()
})

it('gives an interval that is narrow with many tasks and holds 0 where nothing is related', () => {
  const [a, b] = [randomGains(30, 'x'), randomGains(30, 'y')]
  const none = agreementOf(a, b, 30)!
  expect(none.ci95![0]).toBeLessThan(0)
  expect(none.ci95![1]).toBeGreaterThan(0)
  const some = agreementOf(a, a.map((value, at) => value + 0.3 * b[at]), 30)! // prettier-ignore
  expect(some.rho).toBeGreaterThan(0.9)
  expect(some.ci95![1] - some.ci95![0]).toBeLessThan(0.05)
})
