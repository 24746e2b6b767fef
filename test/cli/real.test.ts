import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { built, ROOT } from '../shell/built.ts'

/** The command line as people start it: the launcher, a process of its own, the real lab. */
let folder: string
let workspace: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engram-cli-real-'))
  workspace = join(folder, 'w.engram')
  const rows = Array.from({ length: 60 }, (_, i) => `${i},${(i * 7) % 11},${2 * i + ((i * 7) % 11)},${3 * i}`)
  await writeFile(join(folder, '数据.csv'), `a,b,y,产量\n${rows.join('\n')}\n`)
  await writeFile(
    join(folder, 'folds.json'),
    JSON.stringify([0, 1, 2].map((k) => rows.map((_, i) => i).filter((i) => i % 3 === k))),
  )
  await writeFile(
    join(folder, 'spec.json'),
    JSON.stringify({
      name: 'real',
      data: { file: '数据.csv', roles: { targets: ['y', '产量'] } },
      methods: [{ id: 'ridge' }, { id: 'mean' }],
      evaluation: { testFolds: 'folds.json' },
      metrics: ['rmse'],
      twins: false,
    }),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Ended = { status: number; out: string; err: string }
const engram = (args: string[], node = process.execPath) =>
  new Promise<Ended>((resolve) => {
    execFile(node, [join(ROOT, 'electron/engram.mjs'), ...args], { cwd: tmpdir() }, (error, out, err) =>
      resolve({ status: error ? Number(error.code) : 0, out, err }),
    )
  })

describe('from a file to predictions', () => {
  let experiment: string
  let run: string

  test('run', async () => {
    const { status, out, err } = await engram([
      'run',
      join(folder, 'spec.json'),
      '-w',
      workspace,
      '--workers',
      '1',
      '--json',
    ])
    expect([status, err.includes('"type":"plan"')]).toEqual([0, true])
    const document = JSON.parse(out)
    experiment = document.experiment
    const ridge = document.trials.filter((trial: { method: string }) => trial.method === 'ridge')
    expect(ridge.map((trial: { fold: unknown }) => trial.fold)).toEqual(expect.arrayContaining([0, 1, 2, 'all']))
    const figures = document.summary.filter((line: { metric: string }) => line.metric === 'rmse')
    // y and 产量 are exact sums of a and b: ridge is near zero error, the mean is far off.
    expect(figures.find((line: { method: string }) => line.method === 'ridge').mean).toBeLessThan(2)
    expect(figures.find((line: { method: string }) => line.method === 'mean').perTask.产量.mean).toBeGreaterThan(40)
    expect(document.verdict).toContainEqual(expect.objectContaining({ task: '产量', method: 'ridge', call: 'helps' }))
    run = ridge.find((trial: { fold: unknown }) => trial.fold === 'all').id
  })

  test('the workspace holds it: list, compare, predict, export', async () => {
    const listed = JSON.parse((await engram(['list', 'runs', '-w', workspace, '--json'])).out)
    expect(listed.experiments.map((e: { id: string }) => e.id)).toEqual([experiment])
    const compared = JSON.parse(
      (await engram(['compare', experiment, '-w', workspace, '--baseline', 'mean', '--json'])).out,
    )
    expect(compared.metric).toBe('rmse')
    await writeFile(join(folder, 'new.csv'), 'a,b\n100,5\n10,0\n')
    const predictions = join(folder, 'p.csv')
    const { status, err } = await engram(['predict', run, join(folder, 'new.csv'), '-w', workspace, '-o', predictions])
    expect([status, err]).toEqual([0, ''])
    const lines = (await readFile(predictions, 'utf8')).replace('\ufeff', '').trim().split(/\r?\n/)
    expect(lines.length).toBe(3)
    const predicted = lines[1].split(',').map(Number).filter(Number.isFinite)
    expect(predicted.some((value) => Math.abs(value - 205) < 8)).toBe(true)
    expect(predicted.some((value) => Math.abs(value - 300) < 10)).toBe(true)
    const onnx = join(folder, 'm.onnx')
    expect((await engram(['export', run, '-w', workspace, '--format', 'onnx', '-o', onnx])).status).toBe(0)
    expect((await readFile(onnx)).length).toBeGreaterThan(100)
  })

  test('bad input: status 2 with who, rule, got, remedy', async () => {
    await writeFile(join(folder, 'empty.csv'), '')
    for (const args of [
      ['import', join(folder, 'empty.csv'), '-w', workspace],
      ['import', join(folder, 'none.csv'), '-w', workspace],
      ['compare', 'nonesuch', '-w', workspace],
      ['export', 'nonesuch', '-w', workspace, '--format', 'csv'],
      ['predict', 'nonesuch', join(folder, 'new.csv'), '-w', workspace, '-o', join(folder, 'q.csv')],
    ]) {
      const { status, out } = await engram([...args, '--json'])
      const { error } = JSON.parse(out)
      expect([args[0], status, error.code]).not.toContain('internal')
      expect([args[0], status]).toEqual([args[0], 2])
      for (const part of ['who', 'rule', 'got', 'remedy']) expect(error[part].length).toBeGreaterThan(1)
    }
  })
})

test('Ctrl+C stops a run at the next safe point, keeps what there is, and says so', async () => {
  const spec = JSON.parse(await readFile(join(folder, 'spec.json'), 'utf8'))
  const evaluation = { protocol: 'k-fold', folds: 20, repeats: 100 }
  await writeFile(join(folder, 'long.json'), JSON.stringify({ ...spec, evaluation }))
  const args = [
    join(ROOT, 'electron/cli.ts'),
    'run',
    join(folder, 'long.json'),
    '-w',
    workspace,
    '--workers',
    '1',
    '--json',
  ]
  const child = spawn(process.execPath, args)
  let out = ''
  child.stdout.on('data', (text) => (out += text))
  let err = ''
  child.stderr.on('data', (text) => {
    if (!err.includes('"type":"trial"') && String(text).includes('"type":"trial"')) child.kill('SIGINT')
    err += text
  })
  const status = await new Promise((resolve) => child.on('exit', resolve))
  expect(status).toBe(1)
  const document = JSON.parse(out)
  expect(document.status).toBe('stopped')
  const count = (wanted: string) =>
    document.trials.filter((trial: { status: string }) => trial.status === wanted).length
  expect(count('done')).toBeGreaterThan(0)
  expect(count('stopped')).toBeGreaterThan(0)
  expect(count('done') + count('stopped')).toBe(document.trials.length)
})

test('the demo needs no screen, takes at most a minute, and leaves a report', async () => {
  const report = join(folder, 'report.html')
  const began = performance.now()
  const { status, out } = await engram(['demo', '-o', report])
  expect(status).toBe(0)
  expect((performance.now() - began) / 1000).toBeLessThan(60)
  expect(out).toContain(`The report was written to ${report}`)
  for (const name of ['Ridge', 'Single-task network', 'Hard sharing']) expect(out).toContain(name)
  const html = await readFile(report, 'utf8')
  expect(html).toContain('<svg')
  // It stands alone, and holds no rows of the data.
  expect(html).not.toMatch(/(src|href)="(?!#|data:)/)
  expect(html).not.toContain('chevrolet')
})

const OLD = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path))

