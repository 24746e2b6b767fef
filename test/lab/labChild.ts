import { createLab } from '../../electron/lab/service.ts'
import type { RuntimeKind } from '../../electron/lab/pool.ts'
import { ExperimentSpec } from '../../core/experiment.ts'

/**
 * A lab in a process of its own, made to be killed: opens the workspace, goes on with what is there (or runs the spec
 * that was given), and prints one JSON line for everything that the lab reports as saved. Ends when all is done.
 *   node labChild.ts WORKSPACE RUNTIME WORKERS SPEC
 */
const [workspacePath, runtime, workers, spec] = process.argv.slice(2)
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)

const lab = await createLab({
  workspacePath,
  host: 'desktop',
  runtime: runtime as RuntimeKind,
  workers: Number(workers),
  onNotice(notice) {
    if (notice.type === 'events') say({ run: notice.run, events: notice.events })
    if (notice.type === 'fault') say({ fault: notice.error })
  },
})
const { experiments } = await lab.call('experiment.list', {})
if (!experiments.length) {
  const { id } = await lab.call('experiment.run', { spec: ExperimentSpec.parse(JSON.parse(spec)) })
  say({ experiment: id })
}
for (;;) {
  const { experiments } = await lab.call('experiment.list', {})
  if (experiments.every(({ status }) => !['queued', 'running'].includes(status))) break
  await new Promise((resolve) => setTimeout(resolve, 50))
}
await lab.close()
say({ done: true })
