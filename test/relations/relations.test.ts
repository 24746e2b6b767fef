import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolds } from '../../core/data/splits.ts'
import type { View } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { expand } from '../../core/expand.ts'
import { readRecord } from '../../core/relations/record.ts'
import { partsOf, subsetsOf } from '../../core/relations/subsets.ts'
import type { Relations } from '../../core/relations/relations.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { fitted } from '../methods/fitted.ts'
import { mixedTargets } from '../methods/toys.ts'
import { contradicting, eventsOf, relate, specOf } from './made.ts'

let runtime: Runtime
beforeAll(async () => void (runtime = (await openRuntime('auto')).runtime))
afterAll(() => runtime.close())

const linear = [{ id: 'mean-regularised', params: { deviation: 30 } }]
const many = { folds: 8, repeats: 4 }

describe('subsets of tasks', () => {
  it('are every task alone, every pair, all, and all but one, none of them twice', () => {
    expect(subsetsOf(3, ['pairs'])).toEqual([[0], [1], [2], [0, 1], [0, 2], [1, 2]])
    expect(subsetsOf(4, ['leave-one-out'])).toEqual([
      [0, 1, 2, 3],
      [1, 2, 3],
      [0, 2, 3],
      [0, 1, 3],
      [0, 1, 2],
    ])
    expect(subsetsOf(3, ['pairs', 'leave-one-out'])).toHaveLength(7)
    expect(subsetsOf(2, ['pairs', 'leave-one-out'])).toEqual([[0], [1], [0, 1]])
    expect(subsetsOf(139, ['pairs'])).toHaveLength(139 + (139 * 138) / 2)
  })

  it('come in parts that follow each other', () => {
    for (const count of [1, 8, 9, 400, 9730]) {
      const parts = partsOf(count)
      expect(parts.length).toBeLessThanOrEqual(48)
      parts.forEach(({ from, to }, k) => {
        expect(from).toBe(k ? parts[k - 1].to : 0)
        expect(to).toBeGreaterThan(from)
      })
      expect(parts.at(-1)!.to).toBe(count)
    }
  })
})

describe('two tasks that share and one that contradicts', () => {
  let found: Relations
  beforeAll(async () => void (found = await relate(specOf(linear, { evaluation: many }), contradicting(), runtime)))
  const cell = (design: string, from: number, to: number) => {
    const { effect, low, high } = found.measured.find((m) => m.design === design)!
    const at = from * 3 + to
    return { effect: effect[at]!, low: low[at]!, high: high[at]! }
  }
  const [A, B, C] = [0, 1, 2]

  it('are told apart by all but one: what shares helps, what contradicts hurts, beyond doubt', () => {
    for (const [from, to] of [[A, B], [B, A]]) expect(cell('leave-one-out', from, to).low).toBeGreaterThan(0) // prettier-ignore
    for (const to of [A, B]) {
      expect(cell('leave-one-out', C, to).high).toBeLessThan(0)
      expect(cell('pairs', C, to).high).toBeLessThan(0)
    }
    expect(cell('pairs', A, B).effect).toBeGreaterThan(0)
    expect(cell('pairs', B, A).low).toBeGreaterThan(0)
    expect(found.measured[0].effect[0]).toBeNull()
  })

  it('are grouped so, with a gain that is checked on other folds', () => {
    for (const { groups, predicted } of found.groups) {
      expect(groups).toEqual([[A, B], [C]])
      expect(predicted).toBeGreaterThan(0)
    }
    const { checked } = found.groups.find(({ from }) => from === 'pairs')!
    expect(checked!.ci95![0]).toBeLessThan(checked!.mean)
    expect(found.order.indexOf(C)).not.toBe(1)
    expect(found.fits).toEqual({ done: 7 * 32, of: 7 * 32, refused: 0 })
    expect(found.interval).toEqual({ rule: 'nadeau-bengio', n: 32 })
  })
})

