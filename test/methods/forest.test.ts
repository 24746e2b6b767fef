import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { askForest, growForest } from '../../core/classical/forest.ts'
import type { Forest, ForestTarget } from '../../core/classical/forest.ts'
import { rng } from '../../core/rng.ts'
import { testOf } from '../../core/testing.ts'
import { meanOf, score } from '../../core/predictions.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import { fitted } from './fitted.ts'
import { haveShared, mulan, reference, shared } from './mulan.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/methods/forest.json', import.meta.url), 'utf8'))
const x = Float32Array.from((golden.x as number[][]).flat())
const asked = golden.asked as number[][]
const column = (k: number): ForestTarget => ({ y: (golden.y as number[][]).map((row) => row[k]), classes: 0 })

const tree = (targets: ForestTarget[], options: object, weight: number[] | null = null) =>
  growForest({ x, features: 4, targets, weight }, { trees: 1, leaf: 1, bootstrap: false, ...options }, rng('tree'))

function answers(forest: Forest): number[][] {
  const out = new Float64Array(forest.columns)
  return asked.map((row) => {
    askForest(forest, Float32Array.from(row), 0, out)
    return [...out]
  })
}

describe('one tree on all rows says what scikit-learn says', () => {
  const cases: [string, Forest][] = [
    ['one target, leaf 5', tree([column(0)], { leaf: 5 })],
    ['one target, leaf 4, weighted', tree([column(0)], { leaf: 4 }, golden.weight)],
    ['three targets, leaf 3', tree([column(0), column(1), column(2)], { leaf: 3 })],
    ['three targets, depth 3', tree([column(0), column(1), column(2)], { depth: 3 })],
    ['three classes, depth 3', tree([{ y: golden.classes, classes: 3 }], { depth: 3 })],
  ]
  it.each(cases)('%s', (name, forest) => {
    const said = answers(forest)
    ;(golden[name] as (number | number[])[]).forEach((row, i) =>
      [row].flat().forEach((value, c) => expect(said[i][c]).toBeCloseTo(value, 6)),
    )
  })
})

describe('targets with holes', () => {
  it('a target that was never measured changes nothing for the others', () => {
    const none: ForestTarget = { y: new Array<number>(120).fill(NaN), classes: 0 }
    const alone = answers(tree([column(0)], { leaf: 3 }))
    const beside = answers(tree([column(0), none], { leaf: 3 }))
    beside.forEach(([first, second], i) => {
      expect(first).toBeCloseTo(alone[i][0], 6)
      expect(second).toBe(0)
    })
  })

  it('a target measured in half of the rows answers with the mean of those in the leaf', () => {
    const half: ForestTarget = { y: [...(column(0).y as number[])].map((v, i) => (i % 2 ? v : NaN)), classes: 0 }
    const said = answers(tree([half, column(1)], { depth: 1 }))
    const measured = [...(half.y as number[])].flatMap((v, i) => (Number.isNaN(v) ? [] : [{ v, row: i }]))
    const leaves = [...new Set(said.map(([v]) => v))]
    expect(leaves).toHaveLength(2)
    // Some cut of one input parts the measured rows into these two means.
    const cuts = [0, 1, 2, 3].flatMap((f) => measured.map(({ row }) => [f, x[row * 4 + f]]))
    const mean = (rows: typeof measured) => rows.reduce((sum, { v }) => sum + v, 0) / rows.length
    const found = cuts.some(([f, at]) => {
      const low = mean(measured.filter(({ row }) => x[row * 4 + f] <= at))
      const high = mean(measured.filter(({ row }) => x[row * 4 + f] > at))
      return leaves.every((leaf) => Math.min(Math.abs(leaf - low), Math.abs(leaf - high)) < 1e-6)
    })
    expect(found).toBe(true)
  })
})

it('the same key grows the same forest, another key another', () => {
  const grow = (key: string) =>
    answers(growForest({ x, features: 4, targets: [column(0)], weight: null }, { trees: 5, share: 0.5 }, rng(key)))
  expect(grow('a')).toEqual(grow('a'))
  expect(grow('a')).not.toEqual(grow('b'))
})

it('nothing to cut: constant inputs and constant targets answer with the mean', () => {
  const flat = growForest(
    { x: new Float32Array(12), features: 2, targets: [{ y: [1, 2, 3, 4, 5, 9], classes: 0 }], weight: null },
    { trees: 3, bootstrap: false },
    rng('flat'),
  )
  const out = new Float64Array(1)
  askForest(flat, new Float32Array(2), 0, out)
  expect(out[0]).toBeCloseTo(4, 6)
  expect(flat.feature).toEqual(Int32Array.of(-1, -1, -1))
  const still = tree([{ y: new Array<number>(120).fill(7), classes: 0 }], {})
  expect(answers(still).every(([v]) => v === 7)).toBe(true)
})

// scikit-learn's own forests on these folds (100 trees, leaf 2; targets of one unit): see docs/reproductions.md.
describe.skipIf(!haveShared)(`Mulan${haveShared ? '' : ' (no ../shared data)'}`, () => {
  const published = haveShared && JSON.parse(readFileSync(shared('reference/arrmse-trees.json'), 'utf8')).aRRMSE
  it.each(['slump', 'edm'] as const)('%s: a forest per target is as good as that of scikit-learn', async (name) => {
    const set = mulan(name)
    const { testFolds } = reference(name)
    const tasks = Int32Array.from(set.tasks.keys())
    let sum = 0
    for (const test of testFolds) {
      const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i).filter((row) => !test.includes(row))
      const train = { set, tasks, rows }
      const model = await fitted('single-task-forest', {}, train)
      const query = { set, tasks, rows: Int32Array.from(test) }
      sum += meanOf([
        ...score(await testOf(model, train, null, [{ support: null, query }]), METRICS.arrmse).values(),
      ]) as number
    }
    const theirs = published[name]['ST bag of 100 trees per target']
    expect(Math.abs(sum / testFolds.length - theirs)).toBeLessThan(0.015)
  })
})
