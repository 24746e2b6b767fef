import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { setWorkerEntry } from '../../electron/lab/pool.ts'
import { openLab, ROLES, run, writeCsv } from './labs.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()

test('a thread that ends at one trial fails that trial, says so, and the others go on', async () => {
  setWorkerEntry(fileURLToPath(new URL('./fragileWorker.ts', import.meta.url)))
  const lab = await openLab({ workspacePath: path.join(folder, 'crash.engram') })
  const { hash } = await lab.call('data.open', { files: [{ path: writeCsv(folder) }] })
  const { runs, status } = await run(lab, {
    data: { hash, roles: ROLES },
    methods: [{ id: 'mean' }, { id: 'ridge' }],
    evaluation: { folds: 3 },
    twins: false,
  })
  expect(status).toBe('done')
  expect(runs.map((r) => [r.trial, r.status]).filter(([, how]) => how !== 'done')).toEqual([['mean/1/0.1', 'failed']])
  const failed = runs.find((r) => r.status === 'failed')!
  expect(failed.error).toMatchObject({ code: 'internal', got: 'internal: worker exited with code: 3' })
  const { events } = await lab.call('run.events', { run: failed.id })
  expect(events).toMatchObject([{ seq: 0, type: 'end', status: 'failed' }])
  await lab.close()
})
