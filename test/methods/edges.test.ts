import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { checkData, checkEvaluation } from '../../core/data/checks/index.ts'
import { Roles } from '../../core/data/roles.ts'
import type { Table } from '../../core/data/table.ts'
import { UserError } from '../../core/errors.ts'
import { cannot, expand, summaryOf } from '../../core/expand.ts'
import { Evaluation, ExperimentSpec } from '../../core/experiment.ts'
import type { Method } from '../../core/method.ts'
import { methods } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { train } from '../../core/run.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { count, tableOf } from '../data/tables.ts'

/**
 * The edges of what a table may be. For every method that learns from tables, each case is either refused in words (a
 * `UserError`, said here by its code) or gives finite figures; what is odd about the data is then said by the checks.
 */
type Opened = Awaited<ReturnType<typeof openRuntime>>['runtime']
let runtime: Opened
beforeAll(async () => void (runtime = (await openRuntime('auto')).runtime))
afterAll(() => runtime.close())

const own = methods.filter(({ family }) => family !== 'metalearning')
const has = (m: Method, name: string) => Object.hasOwn(m.params.parse({}) as object, name)
/** As little work as a method can do. */
const brief = (m: Method) =>
  Object.fromEntries(Object.entries({ epochs: 2, hidden: [4], trees: 5, steps: 5 }).filter(([name]) => has(m, name)))

type Case = { table: Table; roles: Roles; evaluation?: object; metric: string }
type Outcome = { refused: string } | { figures: (number | null)[] }

/** The first fold of a method: its figures over all tasks and per task, or why it was refused. */
async function outcome(m: Method, { table, roles, evaluation = { folds: 3 }, metric }: Case): Promise<Outcome> {
  try {
    const set = buildTaskSet(table, roles)
    const spec = ExperimentSpec.parse({
      data: { hash: table.hash, roles },
      methods: [{ id: m.id, params: brief(m) }],
      twins: false,
      metrics: [metric],
      evaluation,
    })
    const figures: (number | null)[] = []
    for await (const { event } of train(expand(spec, set)[0], set, runtime)) {
      if (event.type === 'end' && event.error) throw new UserError(event.error)
      if (event.type === 'metric' && event.split === 'test') figures.push(event.value)
    }
    return { figures }
  } catch (error) {
    if (error instanceof UserError) return { refused: error.json.code }
    throw error
  }
}

const found = ({ table, roles, evaluation = { folds: 3 } }: Case) => {
  const set = buildTaskSet(table, roles)
  const all = [...checkData(set, roles).findings, ...checkEvaluation(set, roles, Evaluation.parse(evaluation))]
  return all.map(({ code }) => code)
}
const able = (c: Case) => {
  const summary = summaryOf(buildTaskSet(c.table, c.roles))
  return own.filter((m) => cannot(m, summary, Evaluation.parse(c.evaluation ?? {})) === null)
}
const random = rng('edges')
const noise = (n: number) => count(n).map(() => random.normal())
const sites = (sizes: number[]) => sizes.flatMap((n, site) => count(n).map(() => `s${site}`))

function everyMethod(name: string, c: Case, said: string[], nulls = false, some: readonly string[] | null = null) {
  describe(name, () => {
    test(`is said: ${said.join(', ') || 'nothing odd'}`, () => expect(found(c)).toEqual(said))
    test('the others are refused by what they can do', async () => {
      const rest = own.filter((m) => !able(c).includes(m))
      for (const m of rest) expect(await outcome(m, c), m.id).toEqual({ refused: 'method-cannot' })
    })
    for (const m of able(c).filter(({ id }) => !some || some.includes(id)))
      test(`${m.id}: finite figures`, async () => {
        const result = await outcome(m, c)
        if (!('figures' in result)) throw new Error(`refused: ${result.refused}`)
        expect(result.figures.length).toBeGreaterThan(0)
        const odd = result.figures.filter((v) => !(v !== null && Number.isFinite(v)) && !(nulls && v === null))
        expect(odd).toEqual([])
        expect(result.figures.some((v) => v !== null)).toBe(true)
      })
  })
}

