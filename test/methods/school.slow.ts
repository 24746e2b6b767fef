import { describe, expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import { rng } from '../../core/rng.ts'
import { fitted, whole } from './fitted.ts'
import { haveShared, school } from './mulan.ts'

/** The School set (139 schools): share of the variance of unseen pupils explained, after the share of rows learned. */
type Kinds = 'numbers' | 'as they are'

/** With 0/1 inputs as classes: not divided by their spread. */
function schoolWith(kinds: Kinds): TaskSet {
  const set = school()
  if (kinds === 'numbers') return set
  const columns = set.table.columns.map((column) => {
    const twofold = [...column.values].every((v) => v === 0 || v === 1)
    if (!twofold) return column
    return { ...column, kind: 'category' as const, levels: ['0', '1'], values: Int32Array.from(column.values) }
  })
  return buildTaskSet({ ...set.table, columns }, Roles.parse({ targets: ['score'], task: 'school' }))
}

/** A share of the rows of every school. */
function splitOf(set: TaskSet, share: number, seed: number): { train: View; test: View } {
  const all = whole(set)
  const random = rng(seed)
  const groups = new Map<number, number[]>()
  for (const row of all.rows) {
    const own = groups.get(set.group![row]) ?? []
    own.push(row)
    groups.set(set.group![row], own)
  }
  const learned = new Set<number>()
  for (const own of groups.values()) {
    const draws = own.map((row) => ({ row, at: random.uniform() })).sort((a, b) => a.at - b.at)
    for (const { row } of draws.slice(0, Math.round(share * own.length))) learned.add(row)
  }
  const test = { ...all, rows: all.rows.filter((row) => !learned.has(row)) }
  return { train: { ...all, rows: all.rows.filter((row) => learned.has(row)) }, test }
}

/** Mean over splits, in per cent, of 1 - squared error / variance of the test rows. */
async function explained(id: string, params: Record<string, unknown>, set: TaskSet, share: number, splits: number) {
  const figures: number[] = []
  for (let seed = 0; seed < splits; seed++) {
    const { train, test } = splitOf(set, share, seed)
    const model = await fitted(id, params, train)
    const { values } = (await model.predict(test)).targets[0]
    const y = Float64Array.from(test.rows, (row) => set.table.columns[set.targets[0]].values[row])
    const mean = y.reduce((sum, v) => sum + v, 0) / y.length
    const total = y.reduce((sum, v) => sum + (v - mean) ** 2, 0)
    const wrong = y.reduce((sum, v, i) => sum + (v - values[i]) ** 2, 0)
    figures.push(100 * (1 - wrong / total))
  }
  const mean = figures.reduce((sum, v) => sum + v, 0) / splits
  const sd = Math.sqrt(figures.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (splits - 1))
  process.stdout.write(
    `| ${id} ${JSON.stringify(params)} | ${100 * share} % | ${mean.toFixed(1)} +- ${sd.toFixed(1)} |\n`,
  )
  return mean
}

describe.skipIf(!haveShared)(`School${haveShared ? '' : ' (no ../shared data)'}`, () => {
  it('at 75 % deviations from the common line explain 37.5 +- 1.0, more than the line alone', async () => {
    const set = schoolWith('as they are')
    const deviation = await explained('mean-regularised', { deviation: 30 }, set, 0.75, 20)
    const pooled = await explained('pooled-ridge', {}, set, 0.75, 20)
    expect(Math.abs(deviation - 37.5)).toBeLessThan(1)
    expect(deviation).toBeGreaterThan(37)
    expect(Math.abs(pooled - 33.9)).toBeLessThan(0.9)
  })

  it('at 10 % schools on their own collapse, and the common line alone is best', async () => {
    const set = schoolWith('as they are')
    const deviation = await explained('mean-regularised', { deviation: 30 }, set, 0.1, 20)
    const pooled = await explained('pooled-ridge', {}, set, 0.1, 20)
    const alone = await explained('ridge', {}, set, 0.1, 20)
    expect(Math.abs(pooled - 33.1)).toBeLessThan(1)
    expect(pooled).toBeGreaterThan(deviation)
    expect(deviation).toBeGreaterThan(alone + 10)
  })

  it('with inputs divided by their spread, rare ones deviate more easily, and the pull must be stronger', async () => {
    const set = schoolWith('numbers')
    expect(await explained('mean-regularised', { deviation: 30 }, set, 0.75, 20)).toBeGreaterThan(35)
    expect(await explained('mean-regularised', { deviation: 200 }, set, 0.75, 20)).toBeGreaterThan(37)
  })
})
