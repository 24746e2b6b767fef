import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { haveShared, runJson, SHARED, unlessAbsent } from './engram.ts'
import type { RunDocument } from './engram.ts'

/**
 * Five sets of Mulan on given folds through the whole lab: file, importer, spec, workers, comparison, JSON. Ridge must
 * say what scikit-learn says; networks must finish. Prints the rows of docs/figures.md.
 */
const SETS = { slump: 3, edm: 2, andro: 6, enb: 2, wq: 14 } as const

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'engram-mulan-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

type Reference = { testFolds: number[][]; ridge: { arrmse: number; perTarget: number[] } }

describe.skipIf(!haveShared)(`Mulan through the whole lab${unlessAbsent}`, () => {
  for (const [name, count] of Object.entries(SETS))
    it(name, async () => {
      const all = JSON.parse(await readFile(join(SHARED, 'reference/folds.json'), 'utf8'))
      const reference: Reference = all.sets[name]
      const file = join(SHARED, `data/mulan-mtr/${name}.arff`)
      const names = [...(await readFile(file, 'utf8')).matchAll(/^@attribute\s+'?([^'\s]+)'?\s/gim)].map((m) => m[1])
      const targets = names.slice(-count)
      await writeFile(join(folder, `${name}.folds.json`), JSON.stringify(reference.testFolds))
      const spec = join(folder, `${name}.json`)
      await writeFile(
        spec,
        JSON.stringify({
          name,
          data: { file, roles: { targets } },
          methods: [{ id: 'ridge', params: { alpha: 1 } }, { id: 'single-task-mlp' }, { id: 'hard-sharing' }],
          evaluation: { testFolds: `${name}.folds.json` },
          metrics: ['arrmse'],
        }),
      )
      const from = performance.now()
      const document = await runJson(spec, [], folder)
      const seconds = (performance.now() - from) / 1000
      expect([document.status, new Set(document.trials.map((trial) => trial.status))]).toEqual([
        'done',
        new Set(['done']),
      ])
      for (const method of ['ridge', 'single-task-mlp', 'hard-sharing'])
        expect(document.trials.filter((trial) => trial.method === method).map((trial) => trial.fold)).toEqual([
          ...reference.testFolds.keys(),
          'all',
        ])
      const figures = (method: string) =>
        document.summary.find((line) => line.method === method && line.metric === 'arrmse')!
      const ridge = figures('ridge')
      expect(Math.abs(ridge.mean! - reference.ridge.arrmse)).toBeLessThan(1e-6)
      targets.forEach((target, t) =>
        expect(Math.abs(ridge.perTask[target].mean! - reference.ridge.perTarget[t])).toBeLessThan(1e-6),
      )
      for (const method of ['single-task-mlp', 'hard-sharing']) {
        expect(new Set(Object.keys(figures(method).perTask))).toEqual(new Set(targets))
        expect(figures(method).mean).toBeLessThan(1)
      }
      process.stdout.write(row(document, name, seconds))
    })
})

function row({ summary, verdict, trials }: RunDocument, name: string, seconds: number): string {
  const shown = ['ridge', 'single-task-mlp', 'hard-sharing'].map((method) => {
    const { mean, ci95 } = summary.find((line) => line.method === method && line.metric === 'arrmse')!
    return `${mean!.toFixed(3)} (${ci95!.map((end) => end.toFixed(3)).join(' to ')})`
  })
  const calls = verdict.filter((line) => line.method === 'hard-sharing' && line.metric === 'arrmse')
  const over = calls.find((line) => line.task === null)!
  const tasks = Object.groupBy(
    calls.filter((line) => line.task !== null),
    (line) => line.call,
  )
  const perTask = Object.entries(tasks).map(([call, lines]) => `${lines!.length} ${call}`)
  const busy = trials.reduce((sum, trial) => sum + (trial.seconds ?? 0), 0)
  return `| ${[name, ...shown, `${over.call} (${perTask.join(', ')})`, `${seconds.toFixed(0)} s (${busy.toFixed(0)} s)`].join(' | ')} |\n`
}