test.skipIf(!OLD)(`whatever Node starts it${OLD ? '' : ' (skipped: no other Node is installed)'}`, async () => {
  const { status, out } = await engram(['list', 'methods', '--json'], OLD)
  expect(status).toBe(0)
  expect(JSON.parse(out).methods.map((m: { id: string }) => m.id)).toContain('ridge')
})

/** Starts as `npm start` does, and waits for the address or the end. */
async function start(env: Record<string, string>, args: string[] = []) {
  await built('shell', 'page')
  const home = { HOME: folder, USERPROFILE: folder, WAYLAND_DISPLAY: '' }
  const child = spawn(process.execPath, [join(ROOT, 'electron/start.mjs'), '--no-open', ...args], {
    env: { ...process.env, ...home, ...env },
  })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  let said = ''
  const url = await new Promise<string | null>((resolve) => {
    void ended.then(() => resolve(null))
    const hear = (text: Buffer) => {
      said += text
      const found = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}/.exec(said)
      if (found) resolve(found[0])
    }
    child.stderr.on('data', hear)
    child.stdout.on('data', hear)
  })
  const stop = () => {
    child.kill('SIGTERM')
    return ended
  }
  return { url, said: () => said, ended, stop }
}

test('start without a window serves the lab in a browser, and ends in good order', async () => {
  const { url, said, stop } = await start({ DISPLAY: '' }, process.platform === 'linux' ? [] : ['--browser'])
  if (process.platform === 'linux')
    expect(said()).toMatch(/^The desktop window cannot open \(there is no display\); the same lab runs in a browser/)
  const page = await fetch(url as string)
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await stop()).toBe(0)
  expect(existsSync(join(folder, 'Engram', 'My lab.engram'))).toBe(true)
})

const linux = process.platform === 'linux'
test.skipIf(!linux)(
  `start opens the window where it can${linux ? '' : ' (skipped: its stand-in is a script)'}`,
  async () => {
    const electron = join(folder, 'electron')
    const env = { DISPLAY: ':99', ELECTRON_OVERRIDE_DIST_PATH: folder }
    await writeFile(electron, `#!/bin/sh\necho "window of $1" >&2\n`, { mode: 0o755 })
    const opened = await start(env)
    expect([opened.url, await opened.ended]).toEqual([null, 0])
    expect(opened.said()).toContain(`window of ${ROOT}`)
    // A binary that lacks a library or its sandbox ends at once: the reason is told, and the lab still opens.
    await writeFile(electron, '#!/bin/sh\necho "libgtk-3.so.0: cannot open" >&2\nexit 127\n', { mode: 0o755 })
    const failed = await start(env)
    expect(failed.said()).toContain('The desktop window cannot open (libgtk-3.so.0: cannot open)')
    expect(failed.url).not.toBe(null)
    expect(await failed.stop()).toBe(0)
  },
)
