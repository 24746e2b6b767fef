import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../shell/built.ts'

/** What people try on their first day, on a path with Chinese letters: classes, permuted columns, slips of all kinds. */
let folder: string
let document: {
  trials: { id: string; method: string; fold: number | 'all'; metrics: Record<string, { value: number | null }> }[]
  summary: { method: string; metric: string; mean: number | null }[]
}
const wave = (i: number) => Math.sin(i * 12.9898 + 4.1) / 2 + 0.5
const cells = Array.from({ length: 60 }, (_, i) => {
  const [a, b, soil] = [wave(i), wave(i * 7 + 3), ['clay', 'sand', '7'][i % 3]]
  const kind = a + b > 1.2 ? 'high' : a + b < 0.8 ? 'low' : 'mid'
  return { a: a.toFixed(4), b: b.toFixed(4), soil, y: (2 * a - b + (i % 3)).toFixed(4), kind }
})
type Row = Record<string, string>
const csv = (columns: string[], rows: Row[]) =>
  [columns, ...rows.map((row) => columns.map((c) => row[c]))].map((line) => `${line.join(',')}\n`).join('')
const SPEC = {
  name: '混合',
  data: { file: '训练.csv', roles: { targets: ['y', 'kind'] } },
  methods: [{ id: 'ridge' }, { id: 'knn' }],
  evaluation: { folds: 3 },
}

type Ended = { status: number; out: string; err: string }
const engram = (...args: string[]) =>
  new Promise<Ended>((resolve) => {
    execFile(process.execPath, [join(ROOT, 'electron/engram.mjs'), ...args], { cwd: folder }, (error, out, err) =>
      resolve({ status: error ? Number(error.code) : 0, out, err }),
    )
  })
const write = (name: string, content: string | object) =>
  writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
const read = (name: string) => readFile(join(folder, name), 'utf8')
const runOf = (method: string, fold: number | 'all') =>
  document.trials.find((trial) => trial.method === method && trial.fold === fold)!.id
