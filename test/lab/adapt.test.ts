import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readModel } from '../../core/saved.ts'
import { openFiles } from '../../electron/lab/importers/open.ts'
import { newRows } from '../../electron/lab/newRows.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { shareTable } from '../../electron/lab/shared.ts'
import { blobOf, openLab, refused, run } from './labs.ts'
import type { TestLab } from './labs.ts'

/** A meta-learner that was trained on eight sites meets two new ones with a few labelled rows each. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engram-adapt-'))
const wave = (i: number, k: number) => Math.sin(i * 12.9898 + k * 78.233)
let lab: TestLab
let of: (method: string) => string

/** y = 2 a - b + level of the site. */
function write(name: string, sites: string[], each: number, from = 0, labels = true): { path: string } {
  const lines = sites.flatMap((site, s) =>
    Array.from({ length: each }, (_, i) => {
      const [a, b] = [wave(from + i * 7 + s, 1), wave(from + i * 7 + s, 2)]
      const y = 2 * a - b + 3 * Number(site.slice(1))
      return [a.toFixed(4), b.toFixed(4), site, ...(labels ? [y.toFixed(4)] : [])].join(',')
    }),
  )
  const file = path.join(folder, name)
  fs.writeFileSync(file, [`a,b,site${labels ? ',y' : ''}`, ...lines].join('\n'))
  return { path: file }
}