everyMethod(
  'one task',
  {
    table: tableOf({ a: noise(60), b: noise(60), y: noise(60) }),
    roles: Roles.parse({ targets: ['y'] }),
    metric: 'rmse',
  },
  [],
)

const MAIN = [
  'mean',
  'ridge',
  'pooled-ridge-intercepts',
  'knn',
  'mean-regularised',
  'hierarchical-linear',
  'single-task-mlp',
  'hard-sharing',
  'mmoe',
]
const many = sites(count(500).map(() => 4))
everyMethod(
  '500 tasks of four rows',
  {
    table: tableOf({ a: noise(2000), b: noise(2000), site: many, y: noise(2000) }),
    roles: Roles.parse({ targets: ['y'], task: 'site' }),
    metric: 'rmse',
  },
  ['small-tasks'],
  false,
  // The others were seen to do it too; one of each way of learning keeps the suite short.
  MAIN,
)

const lone = sites([20, 20, 1, 1, 1, 20])
everyMethod(
  'tasks of one row',
  {
    table: tableOf({ a: noise(63), b: noise(63), site: lone, y: noise(63) }),
    roles: Roles.parse({ targets: ['y'], task: 'site' }),
    metric: 'rmse',
  },
  ['small-tasks'],
  true,
)

const three = sites([30, 30, 30])
everyMethod(
  'a task without positives',
  {
    table: tableOf({
      a: noise(90),
      b: noise(90),
      site: three,
      y: noise(90).map((v, i) => (three[i] === 's1' || v < 0 ? 'no' : 'yes')),
    }),
    roles: Roles.parse({ targets: ['y'], task: 'site' }),
    metric: 'accuracy',
  },
  ['one-class-tasks'],
)

const z = noise(60).map((v, i) => (i < 20 ? v : null))
const testFolds = [count(20), count(20).map((i) => 20 + i), count(20).map((i) => 40 + i)]
everyMethod(
  'a target that no training row of a fold has measured',
  {
    table: tableOf({ a: noise(60), b: noise(60), y: noise(60), z }),
    roles: Roles.parse({ targets: ['y', 'z'] }),
    evaluation: { testFolds },
    metric: 'rmse',
  },
  ['fold-without-train', 'fold-without-test'],
  true,
)

test('all targets missing in every training row of a fold: refused by every method', async () => {
  const c: Case = {
    table: tableOf({ a: noise(60), b: noise(60), y: z }),
    roles: Roles.parse({ targets: ['y'] }),
    evaluation: { testFolds },
    metric: 'rmse',
  }
  expect(found(c)).toEqual(['fold-without-train', 'fold-without-test'])
  for (const m of able(c)) expect(await outcome(m, c), m.id).toEqual({ refused: 'no-measured-cell' })
})

test('contradictory roles: refused before any method is asked', () => {
  const table = tableOf({ a: noise(20), b: noise(20), site: sites([10, 10]), y: noise(20) })
  const refused = (roles: object, evaluation: object = {}) => {
    try {
      const given = Roles.parse(roles)
      const spec = { data: { hash: 'h', roles: given }, methods: [{ id: 'mean' }], evaluation }
      expand(ExperimentSpec.parse(spec), buildTaskSet(table, given))
    } catch (error) {
      if (error instanceof UserError) return error.json.code
      throw error
    }
    return 'taken'
  }
  expect(refused({ targets: ['y'], task: 'y' })).toBe('roles.contradiction')
  expect(refused({ targets: ['y'], task: 'site', group: 'site' })).toBe('roles.contradiction')
  expect(refused({ targets: ['y'], features: ['a'], ignore: ['a'] })).toBe('roles.contradiction')
  expect(refused({ targets: ['y'], ignore: ['a', 'b', 'site'] })).toBe('roles.no-feature')
  expect(refused({ targets: ['y'], task: 'a' })).toBe('taken')
  expect(refused({ targets: ['y'] }, { protocol: 'new-task' })).toBe('evaluation.no-task-column')
  expect(refused({ targets: ['y'] }, { protocol: 'leave-one-group-out' })).toBe('evaluation.no-group')
  expect(refused({ targets: ['y'], group: 'site' }, { folds: 5 })).toBe('evaluation.folds')
})
