import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLab, refused, type TestLab } from './labs.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engram-describe-'))
let lab: TestLab
beforeAll(async () => {
  lab = await openLab({ workspacePath: path.join(folder, 'w.engram'), workers: 1 })
})
afterAll(async () => {
  await lab.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

test('a data set is described by its roles, off the thread of the lab; wrong roles are said', async () => {
  const { hash } = await lab.call('data.openSample', { id: 'barley' })
  const { described } = await lab.call('data.describe', { hash })
  expect(described.map(({ target, task, rows }) => [target, task === null, rows])).toEqual([
    ['yield', true, 120],
    ...Array.from({ length: 6 }, () => ['yield', false, 20]),
  ])
  expect(described[0].figures).toMatchObject({ nr_inst: 120, nr_attr: 2, nr_cat: 2 })
  const byVariety = await lab.call('data.describe', {
    hash,
    roles: { targets: ['yield'], task: 'variety', ignore: ['year'] },
  })
  expect(byVariety.described).toHaveLength(11)
  expect(byVariety.described[0].figures).toMatchObject({ nr_attr: 1 })
  const error = await refused(lab.call('data.describe', { hash, roles: { targets: ['none'] } }))
  expect(error.code).toBe('roles.unknown-column')
})
