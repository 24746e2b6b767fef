import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mended } from '../../core/data/checks/remedy.ts'
import { Roles } from '../../core/data/roles.ts'
import { rng } from '../../core/rng.ts'
import { count } from '../data/tables.ts'
import { openLab, refused, run, type TestLab } from './labs.ts'

/** The checks over the contract: found on a thread of the pool, said by the plan and beside the figures, and mended. */
let folder: string
let lab: TestLab
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'engram-checks-'))
  lab = await openLab({ workspacePath: join(folder, 'w.engram') })
})
afterAll(async () => {
  await lab.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what is found is said before training and beside the figures, and a remedy ends it', async () => {
  const random = rng('checks')
  const once = count(60).map((i) => [random.normal(), random.normal(), random.normal(), `s${i % 12}`])
  const rows = [...once, ...once.slice(0, 6)].map((cells) => cells.join(','))
  const file = join(folder, 'twice.csv')
  writeFileSync(file, ['a,b,y,patient', ...rows].join('\n'))
  const { hash } = await lab.call('data.open', { files: [{ path: file }] })
  const roles = Roles.parse({ targets: ['y'], ignore: ['patient'] })
  const { findings, looked } = await lab.call('data.check', { hash, roles })
  expect([findings.map(({ code }) => code), looked]).toEqual([['subjects-split', 'duplicate-rows'], 66])

  const spec = (own: Roles) => ({ data: { hash, roles: own }, methods: [{ id: 'ridge' }], evaluation: { folds: 3 } })
  const planned = async (own: Roles) => {
    const { warnings } = await lab.call('experiment.plan', { spec: spec(own) as never })
    return warnings.map(({ code }) => code)
  }
  expect(await planned(roles)).toEqual(['subjects-split', 'duplicate-rows'])
  const dropped = mended(roles, { kind: 'duplicates', how: 'drop' }) as Roles
  expect(await planned(dropped)).toEqual(['subjects-split'])
  expect(await planned(mended(dropped, findings[0].remedies[0]) as Roles)).toEqual([])

  const [twice, each] = [await run(lab, spec(roles)), await run(lab, spec(dropped))]
  const said = await lab.call('experiment.compare', { ids: [twice.id] })
  expect(said.warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['duplicate-rows', 'subjects-split']))
  expect([said.tasks[0].rows, said.interval.n]).toEqual([66, 66])
  const fewer = await lab.call('experiment.compare', { ids: [each.id] })
  expect([fewer.tasks[0].rows, fewer.interval.n]).toEqual([60, 60])
  const both = await lab.call('experiment.compare', { ids: [twice.id, each.id] })
  expect(both.differs?.field).toBe('data.roles.duplicates')
})

test('roles that contradict the table are refused in words', async () => {
  const { hash } = await lab.call('data.openSample', { id: 'barley' })
  const roles = Roles.parse({ targets: ['yield', 'site'], task: 'site' })
  expect(await refused(lab.call('data.check', { hash, roles }))).toMatchObject({ code: 'roles.contradiction' })
})
