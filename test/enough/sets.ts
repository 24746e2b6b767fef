import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { rng } from '../../core/rng.ts'
import { openFiles } from '../../electron/lab/importers/open.ts'
import { tableOf } from '../data/tables.ts'
import { heldOut, tried, type Family } from './families.ts'

/** A set of tasks with what is asked of it. Test tasks of made-up sets are many, so that the truth is known well. */
export type Asked = {
  name: string
  heldOut: boolean
  shots: number
  testFraction: number
  repeats: number
  load(): Promise<TaskSet>
}

type ReadTable = Awaited<ReturnType<typeof openFiles>>['table']

const TESTED = 20
const TASKS = [5, 8, 12, 20, 40, 80]
const ROWS = [12, 16, 25, 50]
const SHOTS = [2, 3, 5, 10]
const NOISE = [0.05, 0.2, 0.5]

function made(name: string, family: Family, n: number, isHeldOut: boolean): Asked {
  const random = rng(`enough/${name}/${n}`)
  const pick = (from: number[]) => from[random.int(from.length)]
  const [tasks, rows, shots, noise] = [pick(TASKS), pick(ROWS), pick(SHOTS), pick(NOISE)]
  return {
    name: `${name}: ${tasks} tasks of ${rows} rows, noise ${noise}`,
    heldOut: isHeldOut,
    shots,
    testFraction: TESTED / (tasks + TESTED),
    repeats: 1,
    load: async () => {
      const draw = family.draw(random.split('family'))
      const columns: Record<string, (number | string)[]> = { task: [] }
      for (let j = 0; j < family.inputs; j++) columns[`x${j}`] = []
      columns.y = []
      for (let t = 0; t < tasks + TESTED; t++) {
        const own = random.split(`task ${t}`)
        const f = draw(own)
        for (let r = 0; r < rows; r++) {
          // On [-2, 2], where the curves of these families happen.
          const x = Array.from({ length: family.inputs }, () =>
            family.inputs === 1 ? 4 * own.uniform() - 2 : own.normal(),
          )
          columns.task.push(`t${t}`)
          x.forEach((v, j) => columns[`x${j}`].push(v))
          columns.y.push(f(x) + noise * own.normal())
        }
      }
      return buildTaskSet(tableOf(columns), Roles.parse({ targets: ['y'], task: 'task' }))
    },
  }
}

type Real = { name: string; file: string; roles: object; shots: number; heldOut: boolean; stacked?: number }
const REAL: Real[] = [
  { name: 'School', file: 'school/school.csv', roles: { targets: ['score'], task: 'school' }, shots: 5, heldOut: true },
  {
    name: 'School',
    file: 'school/school.csv',
    roles: { targets: ['score'], task: 'school' },
    shots: 20,
    heldOut: true,
  },
  {
    name: "Parkinson's",
    file: 'parkinsons/parkinsons_updrs.data',
    roles: { targets: ['total_UPDRS'], task: 'subject#', ignore: ['motor_UPDRS'] },
    shots: 10,
    heldOut: true,
  },
  {
    name: 'Landmine',
    file: 'landmine/landmine.csv',
    roles: { targets: ['mine'], task: 'task', kinds: { mine: 'category' } },
    shots: 20,
    heldOut: true,
  },
  { name: 'SARCOS', file: 'sarcos/sarcos_inv_test.csv', roles: {}, stacked: 7, shots: 10, heldOut: true },
  {
    name: 'Sleep study',
    file: 'sleepstudy/sleepstudy.csv',
    roles: { targets: ['Reaction'], task: 'Subject', ignore: ['rownames'] },
    shots: 3,
    heldOut: true,
  },
  { name: 'Water quality', file: 'mulan-mtr/wq.arff', roles: {}, stacked: 14, shots: 20, heldOut: false },
]

function real({ name, file, roles, shots, heldOut, stacked }: Real, shared: string): Asked {
  const { task } = roles as { task?: string }
  return {
    name: `${name}, ${shots} shots`,
    heldOut,
    shots,
    testFraction: 0.25,
    repeats: stacked ? 2 : name === 'Sleep study' ? 3 : 1,
    load: async () => {
      const path = join(shared, 'data', file)
      const { table } = await openFiles([{ path, name: file }], {}, () => {})
      return stacked ? stack(table, stacked) : buildTaskSet(thinned(table, task as string), Roles.parse(roles))
    },
  }
}

/** At most 30 rows of each task, drawn by chance. */
function thinned(table: ReadTable, task: string): ReadTable {
  const column = table.columns.find(({ name }) => name === task) as ReadTable['columns'][number]
  const taken = new Map<number, number>()
  const rows = Array.from(rng(`thin/${table.hash}`).permutation(table.rows)).filter((row) => {
    const n = (taken.get(column.values[row]) ?? 0) + 1
    taken.set(column.values[row], n)
    return n <= 30
  })
  rows.sort((a, b) => a - b)
  const cells = (own: ReadTable['columns'][number]) =>
    rows.map((row) => (!own.valid[row] ? null : own.levels ? own.levels[own.values[row]] : own.values[row]))
  return tableOf(Object.fromEntries(table.columns.map((own) => [own.name, cells(own)])))
}

/** The last columns as tasks of their own: each with other rows, standardised, at most 60 of them. */
function stack(table: ReadTable, targets: number): TaskSet {
  const inputs = table.columns.slice(0, -targets)
  const order = rng(`stack/${table.hash}`).permutation(table.rows)
  const columns: Record<string, (number | string | null)[]> = { task: [] }
  for (const { name } of inputs) columns[name] = []
  columns.y = []
  table.columns.slice(-targets).forEach(({ name, values, valid }, t) => {
    const own = Array.from(order)
      .filter((row, i) => i % targets === t && valid[row])
      .slice(0, 60)
    const mean = own.reduce((sum, row) => sum + values[row], 0) / own.length
    const sd = Math.sqrt(own.reduce((sum, row) => sum + (values[row] - mean) ** 2, 0) / own.length) || 1
    for (const row of own) {
      columns.task.push(name)
      for (const input of inputs)
        columns[input.name].push(
          !input.valid[row] ? null : input.levels ? input.levels[input.values[row]] : input.values[row],
        )
      columns.y.push((values[row] - mean) / sd)
    }
  })
  return buildTaskSet(tableOf(columns), Roles.parse({ targets: ['y'], task: 'task' }))
}

/** Held-out ones and those that were tried in turn, so that a part of the list is a fair sample. */
export function allSets(shared: string): Asked[] {
  const from = (families: Record<string, Family>, each: number, isHeldOut: boolean) =>
    Array.from({ length: each }, (_, n) =>
      Object.entries(families).map(([name, family]) => made(name, family, n, isHeldOut)),
    ).flat()
  const reals = existsSync(join(shared, 'data')) ? REAL.map((own) => real(own, shared)) : []
  const all = [...from(tried, 2, false), ...from(heldOut, 2, true).slice(0, 20), ...reals]
  const [a, b] = [all.filter((own) => own.heldOut), all.filter((own) => !own.heldOut)]
  // Real ones first: they say most.
  a.reverse()
  b.reverse()
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]].filter(Boolean)).flat()
}
