import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { propose } from '../../core/propose.ts'
import { good } from '../corpus/files.ts'
import { openLab, run, type TestLab } from '../lab/labs.ts'
import { tempFolder } from '../lab/places.ts'

// Drop, Run, no edits: every good file of the corpus, and the benchmark tables beside the repository where present.
const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const here = (name: string) => fileURLToPath(new URL(`../corpus/good/${encodeURIComponent(name)}`, import.meta.url))
const tables = [
  ...['andro', 'atp1d', 'atp7d', 'edm', 'enb', 'oes97', 'sf1', 'slump', 'wq'].map((name) => `mulan-mtr/${name}.arff`),
  ...['parkinsons/parkinsons_updrs.data', 'school/school.csv', 'sleepstudy/sleepstudy.csv', 'linnerud/linnerud.csv'],
  ...['landmine/landmine.csv', 'sarcos/sarcos_inv_test.csv'],
]
const files = [
  ...good.map(({ files: list }) => list.map(([name]) => here(name))),
  ...tables.map((name) => [shared + name]).filter(([file]) => existsSync(file)),
]

let lab: TestLab
beforeAll(async () => {
  lab = await openLab({ workspacePath: path.join(tempFolder(), 'corpus.engram') })
})
afterAll(() => lab.close())

for (const list of files)
  test(list.map((file) => decodeURIComponent(path.basename(file))).join(' + '), async () => {
    const { hash, roles, summary } = await lab.call('data.open', { files: list.map((file) => ({ path: file })) })
    const { spec } = await lab.call('experiment.propose', { hash, roles: roles ?? propose(summary).roles })
    const { status, runs } = await run(lab, spec)
    expect(runs.filter((r) => r.status !== 'done').map((r) => [r.trial, r.error])).toEqual([])
    expect(status).toBe('done')
  })
