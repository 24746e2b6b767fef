import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runCommandLine } from '../../electron/cli/program.ts'
import type { LabOptions } from '../../electron/cli/session.ts'
import type { CannedLab } from './cannedLab.ts'
import { createCannedLab } from './cannedLab.ts'

let folder: string
let lab: CannedLab
let made: LabOptions[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engram-cli-test-'))
  lab = createCannedLab()
  made = []
})
afterEach(() => rm(folder, { recursive: true }))

async function engram(...args: string[]) {
  let out = ''
  let err = ''
  const status = await runCommandLine(args, {
    make: async (options) => {
      made.push(options)
      return lab
    },
    streams: { out: (text) => void (out += text), err: (text) => void (err += text), tty: false },
    version: '1.2.3',
  })
  return {
    status,
    out,
    err,
    json: () => JSON.parse(out),
    lines: () =>
      err
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l)),
  }
}
const write = async (name: string, value: unknown) => {
  const path = join(folder, name)
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value))
  return path
}
const asked = (name: string) => lab.calls.filter(([call]) => call === name).map(([, params]) => params)

const SPEC = {
  name: 'energy',
  data: { file: 'enb.arff', roles: { targets: ['Y1', 'Y2'] } },
  methods: [{ id: 'ridge' }, { id: 'hard-sharing', params: { epochs: 200 } }],
  evaluation: { protocol: 'k-fold', folds: 10, repeats: 1, seed: 1 },
  metrics: ['rmse', 'arrmse'],
}

describe('check', () => {
  test('says what was found, the rows that show it, and what to write against it', async () => {
    const roles = await write('roles.json', { targets: ['产量'] })
    const { status, out } = await engram('check', 'enb.arff', '--roles', roles)
    expect(status).toBe(0)
    expect(asked('data.check')).toMatchObject([{ hash: 'abc', roles: { targets: ['产量'] } }])
    expect(out.split('\n').slice(1, 7)).toEqual([
      '',
      'Leak: 1 of 3 rows repeats an earlier one.',
      '  Rows: 1, 3',
      '  Remedy: "roles": { "duplicates": "drop" }',
      '',
      'Copies of targets and places were looked for in 2 of 3 rows.',
    ])
  })
  test('as a document, under the roles that are likely', async () => {
    const { json } = await engram('check', 'enb.arff', '--json')
    expect(json()).toMatchObject({ hash: 'abc', looked: 2, rows: 3, findings: [{ code: 'duplicate-rows' }] })
  })
})