it('agrees with fits made by hand on tables that hold nothing else', async () => {
  const set = contradicting()
  const spec = specOf(linear)
  const found = await relate(spec, set, runtime)
  // What B gives A: the squared error of A without and with B over that of the mean of A in training.
  let [alone, together, plain] = [0, 0, 0]
  for (const { train, test } of makeFolds(set, spec.evaluation)) {
    const of = (rows: Int32Array, sites: number[]): View => ({
      set,
      rows: rows.filter((row) => sites.includes(set.group![row])),
      tasks: Int32Array.from(sites),
    })
    const asked = of(test, [0])
    const target = set.table.columns[set.targets[0]].values
    const learned = of(train, [0]).rows
    const mean = learned.reduce((sum, row) => sum + target[row], 0) / learned.length
    const lost = async (sites: number[]) => {
      const said = await (await fitted('mean-regularised', linear[0].params, of(train, sites))).predict(asked)
      return asked.rows.reduce((sum, row, i) => sum + (target[row] - said.targets[0].values[i]) ** 2, 0)
    }
    alone += await lost([0])
    together += await lost([0, 1])
    plain += asked.rows.reduce((sum, row) => sum + (target[row] - mean) ** 2, 0)
  }
  expect(found.measured[0].effect[3]).toBeCloseTo((alone - together) / plain, 3)
})

describe('a network', () => {
  const params = { hidden: [6], epochs: 30, patience: 0, learningRate: 0.01, watchConflict: true }
  const spec = specOf([{ id: 'hard-sharing', params }], { evaluation: { folds: 2 } })

  it('is related over targets of every kind with missing cells, and watched while it learns', async () => {
    const set = mixedTargets(['number', 'two', 'three'])
    const found = await relate(specOf(spec.methods, { evaluation: { folds: 3 }, relations: {} }), set, runtime)
    expect(found.tasks.map(({ kind }) => kind)).toEqual(['regression', 'regression', 'binary', 'multiclass'])
    for (const matrix of [found.measured[0].effect, found.estimate!.gain, found.estimate!.cosine])
      matrix.forEach((value, at) => (at % 5 ? expect(Number.isFinite(value)).toBe(true) : expect(value).toBeNull()))
    expect(found.estimate!.runs).toBe(3)
    for (const [i, j] of [
      [0, 1],
      [1, 3],
    ])
      // prettier-ignore
      expect(found.estimate!.cosine[4 * i + j]).toBeCloseTo(found.estimate!.cosine[4 * j + i]!, 3)
    expect(found.agreement.map(({ estimate, measured }) => [estimate, measured])).toEqual([
      ['gain', 'pairs'],
      ['cosine', 'pairs'],
    ])
    for (const { rho, ci95, pairs } of found.agreement) {
      expect(pairs).toBe(12)
      expect(ci95![0]).toBeLessThanOrEqual(rho)
      expect(ci95![1]).toBeGreaterThanOrEqual(rho)
    }
  })

  it('that stops in the middle of its subsets goes on exactly as it would have', async () => {
    const set = contradicting()
    const trial = expand(spec, set).find(({ relations }) => relations)!
    const all = await eventsOf(trial, set, runtime)
    const checkpoints = all.filter(({ event }) => event.type === 'blob' && event.role === 'checkpoint')
    expect(checkpoints.length).toBeGreaterThan(3)
    for (const { event, bytes } of [checkpoints[0], checkpoints.at(-1)!]) {
      const rest = await eventsOf(trial, set, runtime, bytes!)
      expect(rest.map((e) => e.event)).toEqual(all.slice(event.seq + 1).map((e) => e.event))
    }
    const trace = all.find(({ event }) => event.type === 'blob' && event.role === 'trace')!
    const record = readRecord(trace.bytes!, subsetsOf(3, spec.relations!.designs))
    expect(record.done).toBe(7)
    expect(all.some(({ event }) => event.type === 'metric')).toBe(false)
  })
})

it('keeps going where a subset cannot be fitted, and says why', async () => {
  const set = contradicting()
  // C is measured in two rows, both tested in the same fold or not at all in training: alone it cannot be learned.
  const c = set.tasks.findIndex(({ id }) => id.endsWith('C'))
  let kept = 0
  const observed = set.observed.map((seen, row) => (set.group![row] === c && ++kept > 1 ? 0 : seen))
  const found = await relate(specOf(linear, { relations: {} }), { ...set, observed }, runtime)
  expect(found.fits.refused).toBeGreaterThan(0)
  expect(found.reasons[0]).toMatch(/measured/)
  expect(found.measured[0].effect[1]).not.toBeNull()
})

describe('is refused', () => {
  const set = contradicting()
  it.each([
    ['where tasks are new', { evaluation: { protocol: 'new-task' } }, 'relations.refused'],
    ['for tasks that are not there', { relations: { tasks: ['site=A', 'site=D'] } }, 'relations.refused'],
    ['for methods that learn alone', { methods: [{ id: 'ridge' }] }, 'relations.no-method'],
  ])('%s', (_, more, code) => {
    expect(() => expand(specOf(linear, more), set)).toThrow(expect.objectContaining({ json: expect.objectContaining({ code }) })) // prettier-ignore
  })
})