/** What the command says is wrong; it must end with status 2. */
async function refused(...args: string[]): Promise<Record<'code' | 'who' | 'rule' | 'got' | 'remedy', string>> {
  const { status, out } = await engram(...args, '--json')
  expect(status, out).toBe(2)
  return JSON.parse(out).error
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engram-用户-'))
  await write('训练.csv', csv(['a', 'b', 'soil', 'y', 'kind'], cells))
  await write('规格.json', SPEC)
  const { status, out, err } = await engram('run', '规格.json', '-w', '工作区.engram', '--json')
  expect(status, err).toBe(0)
  document = JSON.parse(out)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('predictions of new rows', () => {
  const columns = ['a', 'b', 'soil', 'y', 'kind']
  const predict = async (file: string) => {
    const { status, out } = await engram(
      'predict',
      runOf('knn', 'all'),
      file,
      '-w',
      '工作区.engram',
      '-o',
      'p.csv',
      '--json',
    )
    expect(status, out).toBe(0)
    return { csv: await read('p.csv'), warnings: JSON.parse(out).warnings as { code: string; text: string }[] }
  }

  test('columns and classes in another order change nothing', async () => {
    // The last class of training comes first, and the target stands among the columns.
    const rows = [...cells].sort((p, q) => (p.kind < q.kind ? 1 : -1))
    await write('same.csv', csv(columns, rows))
    await write(
      'other.csv',
      csv(
        ['kind', 'extra', 'soil', 'b', 'a'],
        rows.map((row) => ({ ...row, extra: '9' })),
      ),
    )
    const [same, other] = [await predict('same.csv'), await predict('other.csv')]
    expect(other).toEqual(same)
    const [head, ...lines] = same.csv
      .trim()
      .split('\r\n')
      .map((line) => line.split(','))
    expect(head.slice(0, 3)).toEqual(['row', 'y', 'kind'])
    expect(new Set(head.slice(3))).toEqual(new Set(['kind: high', 'kind: low', 'kind: mid']))
    // Neighbours of the training rows themselves: most answers are the row's own class.
    expect(lines.filter((line, i) => line[2] === rows[i].kind).length).toBeGreaterThan(45)
  })

  test('unseen levels, empty cells and words among numbers are counted aloud', async () => {
    await write('odd.csv', 'soil,b,a\npeat,0.5,0.5\nclay,n.a.,0.2\nclay,0.5,\n')
    const { csv: said, warnings } = await predict('odd.csv')
    expect(warnings.map((warning) => warning.text)).toEqual([
      'a: cells that are empty or no number: 1.',
      'b: cells that are empty or no number: 1.',
      'soil: the model never saw "peat".',
    ])
    expect(said.trim().split('\r\n')).toHaveLength(4)
  })

  test('levels that look like numbers in the new file keep their meaning', async () => {
    await write('seven.csv', 'a,b,soil\n0.5,0.5,7\n0.2,0.3,7\n')
    await write('mixed.csv', 'a,b,soil\n0.5,0.5,7\n0.2,0.3,7\n0.1,0.1,clay\n')
    const [seven, mixed] = [await predict('seven.csv'), await predict('mixed.csv')]
    expect(seven.warnings).toEqual([])
    expect(mixed.csv.startsWith(seven.csv)).toBe(true)
    await write('eight.csv', 'a,b,soil\n0.5,0.5,8\n')
    expect((await predict('eight.csv')).warnings.map((w) => w.text)).toEqual(['soil: the model never saw "8".'])
  })

  test('a column is lacking', async () => {
    await write('lacking.csv', 'a,kind\n1,low\n')
    const error = await refused('predict', runOf('knn', 'all'), 'lacking.csv', '-w', '工作区.engram', '-o', 'x.csv')
    expect([error.code, error.got]).toEqual(['predict.missing-columns', 'no column "b", "soil"'])
  })
})

describe('a method that leaves a target unpredicted', () => {
  test('has no figure over all tasks, and says so', async () => {
    // Ridge predicts numbers only: its skill on y alone must not stand beside the mean over y and kind.
    const trial = document.trials.find((each) => each.method === 'ridge' && each.fold === 0)!
    expect(trial.metrics.skill.value).toBe(null)
    expect(trial.metrics.rmse.value).toBeGreaterThan(0)
    const skill = (method: string) =>
      document.summary.find((line) => line.method === method && line.metric === 'skill')!.mean
    expect([skill('ridge'), skill('mean')]).toEqual([null, 0])
    const { out } = await engram(
      'predict',
      runOf('ridge', 'all'),
      '训练.csv',
      '-w',
      '工作区.engram',
      '-o',
      'r.csv',
      '--json',
    )
    expect(JSON.parse(out).warnings.map((w: { text: string }) => w.text)).toEqual([
      'kind: 60 cells have no prediction: the method does not predict it, or never saw their task.',
    ])
  })
})

describe('exports', () => {
  test.each(['csv', 'json', 'latex'])('%s of a fold', async (format) => {
    const { status } = await engram(
      'export',
      runOf('knn', 0),
      '-w',
      '工作区.engram',
      '--format',
      format,
      '-o',
      `出.${format}`,
    )
    expect(status).toBe(0)
    const text = await read(`出.${format}`)
    if (format === 'csv') expect(text.split('\r\n')).toHaveLength(1 + 2 * 20 + 1)
    if (format === 'json') expect(JSON.parse(text).run.metrics.skill.perTask.y).toBeGreaterThan(0)
    if (format === 'latex') expect(text).toContain('\n  kind & ')
  })

  test.each(['csv', 'latex'])(
    '%s of the run on all rows, which has no test rows, is refused in words',
    async (format) => {
      const error = await refused('export', runOf('knn', 'all'), '-w', '工作区.engram', '--format', format, '-o', 'x')
      expect([error.code, error.who]).toEqual(['run.untested', 'Run knn, fold all'])
      expect(existsSync(join(folder, 'x'))).toBe(false)
    },
  )
})

describe('slips', () => {
  const spec = async (change: object) => {
    await write('slip.json', { ...SPEC, ...change })
    return refused('run', 'slip.json')
  }

  test('names of columns, files, methods, parameters', async () => {
    const column = await spec({ data: { file: '训练.csv', roles: { targets: ['Y'] } } })
    expect([column.code, column.got]).toEqual(['roles.unknown-column', '"Y"'])
    expect((await spec({ data: { ...SPEC.data, file: '没有.csv' } })).who).toBe('没有.csv')
    expect((await spec({ methods: [{ id: 'hard-sharin' }] })).remedy).toBe('Did you mean "hard-sharing"?')
    expect((await spec({ methods: [{ id: 'xgboost' }] })).remedy).toBe('Choose one of these.')
    const k = await spec({ methods: [{ id: 'knn', params: { k: 0 } }] })
    expect([k.who, k.got]).toEqual(['k of knn', '0'])
    expect((await spec({ evaluation: { folds: 300 } })).remedy).toBe('Choose 60 or fewer.')
  })

  test('a table where a spec is wanted', async () => {
    const error = await refused('run', '训练.csv')
    expect(error.code).toBe('table-as-spec')
    expect(error.remedy).toContain('"file": "训练.csv"')
  })

  test('a workspace that is not there is not made by looking into it', async () => {
    for (const args of [
      ['list', 'runs'],
      ['compare', 'x'],
      ['export', 'x', '--format', 'csv'],
      ['predict', 'x', '训练.csv', '-o', 'y'],
    ])
      expect((await refused(...args, '-w', 'nothing.engram')).code, args[0]).toBe('workspace.missing')
    expect(existsSync(join(folder, 'nothing.engram'))).toBe(false)
  })

  test('a read-only workspace can be used and is not changed', async () => {
    const file = join(folder, '工作区.engram')
    await chmod(file, 0o444)
    const before = await readFile(file)
    expect((await engram('list', 'runs', '-w', file)).status).toBe(0)
    const { status } = await engram('predict', runOf('knn', 'all'), '训练.csv', '-w', file, '-o', 'p.csv')
    expect(status).toBe(0)
    expect((await refused('run', '规格.json', '-w', file)).code).toBe('workspace.read-only')
    expect((await readFile(file)).equals(before)).toBe(true)
    await chmod(file, 0o644)
  })

  test('a workspace with the tables of an early version is refused in words, untouched', async () => {
    const file = join(folder, 'early.engram')
    await writeFile(file, await readFile(join(folder, '工作区.engram')))
    const db = new Database(file)
    db.exec('ALTER TABLE runs DROP COLUMN predictions; DROP TABLE speeds')
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.close()
    const before = await readFile(file)
    const error = await refused('list', 'runs', '-w', file)
    expect([error.code, error.got]).toEqual([
      'workspace.older-tables',
      'an early format without runs.predictions, speeds.method, speeds.runtime, speeds.units, speeds.seconds and more',
    ])
    expect((await readFile(file)).equals(before)).toBe(true)
  })
})
