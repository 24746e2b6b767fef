import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import type { Runtime, Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { referenceRuntime } from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { distance } from './distance.ts'
import { trainingFeeds, trainingProgram } from './training.ts'

const LAYERS = [6, 16, 8, 3]
const program = trainingProgram(LAYERS)
const feeds = (steps: number) => trainingFeeds(LAYERS, 100, steps, 16)
const run = async (runtime: Runtime, steps: number) => (await runtime.load(program)).run(feeds(steps))
const hash = (result: Record<string, Tensor>) => {
  const digest = createHash('sha256')
  for (const { data } of Object.values(result))
    digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return digest.digest('hex')
}
/**
 * The bits of 300 steps on WebAssembly, the same on every machine, and the processors that gave them. A new version of
 * the runtime, or of simplify, may change them; then saved WebAssembly runs can no longer be verified to the bit, and the
 * CHANGELOG says so. Who sees them on another processor adds it.
 */
const WASM_300_STEPS = {
  hash: 'f7a45cedd3646f73a31c13f78d47daf9909f37598653ac470016aecf36634546',
  seenOn: ['AMD EPYC, family 25, model 17 (Zen 4)', 'AMD EPYC, family 25, model 1 (Zen 3)'],
}

describe('training inside a loop', () => {
  it('native and wasm follow the reference', async () => {
    const wanted = await run(referenceRuntime(), 50)
    const losses = wanted.losses.data as Float64Array
    expect(losses.length).toBe(50)
    const mean = (from: number) => losses.slice(from, from + 10).reduce((a, b) => a + b) / 10
    expect(mean(40)).toBeLessThan(0.9 * mean(0))
    for (const kind of ['native', 'wasm'] as const) {
      const { runtime } = await openRuntime(kind)
      expect(runtime.kind).toBe(kind)
      // Adam divides small gradients by their own size, which magnifies the rounding of float32.
      expect(distance(await run(runtime, 50), wanted)).toBeLessThan(1e-4)
      await runtime.close()
    }
  })

  it('the number of steps is fed: 25 are the first half of 50, with one compilation', async () => {
    const { runtime } = await openRuntime('native')
    const session = await runtime.load(program)
    const whole = await session.run(feeds(50))
    const first = feeds(50)
    const batches = { shape: [25, 16], data: (first.batches.data as Int32Array).slice(0, 25 * 16) }
    const half = await session.run({ ...first, batches })
    expect(half.losses.shape).toEqual([25])
    expect([...(half.losses.data as Float32Array)]).toEqual([...(whole.losses.data as Float32Array).slice(0, 25)])
    await runtime.close()
  })

  it.each(['native', 'wasm', 'reference'] as const)('%s: a count may be computed, and may be zero', async (kind) => {
    const trips = e.input('trips', [], 'int64')
    const x = e.input('x', ['rows', 2])
    const { state, scan } = e.loop({
      count: trips,
      state: [x],
      body: (i, [s]) => ({ state: [e.mul(s, 2)], scan: [e.cast(i, 'float'), e.slice(s, 1, 0, 1), e.constant([1, 2])] }),
    })
    const [last, counted, firsts, fixed] = [...state, ...scan]
    const { runtime } = await openRuntime(kind)
    const session = await runtime.load(e.compile({ last, counted, firsts, fixed }))
    const at = (count: number) =>
      session.run({
        x: { shape: [1, 2], data: Float32Array.of(3, 4) },
        trips: { shape: [], data: Int32Array.of(count) },
      })
    const three = await at(3)
    expect([...three.last.data]).toEqual([24, 32])
    expect([...three.counted.data]).toEqual([0, 1, 2])
    expect([three.firsts.shape, [...three.firsts.data]]).toEqual([
      [3, 1, 1],
      [3, 6, 12],
    ])
    const none = await at(0)
    expect([...none.last.data]).toEqual([3, 4])
    expect([none.counted.shape, none.fixed.shape]).toEqual([[0], [0, 2]])
    await runtime.close()
  })

  it('native gives the same bits at every run, in every session and thread', async () => {
    const { runtime } = await openRuntime('native')
    const first = hash(await run(runtime, 300))
    expect(hash(await run(runtime, 300))).toBe(first)
    await runtime.close()
    const again = await openRuntime('native')
    expect(hash(await run(again.runtime, 300))).toBe(first)
    await again.runtime.close()
    expect(await inWorker('native')).toBe(first)
  })

  it('wasm gives the bits that are written here, in every thread', async () => {
    const { runtime } = await openRuntime('wasm')
    expect(hash(await run(runtime, 300))).toBe(WASM_300_STEPS.hash)
    await runtime.close()
    expect(await inWorker('wasm')).toBe(WASM_300_STEPS.hash)
  })
})

/** The hash of the same run, computed in a worker thread that ends by itself. */
function inWorker(kind: string): Promise<string> {
  const worker = new Worker(new URL('./trainingWorker.ts', import.meta.url), { workerData: kind })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