beforeAll(async () => {
  lab = await openLab({ workspacePath: path.join(folder, 'w.engram'), workers: 1 })
  const sites = Array.from({ length: 8 }, (_, s) => `S${s % 4}${s < 4 ? '' : '.5'}`)
  const { hash } = await lab.call('data.open', { files: [write('train.csv', sites, 20)] })
  const done = await run(lab, {
    name: 'sites',
    data: { hash, roles: { targets: ['y'], task: 'site' } },
    methods: [
      { id: 'maml', params: { iterations: 200 } },
      { id: 'alpaca', params: { iterations: 40 } },
      { id: 'ridge' },
      { id: 'single-task-mlp', params: { epochs: 5 } },
    ],
    evaluation: { protocol: 'k-fold', folds: 2 },
    twins: false,
  })
  expect(done.status).toBe('done')
  of = (method) => done.runs.find((r) => r.methodKey === method && r.fold === 'all')!.id
})
afterAll(async () => {
  await lab.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

test('a new site is learned step by step, and its other rows are predicted by the adapted model', async () => {
  const support = write('support.csv', ['S1.2'], 8, 500)
  const answer = await lab.call('run.adapt', { run: of('maml'), files: [support] })
  expect(answer.tasks).toEqual([{ id: 'S1.2', rows: 8, isNew: true }])
  expect(answer.trace.map(({ steps }) => steps)).toEqual([0, 1, 5, 10])
  expect(answer.truth).toHaveLength(8)
  const errors = answer.trace.map(({ errors: [own] }) => own.error!)
  expect(errors.every(Number.isFinite)).toBe(true)
  // More steps fit the support rows better; what was said is what the error is of.
  expect(errors[3]).toBeLessThan(errors[0])
  for (const {
    said,
    errors: [own],
  } of answer.trace) {
    const squares = said.map((value, i) => ((value as number) - (answer.truth[i] as number)) ** 2)
    expect(Math.sqrt(squares.reduce((a, b) => a + b) / 8)).toBeCloseTo(own.error!, 10)
  }

  const rest = write('rest.csv', ['S1.2'], 30, 900, false)
  const before = await lab.call('run.predict', { run: of('maml'), files: [rest] })
  expect(before.preview.every((row) => row.at(-1) === null)).toBe(true)
  const after = await lab.call('run.predict', { run: of('maml'), files: [rest], model: answer.model })
  expect(after.warnings).toEqual([])
  const csv = (await blobOf(lab, after.csv)).toString('utf8').trim().split('\r\n')
  expect(csv[0]).toBe('row,site,y')
  expect(csv.slice(1).every((line) => Number.isFinite(Number(line.split(',')[2])))).toBe(true)
  // The run's own model is as it was.
  expect((await lab.call('run.predict', { run: of('maml'), files: [rest] })).csv).toBe(before.csv)
})

test('a task on which the inner loop runs away is told, with what was done about it', async () => {
  const file = path.join(folder, 'far.csv')
  const rows = Array.from({ length: 4 }, (_, i) => `${60 * wave(i, 1)},${60 * wave(i, 2)},S7,${i}`)
  fs.writeFileSync(file, ['a,b,site,y', ...rows].join('\n'))
  const { warnings, trace } = await lab.call('run.adapt', { run: of('maml'), files: [{ path: file }] })
  expect(warnings).toMatchObject([{ params: { task: 'S7' }, text: expect.stringContaining('ran away') }])
  expect(warnings[0].code).toMatch(/^adapt\.(slowed|kept)$/)
  const errors = trace.map(({ errors: [own] }) => own.error!)
  expect(errors.every((error) => error <= errors[0] * (1 + 1e-6))).toBe(true)
})

test('labelled and unlabelled rows of one file: the rest is predicted, and the adapted model is written as ONNX', async () => {
  const labelled = fs.readFileSync(write('some.csv', ['S2.2'], 13, 700).path, 'utf8').split('\n')
  const mixed = path.join(folder, 'mixed.csv')
  fs.writeFileSync(mixed, labelled.map((line, i) => (i > 8 ? line.replace(/[^,]*$/, '') : line)).join('\n'))
  const answer = await lab.call('run.adapt', { run: of('maml'), files: [{ path: mixed }] })
  expect([answer.tasks[0].rows, answer.unlabelled]).toEqual([8, 5])
  const { csv } = await lab.call('run.predict', { run: of('maml'), files: [{ path: mixed }], model: answer.model })
  const said = (await blobOf(lab, csv)).toString('utf8').trim().split('\r\n').slice(1)
  expect(said.map((line) => Number.isFinite(Number(line.split(',').at(-1))))).toEqual(new Array(13).fill(true))
  const written = await lab.call('run.export', { run: of('maml'), format: 'onnx', model: answer.model })
  const onnx = (await blobOf(lab, written.blob)).toString('latin1')
  expect(written.name).toMatch(/\.onnx$/)
  expect([onnx.includes('"S2.2"'), onnx.includes('"site=S1"')]).toEqual([true, false])
})

test('a closed form adapts too, without steps to show', async () => {
  const answer = await lab.call('run.adapt', { run: of('ridge'), files: [write('s.csv', ['S9', 'S8'], 12, 40)] })
  expect(answer.tasks.map(({ id, rows }) => [id, rows])).toEqual([
    ['S9', 12],
    ['S8', 12],
  ])
  expect(answer.trace).toEqual([])
  const rest = write('r.csv', ['S9'], 5, 300)
  const { preview } = await lab.call('run.predict', { run: of('ridge'), files: [rest], model: answer.model })
  const truth = fs.readFileSync(rest.path, 'utf8').split('\n').slice(1)
  preview.forEach((row, i) => expect(Math.abs((row.at(-1) as number) - Number(truth[i].split(',')[3]))).toBeLessThan(1))
})

test('says what is wrong: no labels, no labelled row, a method that cannot', async () => {
  const unlabelled = write('u.csv', ['S9'], 5, 0, false)
  expect(await refused(lab.call('run.adapt', { run: of('maml'), files: [unlabelled] }))).toMatchObject({
    code: 'predict.missing-columns',
    got: 'no column "y"',
  })
  const empty = path.join(folder, 'e.csv')
  fs.writeFileSync(empty, 'a,b,site,y\n0.1,0.2,S9,\n0.3,0.1,S9,\n')
  for (const method of ['maml', 'ridge'])
    expect(await refused(lab.call('run.adapt', { run: of(method), files: [{ path: empty }] }))).toMatchObject({
      code: 'adapt.no-label',
      who: 'e.csv',
      rule: 'must have at least one row with its "site" in which "y" is known.',
    })
  const odd = path.join(folder, 'o.csv')
  fs.writeFileSync(odd, 'a,b,site,y\n0.1,0.2,S9,1.5\n0.3,0.1,S9,unknown\n0.3,0.2,S9,\n')
  const { warnings, unlabelled: left } = await lab.call('run.adapt', { run: of('ridge'), files: [{ path: odd }] })
  expect(left).toBe(2)
  expect(warnings.map(({ code, params }) => [code, params])).toEqual([
    ['adapt.unread-labels', { target: 'y', cells: 1, example: 'unknown' }],
  ])
  const support = write('t.csv', ['S9'], 5)
  expect((await refused(lab.call('run.adapt', { run: of('single-task-mlp'), files: [support] }))).code).toBe(
    'run.cannot',
  )
})

test('the inner loop of a trained meta-learner is looked at away from the lab, of the tasks it knows and of a fold', async () => {
  const map = await lab.call('run.innerLoop', { run: of('maml'), tasks: 3, steps: 2 })
  expect([map.rows, map.steps, map.tasks.map(({ id }) => id)]).toEqual([
    'training',
    2,
    ['site=S0', 'site=S1', 'site=S2'],
  ])
  expect(map.directions.map(({ kind }) => kind)).toEqual(['exact', 'first-order', 'mean-pull'])
  expect(map.variance[0]).toBeGreaterThan(0)
  // The same question has the same answer; the default is the method's own number of steps.
  expect(await lab.call('run.innerLoop', { run: of('maml'), tasks: 3, steps: 2 })).toEqual(map)
  expect((await lab.call('run.innerLoop', { run: of('maml') })).steps).toBe(5)
  expect(await refused(lab.call('run.innerLoop', { run: of('ridge') }))).toMatchObject({ code: 'run.cannot' })
})

test('a model that states how sure it is: its standard deviations stand beside the answers, in the unit of the target', async () => {
  const support = write('support.csv', ['S1.2'], 8, 500)
  const answer = await lab.call('run.adapt', { run: of('alpaca'), files: [support] })
  const rest = write('rest.csv', ['S1.2', 'S7'], 20, 900, false)
  const after = await lab.call('run.predict', { run: of('alpaca'), files: [rest], model: answer.model })
  expect(after.deviations).toEqual([{ target: 'y', column: 'y sd', scale: null }])
  expect(after.columns).toEqual(['row', 'site', 'y', 'y sd'])
  const lines = (await blobOf(lab, after.csv)).toString('utf8').trim().split('\r\n').slice(1)
  const cells = lines.map((line) => line.split(',')[3])

  const { runtime } = await openRuntime('auto')
  const { about, model } = readModel(await blobOf(lab, answer.model), runtime)
  const setOf = async (file: { path: string }, labelled: boolean) => {
    const { table } = await openFiles([{ path: file.path, name: 'rows.csv' }], {})
    const set = newRows({ table: shareTable(table), name: 'rows.csv', taskColumn: 'site' }, about, labelled)
    const rows = Int32Array.from({ length: set.table.rows }, (_, row) => row)
    return { set, rows, tasks: Int32Array.from(set.tasks.keys()) }
  }
  const spread = [...(await model.spread!(await setOf(rest, false))).targets[0].values]
  expect(cells.map((cell) => (cell ? Number(cell) : NaN))).toEqual(spread)
  // The site that was learned has one in every row; of one that was not, nothing is known.
  expect(spread.map((sd) => sd > 0)).toEqual(spread.map((_, row) => row < 20))
  // And so do the labelled rows that are shown.
  const shown = [...(await model.spread!(await setOf(support, true))).targets[0].values]
  expect(answer.trace.at(-1)!.sd).toEqual(shown)
  await runtime.close()

  const plain = await lab.call('run.adapt', { run: of('maml'), files: [support] })
  expect(plain.trace.map(({ sd }) => sd)).toEqual([null, null, null, null])
})
