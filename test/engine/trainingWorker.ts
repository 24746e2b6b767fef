import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { RuntimeKind } from '../../electron/lab/runtimes/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { trainingFeeds, trainingProgram } from './training.ts'

const layers = [6, 16, 8, 3]
const { runtime } = await openRuntime(workerData as RuntimeKind)
const session = await runtime.load(trainingProgram(layers))
const result = await session.run(trainingFeeds(layers, 100, 300, 16))
const digest = createHash('sha256')
for (const { data } of Object.values(result))
  digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
await runtime.close()
parentPort!.postMessage(digest.digest('hex'))
