import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { Column, Table } from '../../core/data/table.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import { rng } from '../../core/rng.ts'

/** Small made-up task sets on which every method must beat the mean. */
const number = (name: string, values: number[]): Column => ({
  name,
  kind: 'number',
  values: Float64Array.from(values, (v) => (Number.isNaN(v) ? 0 : v)),
  valid: Uint8Array.from(values, (v) => Number(!Number.isNaN(v))),
})
const category = (name: string, levels: string[], codes: number[]): Column => ({
  name,
  kind: 'category',
  levels,
  values: Int32Array.from(codes, (v) => (Number.isNaN(v) ? 0 : v)),
  valid: Uint8Array.from(codes, (v) => Number(!Number.isNaN(v))),
})
const table = (columns: Column[]): Table => ({ hash: 'toy', rows: columns[0].values.length, columns })

function inputs(rows: number, label: string) {
  const random = rng(label)
  const draw = () => Array.from({ length: rows }, () => random.normal())
  const [x1, x2, x3] = [draw(), draw(), draw()]
  const colour = Array.from({ length: rows }, () => random.int(3))
  const noise = () => 0.3 * random.normal()
  return { random, x1, x2, x3, colour, noise }
}

/** Two number targets, a pair of classes and three classes, with missing cells in inputs and targets. */
export function mixedTargets(kinds: ('number' | 'two' | 'three')[], missing = 0.15, rows = 160): TaskSet {
  const { random, x1, x2, x3, colour, noise } = inputs(rows, 'mixed')
  const lost = (v: number) => (random.uniform() < missing ? NaN : v)
  const columns = [
    number(
      'x1',
      x1.map((v, i) => (i % 23 === 5 ? NaN : 10 + 5 * v)),
    ),
    number('x2', x2),
    number('x3', x3),
    category('colour', ['red', 'green', 'blue'], colour),
  ]
  const targets: string[] = []
  const add = (column: Column) => targets.push(columns[columns.push(column) - 1].name)
  if (kinds.includes('number')) {
    add(
      number(
        'Y1',
        x1.map((v, i) => lost(100 + 20 * (v - x2[i] + 0.5 * colour[i] + noise()))),
      ),
    )
    add(
      number(
        'Y2',
        x1.map((v, i) => lost(-3 + 0.1 * (v + x2[i] + 0.5 * x3[i] + noise()))),
      ),
    )
  }
  if (kinds.includes('two'))
    add(
      category(
        'sick',
        ['no', 'yes'],
        x1.map((v, i) => lost(Number(v + x2[i] + noise() > 0))),
      ),
    )
  if (kinds.includes('three'))
    add(
      category(
        'kind',
        ['a', 'b', 'c'],
        x1.map((v, i) => lost([v, x2[i], x3[i]].indexOf(Math.max(v, x2[i], x3[i])))),
      ),
    )
  return buildTaskSet(table(columns), Roles.parse({ targets }))
}

/** Eight sites of 40 rows; the slopes are alike, the levels differ. `kind` says what is measured. */
export function sites(kind: 'number' | 'two' | 'three' = 'number', count = 8, each = 40): TaskSet {
  const rows = count * each
  const { x1, x2, x3, noise } = inputs(rows, 'sites')
  const site = Array.from({ length: rows }, (_, i) => i % count)
  const level = site.map((s) => (s - 3.5) / 4)
  const score = x1.map((v, i) => v - x2[i] + level[i] + noise())
  const target =
    kind === 'number'
      ? number(
          'yield',
          score.map((v) => 50 + 10 * v),
        )
      : kind === 'two'
        ? category(
            'ripe',
            ['no', 'yes'],
            score.map((v) => Number(v > 0)),
          )
        : category(
            'grade',
            ['low', 'mid', 'high'],
            score.map((v) => (v < -0.7 ? 0 : v < 0.7 ? 1 : 2)),
          )
  const names = Array.from({ length: count }, (_, s) => `S${s}`)
  const columns = [number('x1', x1), number('x2', x2), number('x3', x3), category('site', names, site), target]
  return buildTaskSet(table(columns), Roles.parse({ targets: [target.name], task: 'site' }))
}

/** Every `every`-th row for testing, the others for training; all tasks. */
export function split(set: TaskSet, every = 4): { train: View; test: View } {
  const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
  const tasks = Int32Array.from(set.tasks, (_, k) => k)
  // Sites go round in eights: blocks of rows keep every site in both parts.
  const isTest = (row: number) => Math.floor(row / 8) % every === 0
  return {
    train: { set, tasks, rows: rows.filter((row) => !isTest(row)) },
    test: { set, tasks, rows: rows.filter(isTest) },
  }
}