describe('run', () => {
  test('prints the document that scripts rely on, with progress as JSON lines', async () => {
    const { status, json, lines } = await engram('run', await write('spec.json', SPEC), '--json')
    expect(status).toBe(0)
    const document = json()
    expect(document.experiment).toBe('e1')
    expect(document.runtime).toBe('reference')
    expect(document.trials[1]).toEqual({
      id: 'run-ridge-1',
      trial: 'ridge/1/1',
      method: 'ridge',
      seed: 1,
      repeat: 0,
      fold: 1,
      status: 'done',
      seconds: 0.5,
      metrics: { rmse: { value: 4, perTask: { 产量: 4 } } },
    })
    expect(document.trials[2]).toMatchObject({ fold: 'all', metrics: {} })
    expect(document.summary).toContainEqual({
      method: 'ridge',
      metric: 'mae',
      mean: 2.5,
      ci95: [1.5, 3.5],
      n: 2,
      perTask: { 产量: { mean: 2.5, ci95: [1.5, 3.5] } },
    })
    expect(document.verdict[0]).toEqual({
      task: '产量',
      method: 'ridge',
      against: 'mean',
      metric: 'rmse',
      effect: 1.9,
      ci95: [1, 2.8],
      call: 'helps',
    })
    expect(lines().map(({ type }) => type)).toEqual(expect.arrayContaining(['plan', 'trial', 'experiment']))
    expect(lines()).toContainEqual({ type: 'note', text: 'A warning of the plan.' })
    expect(lab.closed).toBe(true)
  })

  test('finds data and folds beside the spec, wherever it is called from', async () => {
    await write('folds.json', [[0, 1], [2]])
    const spec = { ...SPEC, evaluation: { testFolds: 'folds.json' } }
    expect((await engram('run', await write('spec.json', spec), '--json')).status).toBe(0)
    expect(asked('data.open')).toEqual([{ files: [{ path: join(folder, 'enb.arff') }] }])
    expect(asked('experiment.run')).toMatchObject([
      { spec: { data: { hash: 'abc', roles: { targets: ['Y1', 'Y2'] } }, evaluation: { testFolds: [[0, 1], [2]] } } },
    ])
  })

  test('uses a temporary workspace that goes, or the one named', async () => {
    await engram('run', 'cars', '--json')
    expect(made[0].workspace.startsWith(tmpdir())).toBe(true)
    expect(existsSync(resolve(made[0].workspace, '..'))).toBe(false)
    const named = join(folder, 'mine.engram')
    await engram('run', 'cars', '-w', named, '--workers', '3', '--runtime', 'wasm')
    expect(made[1]).toMatchObject({ workspace: named, workers: 3, runtime: 'wasm' })
  })

  test('a template is asked of the lab', async () => {
    expect((await engram('run', 'cars')).status).toBe(0)
    expect(asked('templates.spec')).toEqual([{ id: 'cars' }])
    expect(asked('experiment.run')).toMatchObject([{ spec: { name: 'proposed' } }])
  })

  test('shows people a table with the verdict', async () => {
    const { out } = await engram('run', 'cars')
    expect(out).toContain('ridge')
    expect(out).toMatch(/ridge +mean +产量 +\+1\.90 +\+1\.00 to \+2\.80 +helps/)
  })

  test('an experiment that failed gives status 1', async () => {
    lab.status = 'failed'
    expect((await engram('run', 'cars', '--json')).status).toBe(1)
  })

  test.each([
    ['no such file', './none.json', 'file-not-read'],
    ['an unknown template', 'nonesuch', 'unknown-template'],
  ])('bad input, status 2: %s', async (_what, named, code) => {
    const { status, json } = await engram('run', named, '--json')
    expect(status).toBe(2)
    expect(json().error.code).toBe(code)
    for (const part of ['who', 'rule', 'got', 'remedy']) expect(json().error[part]).not.toBe('')
  })

  test.each([
    ['broken JSON', '{"name": ', 'bad-json'],
    ['no methods', { ...SPEC, methods: [] }, 'bad-spec'],
    ['an unknown field', { ...SPEC, colour: 'red' }, 'bad-spec'],
    ['a fold count of one', { ...SPEC, evaluation: { folds: 1 } }, 'bad-spec'],
    ['folds that are no folds', { ...SPEC, evaluation: { testFolds: 'bad.json' } }, 'bad-folds'],
    ['folds that are not there', { ...SPEC, evaluation: { testFolds: 'none.json' } }, 'file-not-read'],
    ['no targets', { ...SPEC, data: { file: 'enb.arff' } }, 'no-targets'],
    ['data that is not there', { ...SPEC, data: { file: 'missing.csv' } }, 'no-file'],
  ])('bad spec, status 2: %s', async (_what, spec, code) => {
    await write('bad.json', [[1.5], ['a']])
    const { status, json, err } = await engram('run', await write('spec.json', spec), '--json')
    expect([status, json().error.code]).toEqual([2, code])
    expect(err).not.toContain('error')
    expect(lab.closed).toBe(true)
  })

  test('people read who, rule, got and remedy', async () => {
    const { status, out, err } = await engram('run', await write('spec.json', { ...SPEC, evaluation: { folds: 1 } }))
    expect([status, out]).toEqual([2, ''])
    expect(err).toContain('evaluation.folds')
    expect(err).toMatch(/Got: 1\n {2}Remedy: /)
  })
})

