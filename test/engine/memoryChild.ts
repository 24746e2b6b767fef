import { add, compile, input, loop, matmul, mul, tanh } from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'

/**
 * Memory of a process that runs natively: `calls` runs of one program, then `sessions` different programs loaded, run
 * and released, then rest. Prints the resident MiB at each point as JSON.
 */
const [calls, sessions] = process.argv.slice(2).map(Number)
const IDLE_MS = 300
const { runtime } = await openRuntime('native', { idle: IDLE_MS })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const settled = async () => {
  for (let k = 0; k < 3; k++) {
    globalThis.gc?.()
    await pause(50)
  }
  return process.memoryUsage.rss() / 2 ** 20
}

/** 64 rows through a layer of 128 units, `rounds` times over: the scale tells programs apart. */
function program(scale: number) {
  const x = input('x', [64, 128])
  const w = input('w', [128, 128])
  const { state } = loop({
    count: 4,
    state: [x],
    body: (_, [h]) => ({ state: [tanh(add(mul(scale, matmul(h, w)), x))] }),
  })
  return compile({ y: state[0] })
}
const feeds = {
  x: { shape: [64, 128], data: new Float32Array(64 * 128).fill(0.1) },
  w: { shape: [128, 128], data: new Float32Array(128 * 128).fill(0.01) },
}

const once = await runtime.load(program(1))
for (let k = 0; k < Math.min(500, calls); k++) await once.run(feeds)
const begun = await settled()
for (let k = 0; k < calls; k++) await once.run(feeds)
const called = await settled()
for (let k = 0; k < sessions; k++) {
  const session = await runtime.load(program(1 + k / 1000))
  await session.run(feeds)
  await session.release()
}
const most = runtime.sessions?.() ?? null
const loaded = await settled()
// All of it rests.
await pause(4 * IDLE_MS)
const rested = await settled()
const awake = runtime.sessions?.().awake ?? null
console.log(JSON.stringify({ begun, called, loaded, rested, made: most?.made, awake }))
await runtime.close()
