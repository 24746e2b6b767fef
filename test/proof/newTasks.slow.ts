import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Lab } from '../../core/contract.ts'
import type { ShotCurves } from '../../core/stats/shotCurve.ts'
import { createLab } from '../../electron/lab/service.ts'
import { haveShared, SHARED, unlessAbsent } from './engram.ts'

/**
 * New schools, and new Parkinson's patients from their first recordings, by the app's own templates: the curves of
 * error against labelled rows of docs/reproductions.md, with the difference of the best meta-learner and the best baseline,
 * paired over tasks, at every number of rows.
 */
const TEMPLATES = [
  ['school-new', 'data/school/school.csv', 40],
  ['parkinsons-new-motor', 'data/parkinsons/parkinsons_updrs.data', 20],
  ['parkinsons-new-total', 'data/parkinsons/parkinsons_updrs.data', 20],
] as const

describe.skipIf(!haveShared)(`new tasks${unlessAbsent}`, () => {
  let folder: string
  let lab: Lab & { close(): Promise<void> }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'engram-new-tasks-'))
    lab = await createLab({ workspacePath: join(folder, 'w.engram'), host: 'cli', workers: 1 })
  })
  afterAll(async () => {
    await lab?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it.each(TEMPLATES)('%s: a paired interval at every number of rows from 1 to 50', async (id, file, least) => {
    await lab.call('data.open', { files: [{ path: join(SHARED, file) }] })
    const { spec } = await lab.call('templates.spec', { id })
    const begun = process.cpuUsage()
    const { id: experiment } = await lab.call('experiment.run', { spec })
    const ended = async () => (await lab.call('experiment.get', { id: experiment })).line
    while (!['done', 'failed', 'stopped'].includes((await ended()).status)) await new Promise((r) => setTimeout(r, 500))
    const { status, trials } = await ended()
    expect([status, trials.failed]).toEqual(['done', 0])
    const { user } = process.cpuUsage(begun)
    const curves = await lab.call('experiment.shots', { id: experiment })
    console.log(`${id}: ${curves.tasks} tasks, ${(user / 1e6).toFixed(0)} s of processor time\n${table(curves)}`)
    expect(curves.shots).toEqual([1, 2, 3, 5, 7, 10, 15, 20, 30, 50])
    expect(curves.tasks).toBeGreaterThanOrEqual(least)
    // One score is never told the other.
    const asked = (await lab.call('experiment.get', { id: experiment })).spec.data.roles!
    if (id.startsWith('parkinsons')) expect([...asked.targets!, ...asked.ignore!].sort()).toEqual(['motor_UPDRS', 'total_UPDRS']) // prettier-ignore
    const best = bestLearner(curves)
    expect(best.against.map(({ shots }) => shots)).toEqual(curves.shots)
    for (const { ci95 } of best.against) expect(ci95!.every(Number.isFinite)).toBe(true)
    // What stands beside every meta-learner is there.
    const there = curves.methods.map((m) => m.id)
    for (const baseline of [
      'mean',
      'ridge',
      'knn',
      'pooled-ridge',
      'pooled-mlp',
      'from-scratch',
      'pretrain-finetune',
      'pretrain-head',
      'hierarchical-linear',
    ])
      // prettier-ignore
      expect(there).toContain(baseline)
  })
})

const LEARNERS = ['maml', 'ridge-head', 'alpaca']
/** The meta-learner with the best mean over the curve. */
function bestLearner(curves: ShotCurves): ShotCurves['methods'][number] {
  const mean = (m: ShotCurves['methods'][number]) => m.points.reduce((sum, point) => sum + point.mean, 0)
  return curves.methods.filter(({ id }) => LEARNERS.includes(id)).sort((a, b) => mean(a) - mean(b))[0]
}

function table(curves: ShotCurves): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`
  const best = bestLearner(curves)
  return [
    line(['rows', ...curves.shots]),
    line(['---', ...curves.shots.map(() => '---')]),
    ...curves.methods.map((m) => line([m.id, ...m.points.map(({ mean }) => mean.toFixed(2))])),
    line([
      `${best.id} less ${curves.baseline} (positive: better)`,
      ...best.against.map(
        ({ effect, ci95 }) => `${effect.toFixed(2)} [${ci95!.map((end) => end.toFixed(2)).join(', ')}]`,
      ),
    ]),
    JSON.stringify(curves.worth),
  ].join('\n')
}
