import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLab, run, type TestLab } from './labs.ts'
import { tempFolder } from './places.ts'

/** Twelve subjects with eight rows each: every subject has a level of its own, which its rows' features give away. */
const folder = tempFolder()
const file = path.join(folder, 'subjects.csv')
const wave = (i: number) => Math.sin(i * 12.9898 + 4)
const lines = Array.from({ length: 96 }, (_, i) => {
  const subject = Math.floor(i / 8)
  const level = 5 * wave(subject * 7)
  return [
    subject + 1,
    wave(subject * 3),
    wave(subject * 5),
    wave(subject * 11) + 0.01 * wave(i),
    level + 0.1 * wave(i * 3),
    -level,
  ].join(',')
})
fs.writeFileSync(file, ['subject,a,b,c,y,z', ...lines].join('\n'))

let lab: TestLab
const ids: string[] = []
beforeAll(async () => {
  lab = await openLab({ workspacePath: path.join(folder, 'groups.engram') })
  const { hash } = await lab.call('data.open', { files: [{ path: file }] })
  const common = { methods: [{ id: 'knn' }], evaluation: { folds: 4 }, metrics: ['rrmse'] }
  const targets = ['y', 'z']
  const whole = { ...common, name: 'whole subjects', data: { hash, roles: { targets, group: 'subject' } } }
  const random = { ...common, name: 'any rows', data: { hash, roles: { targets, ignore: ['subject'] } } }
  for (const spec of [whole, random]) ids.push((await run(lab, spec)).id)
})
afterAll(() => lab.close())

test.each([
  ['whole subjects first', [0, 1]],
  ['any rows first', [1, 0]],
])('both are listed, each with intervals over its own units: %s', async (_, order) => {
  const comparison = await lab.call('experiment.compare', { ids: order.map((k) => ids[k]) })
  expect(comparison.differs?.field).toBe('data.roles.group')
  expect(comparison.differences).toEqual([])
  const knn = (name: string) => comparison.methods.find((m) => m.key === `knn · ${name}`)!.overall
  expect([knn('whole subjects').n, knn('any rows').n]).toEqual([12, 96])
  // The same subject on both sides: the neighbours are its own rows.
  expect(knn('any rows').mean).toBeLessThan(0.2)
  expect(knn('whole subjects').mean).toBeGreaterThan(0.7)
  const other = order[0] === 0 ? ['other-interval-rows', 96] : ['other-interval-groups', 12]
  const warnings = comparison.warnings.map(({ code, params }) => [code, params?.n])
  expect(warnings).toEqual(expect.arrayContaining([['group-leak', undefined], other, ['subjects-split', undefined]]))
})

test('one report shows both, warns, and has the fingerprint of each', async () => {
  const { html } = await lab.call('experiment.report', { ids, language: 'en' })
  for (const part of [
    'Nearest neighbours',
    'whole subjects',
    'any rows',
    'data.roles.group differs',
    'recognise the group',
  ])
    expect(html, part).toContain(part)
  expect(html).toContain('new rows of known tasks: 4 folds, rows of one subject kept together')
  expect(html).toContain('any rows: its intervals come from resampling 96 test rows.')
  expect(html.match(/<dl class="print">/g)).toHaveLength(2)
})
