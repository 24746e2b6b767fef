import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { openLab, run, type TestLab } from './labs.ts'

/** What won on earlier data sets of the workspace is suggested for a new one, and the check of tasks answers beside it. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engram-memory-'))
const wave = (i: number, k: number) => Math.sin(i * 12.9898 + k * 78.233)
let lab: TestLab

/** Straight lines, or a checkerboard that lines cannot tell and neighbours can. */
async function open(name: string, rows: number, straight: boolean): Promise<string> {
  const lines = Array.from({ length: rows }, (_, i) => {
    const [a, b] = [2 * wave(i, 1), 2 * wave(i, 2)]
    const y = straight ? 2 * a - b + 0.1 * wave(i, 3) : Math.sign(a) * Math.sign(b)
    return [a.toFixed(4), b.toFixed(4), `S${i % 6}`, y.toFixed(4)].join(',')
  })
  const file = path.join(folder, `${name}.csv`)
  fs.writeFileSync(file, ['a,b,site,y', ...lines].join('\n'))
  return (await lab.call('data.open', { files: [{ path: file }] })).hash
}
const spec = (hash: string, more: object = {}) =>
  ({
    name: 'x',
    data: { hash, roles: { targets: ['y'], ignore: ['site'] } },
    methods: [{ id: 'ridge' }, { id: 'knn', params: { k: 3 } }],
    twins: false,
    metrics: ['rmse'],
    evaluation: { folds: 3 },
    ...more,
  }) as unknown as ExperimentSpec

beforeAll(async () => {
  lab = await openLab({ workspacePath: path.join(folder, 'w.engram'), workers: 1 })
})
afterAll(async () => {
  await lab.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

test('a new data set is given what won on the earlier one most like it, with where from; too few say no hit rate', async () => {
  const straight = await open('straight', 60, true)
  const first = await lab.call('experiment.suggest', { spec: spec(straight) })
  expect(first).toEqual({ suggestion: null, rate: { n: 0, hits: 0, share: null }, least: 5 })
  await run(lab, spec(straight))
  await run(lab, spec(await open('board', 80, false)))

  const lines = await lab.call('experiment.suggest', { spec: spec(await open('more lines', 66, true)) })
  expect(lines.suggestion).toMatchObject({ method: 'ridge', metric: 'rmse', from: { name: 'straight' } })
  const board = await lab.call('experiment.suggest', { spec: spec(await open('another board', 90, false)) })
  expect(board.suggestion).toMatchObject({ method: 'knn', params: { k: 3 }, from: { name: 'board' } })
  expect(board.suggestion!.figure).toBeLessThan(1)
  // Each of the two was advised what the other liked.
  expect(board.rate).toMatchObject({ n: 2, share: null })
  // Of classes nothing is known yet; made-up tasks are not remembered.
  const classes = { hash: straight, roles: { targets: ['site'], ignore: [] } }
  expect((await lab.call('experiment.suggest', { spec: spec(straight, { data: classes }) })).suggestion).toBeNull()
  const made = spec(straight, { data: { generator: 'sine' }, evaluation: { protocol: 'few-shot' } })
  expect((await lab.call('experiment.suggest', { spec: made })).suggestion).toBeNull()

  const asked = await lab.call('experiment.enough', {
    spec: spec(straight, {
      data: { hash: straight, roles: { targets: ['y'], task: 'site' } },
      evaluation: { protocol: 'few-shot', shots: 3 },
    }),
  })
  expect(asked.why).toBeNull()
  // Lines, all alike: nothing for meta-learning to gain.
  expect(asked.advice!.chance).toBeLessThan(0.5)
  expect(asked.record.n).toBeGreaterThanOrEqual(20)
})
