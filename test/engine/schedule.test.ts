import { describe, expect, it } from 'vitest'
import * as e from '../../core/engine/index.ts'
import { clipByNorm, warmupCosine } from '../../core/nn/schedule.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'

describe.each(['reference', 'native', 'wasm'] as const)('inside a loop on %s', (kind) => {
  it('gradients are clipped to their length, and short ones stay', async () => {
    const { runtime } = await openRuntime(kind)
    const g = e.input('g', ['rows', 2])
    const { scan } = e.loop({
      count: 'rows',
      state: [e.constant(0)],
      body: (i, [s]) => ({ state: [s], scan: [clipByNorm(e.gather(g, i), 1)] }),
    })
    const feed = { shape: [3, 2], data: Float32Array.of(3, 4, 0.3, -0.4, 0, 0) }
    const { clipped } = await (await runtime.load(e.compile({ clipped: scan[0] }))).run({ g: feed })
    const wanted = [0.6, 0.8, 0.3, -0.4, 0, 0]
    wanted.forEach((v, k) => expect(Number(clipped.data[k])).toBeCloseTo(v, 6))
    await runtime.close()
  })

  it('the learning rate warms up and falls along a cosine', async () => {
    const { runtime } = await openRuntime(kind)
    const { scan } = e.loop({
      count: 12,
      state: [e.constant(0)],
      body: (i, [s]) => ({
        state: [s],
        scan: [warmupCosine(e.input('lr', []), e.add(e.cast(i, 'float'), 1), e.constant(4), e.constant(12))],
      }),
    })
    const { rate } = await (
      await runtime.load(e.compile({ rate: scan[0] }))
    ).run({ lr: { shape: [], data: Float32Array.of(2) } })
    const wanted = (t: number) => (t <= 4 ? t / 4 : 1) * (1 + Math.cos((Math.PI * Math.max(0, t - 4)) / 8))
    for (let t = 1; t <= 12; t++) expect(Number(rate.data[t - 1])).toBeCloseTo(wanted(t), 5)
    await runtime.close()
  })
})