describe('the other commands', () => {
  test('import reads files together and sets roles', async () => {
    const roles = await write('roles.json', { targets: ['产量'] })
    const workspace = join(folder, 'w.engram')
    const { status, json, lines } = await engram(
      'import',
      'a.arff',
      'a.xml',
      '-w',
      workspace,
      '--roles',
      roles,
      '--json',
    )
    expect([status, json().hash, json().roles.targets]).toEqual([0, 'abc', ['产量']])
    expect(asked('data.open')).toEqual([
      { files: [{ path: resolve('a.arff') }, { path: resolve('a.xml') }], job: 'import' },
    ])
    expect(asked('data.setRoles')).toMatchObject([{ hash: 'abc', roles: { targets: ['产量'] } }])
    expect(lines()).toContainEqual({ type: 'import', job: 'import', phase: 'read', done: 1, of: 2 })
    const bad = await write('bad.json', { targets: 'x' })
    expect((await engram('import', 'a.arff', '-w', workspace, '--roles', bad, '--json')).json().error.code).toBe(
      'bad-roles',
    )
  })

  test('list', async () => {
    expect((await engram('list', 'methods', '--json')).json().methods[0].id).toBe('maml')
    expect((await engram('list', 'templates', '--json')).json().templates.map((t: { id: string }) => t.id)).toEqual([
      'cars',
      'sine',
    ])
    const workspace = join(folder, 'w.engram')
    expect((await engram('list', 'datasets', '-w', workspace, '--json')).json().datasets[0].rows).toBe(3)
    expect((await engram('list', 'runs', '-w', workspace)).out).toMatch(
      /run-ridge-1 +e1 +energy +ridge +1 +done +rmse 4/,
    )
    expect((await engram('list', 'runs', '--json')).json().error.code).toBe('no-workspace')
    expect((await engram('list', 'cats', '--json')).json().error.code).toBe('unknown-list')
  })

  test('compare passes metric and baseline on', async () => {
    const { json } = await engram('compare', 'e1', '-w', 'w.engram', '--metric', 'mae', '--baseline', 'mean', '--json')
    expect(json()).toMatchObject({ metric: 'mae', differences: [{ call: 'helps' }] })
    expect(asked('experiment.compare')).toEqual([{ ids: ['e1'], metric: 'mae', baseline: 'mean' }])
  })

  test('predict and export write whole files from pieces', async () => {
    const csv = join(folder, 'p.csv')
    const predicted = await engram('predict', 'r1', 'new.csv', '-w', 'w.engram', '-o', csv)
    expect(predicted.status).toBe(0)
    // What columns of standard deviations mean, and that a target was learned on another scale.
    expect(predicted.out).toMatch(
      /"产量 sd": one standard deviation .* 68 % .*not checked here\.\n"产量 sd": learned on another scale/,
    )
    expect(await readFile(csv, 'utf8')).toBe('产量\n1\n2\n')
    const onnx = join(folder, 'm.onnx')
    const { json } = await engram('export', 'r1', '-w', 'w.engram', '--format', 'onnx', '-o', onnx, '--json')
    expect(json()).toMatchObject({ run: 'r1', format: 'onnx', file: onnx, bytes: 30 })
    expect(await readFile(onnx, 'utf8')).toBe('onnx bytes that come in pieces')
    expect((await engram('export', 'r1', '-w', 'w.engram', '--format', 'json', '-o', '-')).out).toContain('onnx bytes')
    const nowhere = join(folder, 'none', 'm.onnx')
    const failed = await engram('export', 'r1', '-w', 'w.engram', '--format', 'onnx', '-o', nowhere, '--json')
    expect([failed.status, failed.json().error.code]).toEqual([2, 'not-written'])
  })

  test('demo writes the report and says where', async () => {
    const report = join(folder, 'report.html')
    const { status, out } = await engram('demo', '-o', report)
    expect(status).toBe(0)
    expect(out).toContain(`The report was written to ${report}`)
    expect(await readFile(report, 'utf8')).toContain('<title>Report')
  })

  test('describe finds a data set by name or hash, and explains each figure', async () => {
    const { status, out } = await engram('describe', 'enb.arff', '-w', 'w.engram')
    expect(status).toBe(0)
    expect(out).toMatch(/one_nn +0\.1235 +Score of the nearest row/)
    expect(out).toContain('1 tasks have figures of their own')
    const all = (await engram('describe', 'enb.arff', '-w', 'w.engram', '--tasks')).out
    expect(all).toMatch(/nr_inst +3 +2 /)
    const check = await engram('describe', 'enb.arff', '-w', 'w.engram', '--shots', '5')
    expect(check.out).toContain('Meta-learning will probably not pay: 20 % chance')
    expect(check.out).toContain('Begin with the hierarchical linear model')
    expect(check.out).toMatch(/lines +30\.0/)
    const near = await engram('describe', 'enb.arff', '-w', 'w.engram', '--nearest')
    expect(near.out).toMatch(/a +b 0\.50, c 1\.25/)
    const wrong = await engram('describe', 'nothing', '-w', 'w.engram', '--json')
    expect([wrong.status, wrong.json().error.code]).toEqual([2, 'data.which'])
  })

  test('adapt wants the rows to predict and the place for them together', async () => {
    const { status, json } = await engram('adapt', 'r1', 's.csv', '-w', 'w.engram', '--predict', 'q.csv', '--json')
    expect([status, json().error.code]).toEqual([2, 'adapt.predict-and-output'])
  })

  test('inner says what each task gains and how far it pulls', async () => {
    const { out } = await engram('inner', 'r1', '-w', 'w.engram', '--steps', '1')
    expect(out).toMatch(/sine=1 +2\.5 +0\.5 +1 +100 %/)
    expect(out).toContain('mean-pull: length 1')
    expect(out).toContain('sine=1: its steps ran away; shown at 1/4 of the rate')
    expect((await engram('inner', 'r1', '-w', 'w.engram', '--json')).json()).toMatchObject({ run: 'r1', steps: 1 })
  })

  test.each([['verify', 'r1', '-w', 'w.engram']])('%s answers "not yet" with status 2', async (...args) => {
    const { status, json } = await engram(...args, '--json')
    expect([status, json().error.code]).toEqual([2, 'not-yet'])
    expect(made).toEqual([])
  })

  test.each([
    [['run']],
    [['nonsense']],
    [['import', 'a.csv']],
    [['export', 'r1', '-w', 'w.engram']],
    [['export', 'r1', '-w', 'w.engram', '--format', 'pdf']],
    [['run', 'cars', '--workers', '0']],
    [['run', 'cars', '--workers', '1.5']],
    [['serve', '--port', '70000']],
    [['run', 'cars', '--nonsense']],
  ])('a wrong call gives status 2 and a document: %j', async (args) => {
    const { status, json, err } = await engram(...args, '--json')
    expect([status, json().error.code, err]).toEqual([2, 'bad-usage', ''])
    const forPeople = await engram(...args)
    expect([forPeople.status, forPeople.out]).toEqual([2, ''])
    expect(forPeople.err).toContain('error:')
  })

  test('help and version', async () => {
    expect((await engram('--version')).out).toBe('1.2.3\n')
    const { status, out } = await engram('help')
    expect(status).toBe(0)
    for (const name of [
      'import',
      'list',
      'run',
      'compare',
      'predict',
      'export',
      'serve',
      'demo',
      'adapt',
      'inner',
      'describe',
      'verify',
    ])
      expect(out).toContain(name)
  })
})
