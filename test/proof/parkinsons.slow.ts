import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Comparison } from '../../core/stats/comparison.ts'
import { engram, haveShared, runJson, SHARED, unlessAbsent } from './engram.ts'

/**
 * Voices of 42 subjects (Tsanas et al. 2010): once with whole subjects held out, once with rows split at random, where
 * a method may recognise the subject. Both stand in one report, which warns and ranks nothing across them.
 */
const TARGETS = ['motor_UPDRS', 'total_UPDRS']

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'engram-parkinsons-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.skipIf(!haveShared)(`Parkinson's voices${unlessAbsent}`, () => {
  const file = join(SHARED, 'data/parkinsons/parkinsons_updrs.data')
  const run = async (name: string, roles: object) => {
    const spec = {
      name,
      data: { file, roles: { targets: TARGETS, ...roles } },
      methods: [{ id: 'ridge' }, { id: 'knn' }, { id: 'hard-sharing' }],
      metrics: ['rrmse'],
    }
    const path = join(folder, `${name}.json`)
    await writeFile(path, JSON.stringify(spec))
    return (await runJson(path, ['-w', 'w.engram'], folder)).experiment
  }

  it('subjects as groups beside rows at random: both are shown, and the difference is warned of', async () => {
    const whole = await run('whole subjects', { group: 'subject#' })
    const random = await run('any rows', { ignore: ['subject#'] })
    const args = ['compare', whole, random, '-w', 'w.engram', '--report', 'r.html', '--json']
    const { status, out } = await engram(args, folder)
    expect(status).toBe(0)
    const comparison = Comparison.parse(JSON.parse(out))
    expect(comparison.tasks.map((task) => task.id)).toEqual(TARGETS)
    expect(comparison.differs?.field).toBe('data.roles.group')
    expect(comparison.differences).toEqual([])
    const overall = (key: string) => comparison.methods.find((m) => m.key === key)!.overall
    expect([overall('knn · whole subjects').n, overall('knn · any rows').n]).toEqual([42, 5875])
    for (const method of ['single-task-mlp', 'hard-sharing', 'knn']) {
      // Known subjects look easy; nobody has yet predicted a new one from these columns better than the mean does.
      expect(overall(`${method} · any rows`).mean).toBeLessThan(0.7)
      expect(overall(`${method} · whole subjects`).mean).toBeGreaterThan(1)
    }
    // The other target, as a feature, would leave next to no error.
    expect(overall('ridge · any rows').mean).toBeGreaterThan(0.8)
    const codes = comparison.warnings.map((warning) => warning.code)
    expect(codes).toEqual(expect.arrayContaining(['differs', 'group-leak', 'other-interval-rows', 'subjects-split']))
    const html = await readFile(join(folder, 'r.html'), 'utf8')
    expect(html).toContain('such figures are often too good')
    for (const name of ['whole subjects', 'any rows']) expect(html).toContain(`Hard sharing · ${name}`)
  })
})
