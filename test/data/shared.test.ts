import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { fitEncoder } from '../../core/data/encoding.ts'
import { checkEvaluation } from '../../core/data/checks/index.ts'
import { Roles } from '../../core/data/roles.ts'
import { makeFolds } from '../../core/data/splits.ts'
import { Evaluation } from '../../core/experiment.ts'
import { propose } from '../../core/propose.ts'
import { openFiles, type ImportResult } from '../../electron/lab/importers/open.ts'

// Public benchmark tables beside the repository; their terms forbid a copy inside it.
const shared = fileURLToPath(new URL('../../../shared/', import.meta.url))
const present = existsSync(`${shared}data`)
if (!present) console.warn('skipped: ../shared/data is absent, the benchmark tables are not read')

const open = (path: string) => openFiles([{ path: `${shared}data/${path}`, name: path }])

/** Rows, columns, category columns; a proposal for it can be run. */
const tables: [string, number, number, number][] = [
  ['mulan-mtr/andro.arff', 49, 36, 0],
  ['mulan-mtr/atp1d.arff', 337, 417, 0],
  ['mulan-mtr/atp7d.arff', 296, 417, 0],
  ['mulan-mtr/edm.arff', 154, 18, 0],
  ['mulan-mtr/enb.arff', 768, 10, 0],
  ['mulan-mtr/oes97.arff', 334, 279, 0],
  ['mulan-mtr/sf1.arff', 323, 13, 10],
  ['mulan-mtr/slump.arff', 103, 10, 0],
  ['mulan-mtr/wq.arff', 1060, 30, 0],
  ['parkinsons/parkinsons_updrs.data', 5875, 22, 0],
  ['school/school.csv', 15_362, 30, 0],
  ['sleepstudy/sleepstudy.csv', 180, 4, 0],
  ['linnerud/linnerud.csv', 20, 6, 0],
  ['landmine/landmine.csv', 14_820, 11, 0],
  ['sarcos/sarcos_inv_test.csv', 4449, 28, 0],
]

describe.skipIf(!present)('the benchmark tables', () => {
  const read = new Map<string, ImportResult>()
  for (const [path, rows, columns, categories] of tables)
    test(`${path}: ${rows} x ${columns}`, async () => {
      const result = await open(path)
      read.set(path, result)
      const { table, summary, warnings } = result
      expect([table.rows, table.columns.length]).toEqual([rows, columns])
      expect(table.columns.filter((column) => column.kind === 'category').length).toBe(categories)
      expect(summary.columns.every((column) => column.missing === 0)).toBe(true)
      expect(warnings).toEqual([])
      const proposal = propose(summary)
      expect(proposal.runnable).toBe(true)
      const set = buildTaskSet(table, proposal.roles)
      expect(makeFolds(set, proposal.evaluation).length).toBeGreaterThan(0)
    })

  const get = async (path: string) => read.get(path) ?? (await open(path))

  test('school: 139 tasks, mean 20.597 and variance 161.84 of the scores; one feature is constant', async () => {
    const { table, summary } = await get('school/school.csv')
    const score = summary.columns.find((column) => column.name === 'score')
    expect(score?.numbers?.mean).toBeCloseTo(20.597, 3)
    expect((score?.numbers?.sd as number) ** 2).toBeCloseTo(161.84, 1)
    expect(summary.columns.find((column) => column.name === 'x28')?.distinct).toBe(1)
    const { roles } = propose(summary)
    expect([roles.targets, roles.task]).toEqual([['score'], 'school'])
    const set = buildTaskSet(table, roles)
    expect([set.tasks.length, set.tasks[0].id, set.tasks[138].id]).toEqual([139, 'school=1', 'school=139'])
  })

  test('parkinsons: 42 subjects, kept whole as groups and warned of when split at random', async () => {
    const { table } = await get('parkinsons/parkinsons_updrs.data')
    const targets = ['motor_UPDRS', 'total_UPDRS']
    const grouped = buildTaskSet(table, Roles.parse({ targets, group: 'subject#' }))
    const folds = makeFolds(grouped, Evaluation.parse({ protocol: 'leave-one-group-out' }))
    expect(folds.length).toBe(42)
    expect(grouped.features.length).toBe(19)
    const evaluation = Evaluation.parse({ protocol: 'k-fold' })
    const roles = Roles.parse({ targets })
    const [found] = checkEvaluation(buildTaskSet(table, roles), roles, evaluation)
    expect([found.code, found.params]).toEqual([
      'subjects-split',
      { column: 'subject#', subjects: 42, rows: 140, both: 42 },
    ])
    expect(found.remedies).toEqual([{ kind: 'group', column: 'subject#' }])
    expect(checkEvaluation(grouped, Roles.parse({ targets, group: 'subject#' }), evaluation)).toEqual([])
  })

  test('landmine: 29 tasks of classes, 904 mines', async () => {
    const { table, summary } = await get('landmine/landmine.csv')
    const { roles } = propose(summary)
    const set = buildTaskSet(table, roles)
    expect(set.tasks.length).toBe(29)
    expect(set.tasks[0]).toMatchObject({ id: 'task=1', kind: 'binary', classes: ['0', '1'] })
    const mine = set.table.columns[set.targets[0]]
    expect(mine.values.filter((value: number) => value === 1).length).toBe(904)
  })

  test('the reference folds are taken as given; inputs are scaled by their training rows', async () => {
    const { sets } = JSON.parse(readFileSync(`${shared}reference/folds.json`, 'utf8')) as {
      sets: Record<string, { testFolds: number[][] }>
    }
    const { table } = await get('mulan-mtr/slump.arff')
    const targets = table.columns.slice(-3).map((column) => column.name)
    const set = buildTaskSet(table, Roles.parse({ targets }))
    const folds = makeFolds(set, Evaluation.parse({ testFolds: sets.slump.testFolds }))
    expect(folds.length).toBe(10)
    for (const { train, test } of folds) {
      expect(train.length + test.length).toBe(103)
      const encoder = fitEncoder({ set, rows: train, tasks: Int32Array.from(set.tasks.keys()) })
      const x = encoder.encode(set, train)
      for (let f = 0; f < 7; f++) {
        let [sum, squares] = [0, 0]
        for (let i = 0; i < train.length; i++) {
          sum += x[i * 7 + f]
          squares += x[i * 7 + f] ** 2
        }
        expect(sum / train.length).toBeCloseTo(0, 10)
        expect(squares / train.length).toBeCloseTo(1, 10)
      }
    }
  })
})
