import path from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { eventsOf, openLab, ROLES, run, writeCsv, type TestLab } from './labs.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()
const csv = writeCsv(folder)
const spec = (hash: string, evaluation: object, methods: object[]) => ({
  data: { hash, roles: ROLES },
  methods,
  evaluation,
  twins: false,
})
const networks = [
  { id: 'hard-sharing', params: { epochs: 40, hidden: [8] } },
  { id: 'single-task-mlp', params: { epochs: 40, hidden: [8] } },
]
const only = async (lab: TestLab) => {
  const { workers } = await lab.call('lab.memory', {})
  expect(workers.length).toBe(1)
  return workers[0]
}

test('a second trial builds no graph and compiles nothing; a reopened workspace builds none either', async () => {
  const workspacePath = path.join(folder, 'programs.engram')
  let lab = await openLab({ workspacePath, workers: 1 })
  const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
  const first = await run(lab, spec(hash, { folds: 2 }, networks))
  expect(first.status).toBe('done')
  // Training and output of each method. Stacked networks are as many as there are tasks: two in every fold.
  const after = await only(lab)
  expect([after.graphs, after.made, after.sessions]).toEqual([4, 4, 4])
  expect((await run(lab, spec(hash, { folds: 3, seed: 5, seeds: 2 }, networks))).status).toBe('done')
  expect(await only(lab)).toMatchObject({ graphs: 4, made: 4 })
  const said = await eventsOf(lab, first.id)
  await lab.close()

  lab = await openLab({ workspacePath, workers: 1 })
  const again = await run(lab, spec(hash, { folds: 2 }, networks))
  expect(await only(lab)).toMatchObject({ graphs: 0, made: 4 })
  expect(await eventsOf(lab, again.id)).toEqual(said)
  await lab.close()

  // Damaged programs, and those of other code, are built anew.
  const db = new Database(workspacePath)
  expect(db.prepare('SELECT count(*) FROM programs').pluck().get()).toBe(4)
  db.exec(`UPDATE programs SET bytes = zeroblob(100) WHERE n = 1; UPDATE programs SET code = 'other' WHERE n = 2`)
  db.close()
  lab = await openLab({ workspacePath, workers: 1 })
  expect(await eventsOf(lab, (await run(lab, spec(hash, { folds: 2 }, networks))).id)).toEqual(said)
  expect((await only(lab)).graphs).toBe(2)
  await lab.close()
})

test('the rows of a fold are copied once per worker, however many methods and seeds learn from them', async () => {
  const copies = async (methods: object[], evaluation: object) => {
    const lab = await openLab({ workspacePath: path.join(folder, `copies${methods.length}.engram`), workers: 1 })
    const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
    expect((await run(lab, spec(hash, evaluation, methods))).status).toBe('done')
    const { copies } = await only(lab)
    await lab.close()
    return copies
  }
  const few = await copies([networks[0], { id: 'ridge' }], { folds: 3 })
  const many = [...networks, { id: 'ridge' }, { id: 'knn' }, { id: 'trace-norm' }, { id: 'mean' }]
  expect(await copies(many, { folds: 3, seeds: 3 })).toBe(few)
  // Networks: training, inner and test rows. Closed forms scale by training and inner rows together, so that these and
  // the test rows are theirs. On all rows nothing is tested.
  expect(few).toBe(3 * 5 + 3)
})

test('where memory is full a trial fails and says so, whatever rests is given back first, and the lab goes on', async () => {
  const open = (memoryLimit: number) =>
    openLab({ workspacePath: path.join(folder, `full${memoryLimit}.engram`), workers: 1, memoryLimit })
  const lab = await open(1)
  const { hash } = await lab.call('data.open', { files: [{ path: csv }] })
  const { status, runs } = await run(lab, spec(hash, { folds: 2 }, networks))
  expect(status).toBe('failed')
  for (const { error } of runs) {
    expect(error).toMatchObject({ code: 'memory-full', who: 'Training', rule: 'may take 0.0 GiB of memory.' })
    expect(error?.got).toMatch(/^\d+\.\d GiB taken already$/)
    expect(error?.remedy).toMatch(/fewer workers/)
  }
  expect(await lab.call('lab.memory', {})).toMatchObject({ limit: 1, workers: [{ sessions: 0 }] })
  expect((await lab.call('data.list', {})).datasets.length).toBe(1)
  await lab.close()
})
