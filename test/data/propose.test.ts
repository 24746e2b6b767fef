import { expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { makeFolds } from '../../core/data/splits.ts'
import { summarise } from '../../core/data/summary.ts'
import { propose, proposeMethods } from '../../core/propose.ts'
import { rng } from '../../core/rng.ts'
import { count, tableOf } from './tables.ts'

const n = count(60)
const noise = (key: string) => {
  const random = rng(key)
  return n.map(() => random.normal())
}
type Cells = Record<string, (number | string | null)[]>
const proposed = (columns: Cells) => propose(summarise(tableOf(columns)))

test('numbered names at the end are targets together', () => {
  const { roles, targets } = proposed({
    x1: noise('a'),
    x2: noise('b'),
    Y1: noise('c'),
    Y2: noise('d'),
    Y3: noise('e'),
  })
  expect(roles.targets).toEqual(['Y1', 'Y2', 'Y3'])
  expect(targets[0].column).toBe('Y3')
  expect(targets.length).toBe(3)
  expect(targets[0].reasons.map((r) => r.code)).toEqual(['target-name', 'last', 'measured'])
})

test('features called x1, x2 at the end are not dragged in by a target elsewhere', () => {
  expect(proposed({ yield: noise('a'), x1: noise('b'), x2: noise('c') }).roles.targets).toEqual(['yield'])
})

test('a site is a task, a subject is a group, a key is ignored, 0/1 is a class', () => {
  const { roles, tasks, groups } = proposed({
    id: n.map((i) => i + 1),
    site: n.map((i) => ['A', 'B', 'C'][i % 3]),
    patient: n.map((i) => Math.floor(i / 6) + 100),
    dose: noise('d'),
    healed: n.map((i) => (i * 7) % 2),
  })
  expect(roles).toEqual({
    targets: ['healed'],
    task: 'site',
    group: 'patient',
    split: null,
    weight: null,
    ignore: ['id'],
    kinds: { healed: 'category' },
  })
  expect(tasks[0]).toMatchObject({ column: 'site', examples: ['A', 'B', 'C'] })
  expect(groups[0].reasons[0].params).toEqual({ groups: 10, rows: 6 })
})

test('Chinese names are understood', () => {
  const { roles } = proposed({
    地区: n.map((i) => ['东', '西'][i % 2]),
    雨量: noise('a'),
    产量: noise('b'),
    备注: noise('c'),
  })
  expect([roles.targets, roles.task]).toEqual([['产量'], '地区'])
})

test('whatever is proposed can be run, or says that it cannot', () => {
  const random = rng('tables')
  let runnable = 0
  for (let t = 0; t < 300; t++) {
    const rows = 1 + random.int(40)
    const columns: Cells = {}
    for (let c = 0; c < 1 + random.int(6); c++) {
      const kind = random.int(6)
      const name = ['site', 'id', 'subject', 'y', 'x1', 'x2', 'score', 'class', 'a'][random.int(9)]
      columns[name] = count(rows).map((i) => {
        if (random.uniform() < 0.1) return null
        if (kind === 0) return random.normal()
        if (kind === 1) return random.int(3)
        if (kind === 2) return i
        if (kind === 3) return ['u', 'v', 'w'][random.int(3)]
        return kind === 4 ? 'same' : `w${i}`
      })
    }
    const table = tableOf(columns)
    const proposal = propose(summarise(table))
    if (!proposal.runnable) continue
    runnable++
    const set = buildTaskSet(table, proposal.roles)
    expect(makeFolds(set, proposal.evaluation).length).toBeGreaterThan(0)
    expect(proposal.metrics.length).toBeGreaterThan(0)
  }
  expect(runnable).toBeGreaterThan(150)
})

test('folds follow size and groups; roles that are given stay', () => {
  const of = (rows: number) =>
    propose(summarise(tableOf({ x: count(rows).map((i) => i * 1.5), y: count(rows).map(Math.sqrt) })))
  expect(of(3).evaluation).toMatchObject({ protocol: 'k-fold', folds: 3, repeats: 2 })
  expect(of(500).evaluation).toMatchObject({ protocol: 'k-fold', folds: 5, repeats: 1 })
  expect(of(30_000).evaluation).toMatchObject({ protocol: 'holdout' })
  const table = tableOf({ crew: n.map((i) => i % 3), x: noise('x'), y: noise('y') })
  const given = propose(summarise(table), Roles.parse({ targets: ['x'], group: 'crew' }))
  expect(given.roles.targets).toEqual(['x'])
  expect(given.evaluation.folds).toBe(3)
})

test('methods: those that share where there are several tasks, only ones that fit', () => {
  const summary = {
    rows: 100,
    features: 3,
    targets: 2,
    tasks: 2,
    kinds: ['regression' as const],
    taskColumn: false,
    missingTargets: false,
    generator: false,
  }
  const ids = (fitting: string[], part = {}, protocol: 'k-fold' | 'few-shot' = 'k-fold') =>
    proposeMethods({ ...summary, ...part }, fitting, { protocol }).map((m) => m.id)
  const all = ['mean', 'ridge', 'knn', 'single-task-mlp', 'hard-sharing', 'maml']
  expect(ids(all)).toEqual(['ridge', 'single-task-mlp', 'hard-sharing'])
  expect(ids(all, { tasks: 1, targets: 1 })).toEqual(['ridge', 'knn', 'single-task-mlp'])
  expect(ids(all, { generator: true }, 'few-shot')).toEqual(['maml'])
  expect(ids(all, { generator: true })).toEqual(['ridge', 'single-task-mlp', 'hard-sharing'])
  expect(ids(['mean'])).toEqual(['mean'])
  const lines = ['mean-regularised', 'hierarchical-linear']
  expect(ids([...all, ...lines])).toEqual(['ridge', 'single-task-mlp', 'hard-sharing'])
  expect(ids([...all, ...lines], { taskColumn: true, targets: 1 })).toEqual([
    'ridge',
    'single-task-mlp',
    'hard-sharing',
    ...lines,
  ])
})
