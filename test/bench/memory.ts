import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as e from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { trainingFeeds, trainingProgram } from './workload.ts'
import { mamlOmniglot, mamlSine } from './workloads/maml.ts'
import { multitask } from './workloads/multitask.ts'
import { rnn } from './workloads/rnn.ts'

/**
 * `node test/bench/memory.ts`: the memory of each workload of the benchmark, each in a process of its own on the native
 * runtime: MiB that came with the compiled program and three calls, at the most meanwhile and after them.
 */
const workloads = [mamlSine, mamlOmniglot, multitask, rnn].map((make) => make())
const MIB = 2 ** 20
const asked = process.argv[2]
if (asked === undefined)
  for (const { name } of workloads) {
    const args = ['--expose-gc', '--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), name]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${name}: ${stderr.slice(-500)}`)
    const { most, after, data } = JSON.parse(stdout) as { most: number; after: number; data: number }
    console.log(
      `${name}: at most ${most.toFixed(0)} MiB, then ${after.toFixed(0)} (its data and parameters: ${data.toFixed(1)})`,
    )
  }
else {
  const workload = workloads.find(({ name }) => name === asked)
  if (!workload) throw new Error(`no workload ${asked}`)
  const { runtime } = await openRuntime('native')
  const small = await runtime.load(e.compile({ y: e.neg(e.input('x', [1])) }))
  await small.run({ x: { shape: [1], data: Float32Array.of(1) } })
  global.gc?.()
  const before = process.memoryUsage().rss
  const program = trainingProgram(workload)
  const session = await runtime.load(program)
  const feeds = trainingFeeds(workload, 0, workload.steps)
  for (let k = 0; k < 3; k++) await session.run(feeds)
  global.gc?.()
  const after = (process.memoryUsage().rss - before) / MIB
  const most = (process.resourceUsage().maxRSS * 1024 - before) / MIB
  const data = Object.values(feeds).reduce((sum, { data: { byteLength } }) => sum + byteLength, 0) / MIB
  console.log(JSON.stringify({ most, after, data }))
  await runtime.close()
}
