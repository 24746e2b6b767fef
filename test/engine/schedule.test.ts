import { describe, expect, it } from 'vitest'
import * as e from '../../core/engine/index.ts'
import { clipByNorm, scheduled, SCHEDULES } from '../../core/nn/schedule.ts'
import type { Course, ScheduleName } from '../../core/nn/schedule.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'

describe.each(['reference', 'native', 'wasm'] as const)('inside a loop on %s', (kind) => {
  it('gradients are clipped to their length, and short ones stay', async () => {
    const { runtime } = await openRuntime(kind)
    const g = e.input('g', ['rows', 2])
    const { scan } = e.loop({
      count: 'rows',
      state: [e.constant(0)],
      body: (i, [s]) => ({ state: [s], scan: [clipByNorm(e.gather(g, i), e.constant(1))] }),
    })
    const feed = { shape: [3, 2], data: Float32Array.of(3, 4, 0.3, -0.4, 0, 0) }
    const { clipped } = await (await runtime.load(e.compile({ clipped: scan[0] }))).run({ g: feed })
    const wanted = [0.6, 0.8, 0.3, -0.4, 0, 0]
    wanted.forEach((v, k) => expect(Number(clipped.data[k])).toBeCloseTo(v, 6))
    await runtime.close()
  })

  it('the learning rate rises, and then falls along a cosine or in steps', async () => {
    const { runtime } = await openRuntime(kind)
    const course = Object.fromEntries(
      ['rise', 'steps', 'every', 'logFactor'].map((name) => [name, e.input(name, [])]),
    ) as Course
    const { scan } = e.loop({
      count: 12,
      state: [e.constant(0)],
      body: (i, [s]) => ({
        state: [s],
        scan: SCHEDULES.map((name) =>
          e.add(e.mul(0, e.cast(i, 'float')), scheduled(name, e.input('lr', []), e.add(e.cast(i, 'float'), 1), course)),
        ),
      }),
    })
    const program = e.compile(Object.fromEntries(SCHEDULES.map((name, k) => [name, scan[k]])))
    const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) })
    const feeds = {
      lr: scalar(2),
      rise: scalar(4),
      steps: scalar(12),
      every: scalar(5),
      logFactor: scalar(Math.log(0.3)),
    }
    const out = await (await runtime.load(program)).run(feeds)
    const rise = (t: number) => Math.min(1, t / 4)
    const wanted: Record<ScheduleName, (t: number) => number> = {
      constant: () => 2,
      cosine: (t) => rise(t) * (1 + Math.cos((Math.PI * Math.max(0, t - 4)) / 8)),
      step: (t) => 2 * rise(t) * [1, 0.3, 0.09][Math.floor((t - 1) / 5)],
    }
    for (const name of SCHEDULES)
      for (let t = 1; t <= 12; t++)
        expect(Number(out[name].data[t - 1]), `${name} ${t}`).toBeCloseTo(wanted[name](t), 5)
    await runtime.close()
  })
})
