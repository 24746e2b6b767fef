import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLab, refused, ROLES, run, writeCsv, type TestLab } from './labs.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()
const csv = writeCsv(folder)
let count = 0
const fresh = () => path.join(folder, `lab${++count}.engram`)
const short = {
  name: 'net',
  methods: [{ id: 'hard-sharing', params: { epochs: 60, patience: 0, hidden: [8] } }],
  evaluation: { folds: 2 },
  twins: false,
}

describe('networks', () => {
  let lab: TestLab
  let all: string
  let fold: string
  beforeAll(async () => {
    lab = await openLab({ workspacePath: fresh() })
    const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
    const { runs } = await run(lab, { ...short, data: { hash, roles: ROLES } })
    all = runs.find((r) => r.fold === 'all')!.id
    fold = runs.find((r) => r.fold === 0)!.id
  })
  afterAll(() => lab.close())

  test('the network has the real weights', async () => {
    const { layers, edges } = await lab.call('run.network', { run: all })
    expect(layers.map((l) => [l.kind, l.units])).toEqual([
      ['input', 5],
      ['trunk', 8],
      ['head', 1],
      ['head', 1],
    ])
    for (const edge of edges) {
      const units = (id: string) => layers.find((l) => l.id === id)!.units
      expect(edge.weights).toHaveLength(units(edge.from) * units(edge.to))
    }
  })

  test('a silenced unit changes tasks, all of them silenced takes everything, none changes nothing', async () => {
    const trunk = (await lab.call('run.network', { run: fold })).layers[1]
    const silence = (units: number[]) =>
      lab.call('run.lesion', { run: fold, silence: units.map((unit) => ({ layer: trunk.id, unit })) })
    const none = await silence([])
    expect(none).toMatchObject({ metric: 'arrmse', better: 'lower', rows: 'test' })
    for (const task of none.perTask) expect(task.after).toBe(task.before)
    const drops = []
    for (let unit = 0; unit < 8; unit++)
      drops.push((await silence([unit])).perTask.map((t) => Math.abs(t.after! - t.before!)))
    expect(Math.max(...drops.flat())).toBeGreaterThan(0.01)
    const everything = await silence([0, 1, 2, 3, 4, 5, 6, 7])
    // What is left of each head is its bias: a constant.
    for (const task of everything.perTask) expect(task.after).toBeGreaterThan(0.9)
    // The same figures, unit by unit, in one answer.
    const service = await lab.call('run.service', { run: fold })
    expect(service).toMatchObject({ metric: 'arrmse', rows: 'test', tasks: none.perTask.map(({ task }) => task) })
    expect(service.units).toHaveLength(8)
    const before = none.perTask.map((task) => task.before!)
    drops.forEach((own, unit) =>
      own.forEach((drop, k) =>
        expect(Math.abs(service.shares[unit * before.length + k]!)).toBeCloseTo(drop / before[k], 4),
      ),
    )
    expect((await lab.call('run.lesion', { run: all, silence: [] })).rows).toBe('training')
    expect(await refused(lab.call('run.lesion', { run: all, silence: [{ layer: trunk.id, unit: 8 }] }))).toEqual({
      code: 'lesion.unknown-unit',
      who: 'Lesion',
      rule: `Layer "${trunk.id}" has the units 0 to 7.`,
      got: `unit 8 of layer "${trunk.id}"`,
      remedy: 'Take a unit of the diagram.',
    })
  })
})
