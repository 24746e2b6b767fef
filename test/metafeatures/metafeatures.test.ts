import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { META_FEATURES, type Figures } from '../../core/metafeatures/catalogue.ts'
import { cellsOf } from '../../core/metafeatures/cells.ts'
import { describe as describeSet } from '../../core/metafeatures/describe.ts'
import { information } from '../../core/metafeatures/information.ts'
import { landmarks } from '../../core/metafeatures/landmarks.ts'
import { modelBased } from '../../core/metafeatures/modelBased.ts'
import { simple } from '../../core/metafeatures/simple.ts'
import { statistical } from '../../core/metafeatures/statistical.ts'
import { rng } from '../../core/rng.ts'
import { count, tableOf } from '../data/tables.ts'

type Golden = {
  numbers: (number | null)[][]
  level: (number | null)[]
  number: number[]
  classes: number[]
  figures: Record<'number' | 'classes', Record<string, number>>
}
const golden = JSON.parse(
  readFileSync(new URL('../golden/metafeatures/metafeatures.json', import.meta.url), 'utf8'),
) as Golden

const columns = {
  ...Object.fromEntries(golden.numbers.map((values, j) => [`x${j}`, values])),
  level: golden.level.map((level) => (level === null ? null : `level ${level}`)),
}
/** In file order, as the script has it. */
const inOrder = { ...rng('unused'), permutation: (n: number) => Int32Array.from(count(n)) }

test.each(['number', 'classes'] as const)(
  'every meta-feature of a target of %s is what numpy, scipy and scikit-learn say',
  (kind) => {
    const y = kind === 'number' ? golden.number : golden.classes.map((k) => `class ${k}`)
    // Levels in the order of their number.
    const table = tableOf({ ...columns, y })
    for (const column of table.columns) sortLevels(column)
    const set = buildTaskSet(table, Roles.parse({ targets: ['y'] }))
    const cells = cellsOf(set, 0, Int32Array.from(count(y.length)), inOrder)
    const found: Figures = {
      ...simple(cells),
      ...statistical(cells),
      ...information(cells),
      ...landmarks(cells, 500),
      ...modelBased(cells, 500),
    }
    expect(Object.keys(found).sort()).toEqual(Object.keys(golden.figures[kind]).sort())
    for (const [name, value] of Object.entries(golden.figures[kind]))
      expect(found[name as keyof Figures], name).toBeCloseTo(value, 9)
  },
)

function sortLevels(column: ReturnType<typeof tableOf>['columns'][number]): void {
  if (!column.levels) return
  const sorted = [...column.levels].sort()
  column.values = column.values.map((k) => sorted.indexOf((column.levels as string[])[k])) as Int32Array
  column.levels = sorted
}

test('both kinds of target together have every name of the catalogue, each explained', () => {
  const known = new Set(Object.values(golden.figures).flatMap((figures) => Object.keys(figures)))
  expect(META_FEATURES.map(({ name }) => name).sort()).toEqual([...known].sort())
})

test('each task is described by its own rows; one with fewer than five rows is left out; the same answer each time', () => {
  const site = count(64).map((i) => (i < 30 ? 'a' : i < 60 ? 'b' : 'c'))
  const x = count(64).map((i) => Math.sin(7 * i))
  const y = count(64).map((i) => (site[i] === 'a' ? 2 * x[i] : Math.cos(11 * i)))
  const set = buildTaskSet(tableOf({ x, y, site }), Roles.parse({ targets: ['y'], task: 'site' }))
  const said = describeSet(set)
  expect(said.map(({ task, rows }) => [task, rows])).toEqual([
    [null, 64],
    ['site=a', 30],
    ['site=b', 30],
  ])
  expect(said[1].figures['cor_target.max']).toBeCloseTo(1, 9)
  expect(said[1].figures.linear_regr).toBeGreaterThan(0.9)
  expect(said[2].figures.linear_regr).toBeLessThan(0.3)
  expect(describeSet(set)).toEqual(said)
})

test('columns that do not vary, columns of words alone and empty cells give finite figures or none', () => {
  const y = count(20).map((i) => (i % 2 ? 'yes' : 'no'))
  const word = count(20).map((i) => (i % 3 ? 'p' : null))
  const odd: Record<string, (number | string | null)[]>[] = [
    { flat: count(20).map(() => 3), y },
    { word, y },
    { flat: count(20).map(() => 1e15), word, y },
  ]
  for (const columns of odd) {
    const [{ figures }] = describeSet(buildTaskSet(tableOf(columns), Roles.parse({ targets: ['y'] })))
    expect(Object.values(figures).every(Number.isFinite)).toBe(true)
    expect(figures.nr_class).toBe(2)
    expect(figures['skewness.mean']).toBeUndefined()
  }
})

test('-1 is a number like any other, and an empty level is none', () => {
  const n = 12
  const table = tableOf({
    two: count(n).map((i) => (i % 2 ? 1 : -1)),
    other: count(n).map((i) => (i < 4 ? 1 : -1)),
    three: count(n).map((i) => (i % 3) - 1),
    level: count(n).map((i) => [null, 'a', 'b'][i % 3]),
    y: count(n),
  })
  const set = buildTaskSet(table, Roles.parse({ targets: ['y'], features: ['two', 'other', 'three', 'level'] }))
  expect(simple(cellsOf(set, 0, Int32Array.from(count(n)), inOrder)).nr_bin).toBe(3)
})
