import { expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { headPoints, nearestByTransfer, nearestOf, nearestTasks } from '../../core/metafeatures/neighbours.ts'
import { rng } from '../../core/rng.ts'
import { tableOf } from '../data/tables.ts'

test('distances are those of standardised coordinates, and what does not vary or is missing counts nothing', () => {
  const points = [
    { task: 'a', at: [0, 7, 1] },
    { task: 'b', at: [1, 7, NaN] },
    { task: 'c', at: [3, 7, 3] },
  ]
  const { tasks } = nearestOf('features', points)
  // Means 4/3 and 2 (the median fills b), population sd sqrt(14)/3 and sqrt(2/3); two coordinates vary.
  const sd = [Math.sqrt(14) / 3, Math.sqrt(2 / 3)]
  expect(tasks[0].nearest.map(({ task }) => task)).toEqual(['b', 'c'])
  expect(tasks[0].nearest[0].distance).toBeCloseTo(Math.sqrt(((1 / sd[0]) ** 2 + (1 / sd[1]) ** 2) / 2), 9)
  expect(tasks[2].nearest[1].distance).toBeCloseTo(Math.sqrt(((3 / sd[0]) ** 2 + (2 / sd[1]) ** 2) / 2), 9)
  expect(nearestOf('lines', points.slice(0, 1)).tasks).toEqual([])
})

test('tasks of the same line are nearest by their lines, and targets are tasks where no column names them', () => {
  const random = rng('neighbours')
  const columns: Record<string, (number | string)[]> = { site: [], a: [], b: [], y: [] }
  for (let s = 0; s < 6; s++)
    for (let r = 0; r < 40; r++) {
      const [a, b] = [random.normal(), random.normal()]
      columns.site.push(`s${s}`)
      columns.a.push(a)
      columns.b.push(b)
      columns.y.push((s < 3 ? 2 * a - b : b - 2 * a) + 0.1 * random.normal())
    }
  const set = buildTaskSet(tableOf(columns), Roles.parse({ targets: ['y'], task: 'site' }))
  const [features, lines] = nearestTasks(set)
  expect(features.tasks).toHaveLength(6)
  const two = lines.tasks[0].nearest.slice(0, 2)
  expect(two.map(({ task }) => task).sort()).toEqual(['site=s1', 'site=s2'])
  expect(two[1].distance).toBeLessThan(0.3 * lines.tasks[0].nearest[2].distance)
  const many = buildTaskSet(tableOf(columns), Roles.parse({ targets: ['y', 'b'], ignore: ['site'] }))
  expect(nearestTasks(many).map(({ tasks }) => tasks.map(({ task }) => task))).toEqual([
    ['y', 'b'],
    ['y', 'b'],
  ])
})

test('heads on the same layer are compared by their weights; other networks have nothing to compare', () => {
  const head = (task: string) => ({
    id: `h ${task}`,
    kind: 'head' as const,
    units: 1,
    names: null,
    activation: 'none',
    task,
  })
  const edge = (task: string, weights: number[], from = 'trunk') => ({
    from,
    to: `h ${task}`,
    weights: Float32Array.from(weights),
    bias: Float32Array.of(0),
  })
  const shared = (id: 'trunk' | 'tower') => ({ ...head('a'), id, kind: id, task: null })
  const layers = [shared('trunk'), shared('tower'), head('a'), head('b'), head('c')]
  const edges = [edge('a', [1, 2]), edge('b', [1, 3]), edge('c', [1, 2], 'tower')]
  expect(headPoints({ layers, edges })).toEqual([
    { task: 'a', at: [1, 2, 0] },
    { task: 'b', at: [1, 3, 0] },
  ])
  expect(headPoints({ layers: layers.slice(4), edges })).toEqual([])
})

test('by measured transfer: what two tasks give each other, both ways; pairs before all-but-one', () => {
  const tasks = ['a', 'b', 'c'].map((id) => ({ id, kind: 'regression' as const, rows: 10 }))
  const of = (design: 'pairs' | 'leave-one-out', pooled: (number | null)[]) => {
    const none = pooled.map(() => null)
    return { design, effect: none, low: none, high: none, pooled, settled: 0, chance: 0 }
  }
  // a and b give each other .3 and .1, a and c nothing, b and c -.2: mutual .2, 0, -.2, and so .0, .2, .4 below the most.
  const pairs = of('pairs', [null, 0.3, 0.1, 0.1, null, -0.2, -0.1, -0.2, null])
  const flat = of('leave-one-out', new Array<number>(9).fill(0.1))
  const found = nearestByTransfer({ tasks, measured: [flat, pairs] })
  const usual = (0 + 0.2 + 0.4) / 3
  const near = (distance: number) => expect.closeTo(distance, 9) as number
  expect(found.map(({ nearest }) => nearest.map(({ task, distance }) => [task, distance]))).toEqual([
    [['b', near(0)], ['c', near((Math.SQRT2 * 0.2) / usual)]],
    [['a', near(0)], ['c', near((Math.SQRT2 * 0.4) / usual)]],
    [['a', near((Math.SQRT2 * 0.2) / usual)], ['b', near((Math.SQRT2 * 0.4) / usual)]],
  ]) // prettier-ignore
  // Nothing that tells pairs apart, or nothing measured: no order.
  expect(nearestByTransfer({ tasks, measured: [flat] })).toEqual([])
  expect(nearestByTransfer({ tasks, measured: [] })).toEqual([])
  const holed = nearestByTransfer({ tasks, measured: [of('pairs', [null, 0.3, null, 0.1, null, 0, 0, -0.2, null])] })
  expect(holed[0].nearest.map(({ task }) => task)).toEqual(['b'])
})
