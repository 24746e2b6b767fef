import path from 'node:path'
import { expect, test } from 'vitest'
import type { Result } from '../../core/contract.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { ended, eventsOf, openLab, refused, ROLES, until, writeCsv } from './labs.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()
const csv = writeCsv(folder)
let count = 0
const fresh = () => path.join(folder, `lab${++count}.engram`)

const methods = [
  { id: 'hard-sharing', params: { hidden: [4], epochs: 12, watchConflict: true } },
  { id: 'mean-regularised' },
]
const specOf = (hash: string): ExperimentSpec =>
  ({
    name: 'related',
    data: { hash, roles: { targets: ['产量', 'z'], task: 'site' } },
    methods,
    evaluation: { folds: 2 },
    twins: false,
    relations: { designs: ['pairs'] },
  }) as unknown as ExperimentSpec

test('the cost is quoted and must be confirmed; with one worker or two every figure is the same', async () => {
  const said = []
  let near: Result<'tasks.nearest'>['ways'] = []
  for (const workers of [1, 2]) {
    const lab = await openLab({ workspacePath: fresh(), workers })
    const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
    const spec = specOf(hash)
    const plan = await lab.call('experiment.plan', { spec })
    // Four tasks: alone, and in pairs; two folds, two methods.
    expect(plan.relations!.fits).toBe((4 + 6) * 2 * 2)
    expect(plan.relations!.seconds).toBeGreaterThan(0)
    for (const confirmed of [undefined, 7])
      expect(await refused(lab.call('experiment.run', { spec, confirmed }))).toMatchObject({
        code: 'relations.unconfirmed',
      })
    expect((await lab.call('experiment.list', {})).experiments).toEqual([])
    const { id } = await lab.call('experiment.run', { spec, confirmed: plan.relations!.fits })
    expect((await ended(lab, id)).status).toBe('done')
    const both = await Promise.all(
      methods.map(async (m) => (await lab.call('experiment.relations', { id, method: m.id })).relations),
    )
    said.push({
      both,
      events: await eventsOf(lab, id),
      comparison: await lab.call('experiment.compare', { ids: [id] }),
    })
    if (workers === 1) near = (await lab.call('tasks.nearest', { hash, roles: specOf(hash).data.roles })).ways
    await lab.close()
  }
  expect(said[1].both).toEqual(said[0].both)
  expect(said[1].events).toEqual(said[0].events)
  const [network, lines] = said[0].both
  // What tasks gave each other is a distance between them, of the experiment that measured it.
  const last = near.at(-1)!
  expect(last.by).toBe('transfer')
  expect(last.tasks.map(({ task }) => task)).toEqual(network!.tasks.map(({ id }) => id))
  expect(last.tasks.every(({ nearest }) => nearest.length === 3 && nearest[0].distance <= nearest[2].distance)).toBe(
    true,
  )
  expect(network).toMatchObject({ method: 'hard-sharing', methods: ['hard-sharing', 'mean-regularised'] })
  expect(network!.fits).toEqual({ done: 20, of: 20, refused: 0 })
  expect(network!.tasks).toHaveLength(4)
  expect(network!.estimate).toMatchObject({ runs: 2 })
  expect(lines!.estimate).toBeNull()
  // The parts of the matrix are no runs to be compared.
  expect(said[0].comparison.methods.map(({ key, runs }) => [key, runs.done])).toEqual([
    ['hard-sharing', 2],
    ['mean-regularised', 2],
  ])
}, 180_000)

test('what nobody measured or watched is null; stopped on the way, what there is stays', async () => {
  const lab = await openLab({ workspacePath: fresh() })
  const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
  const plain = { ...specOf(hash), methods: [{ id: 'ridge', params: {} }], relations: undefined }
  plain.data = { hash, roles: ROLES } as ExperimentSpec['data']
  const { id: none } = await lab.call('experiment.run', { spec: plain })
  await ended(lab, none)
  expect(await lab.call('experiment.relations', { id: none })).toEqual({ relations: null })

  const slow = specOf(hash)
  slow.methods = [{ id: 'hard-sharing', params: { hidden: [16], epochs: 100_000, patience: 0 } }]
  const { relations } = await lab.call('experiment.plan', { spec: slow })
  const { id } = await lab.call('experiment.run', { spec: slow, confirmed: relations!.fits })
  await until(lab, (n) => n.type === 'run' && n.summary.done > 0)
  await lab.call('queue.stop', { experiment: id })
  expect((await ended(lab, id)).status).toBe('stopped')
  const { relations: found } = await lab.call('experiment.relations', { id })
  expect(found!.fits).toEqual({ done: 0, of: 20, refused: 0 })
  await lab.close()
})
