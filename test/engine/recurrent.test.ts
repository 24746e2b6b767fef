import { describe, expect, it } from 'vitest'
import type { Expr, Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { numbers } from './cases.ts'
import { distance } from './distance.ts'

const fill = (shape: number[], seed: number, scale: number): Tensor => {
  const draw = numbers(seed)
  return { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => (2 * draw() - 1) * scale) }
}

/** The states of a tanh network: [step, row, unit]. Unrolled, or in a loop. */
function states(drive: Expr, w: Expr, steps: number, unroll: boolean): Expr {
  const shape = drive.shape.slice(1) as number[]
  const first = e.constant(new Float64Array(shape[0] * shape[1]), shape)
  const step = (h: Expr, i: Expr) => e.tanh(e.add(e.gather(drive, i), e.matmul(h, w)))
  if (!unroll)
    return e.loop({
      count: steps,
      state: [first],
      body(i, [h]) {
        const next = step(h, i)
        return { state: [next], scan: [next] }
      },
    }).scan[0]
  const all: Expr[] = []
  for (let t = 0; t < steps; t++) all.push(step(all.at(-1) ?? first, e.constant(t, [], 'int64')))
  return e.concat(
    all.map((h) => e.reshape(h, [1, ...shape])),
    0,
  )
}

describe('recurrent networks', () => {
  it.each(['reference', 'native', 'wasm'] as const)(
    'second order through 20 steps is that of the unrolled network, on %s',
    async (kind) => {
      const [drive, w] = [e.input('drive', [20, 3, 8]), e.input('w', [8, 8])]
      const outputs = (unroll: boolean) => {
        const loss = e.sum(e.square(states(drive, w, 20, unroll)))
        const [g, gDrive] = e.grad(loss, [w, drive])
        const [h, hDrive] = e.grad(e.add(e.sum(e.square(g)), e.sum(e.square(gDrive))), [w, drive])
        return { loss, g, gDrive, h, hDrive }
      }
      const feeds = { drive: fill([20, 3, 8], 1, 1), w: fill([8, 8], 2, 0.4) }
      const { runtime } = await openRuntime(kind)
      const run = async (unroll: boolean) => (await runtime.load(e.compile(outputs(unroll)))).run(feeds)
      expect(distance(await run(false), await run(true))).toBeLessThan(kind === 'reference' ? 1e-12 : 1e-5)
      await runtime.close()
    },
  )

  it('gradients added up inside the loop are those of collected rows, to the second order', async () => {
    const [steps, rows, units] = [260, 32, 64]
    const outputs = (count: number | string) => {
      const [drive, w, first] = [
        e.input('drive', [count, rows, 8]),
        e.input('w', [units, units]),
        e.input('first', [rows, units]),
      ]
      const u = e.input('u', [8, units])
      const { scan } = e.loop({
        count,
        state: [first],
        body(i, [h]) {
          const next = e.tanh(e.add(e.matmul(e.gather(drive, i), u), e.matmul(h, w)))
          return { state: [next], scan: [next] }
        },
      })
      const loss = e.sum(e.square(scan[0]))
      const [dw, du] = e.grad(loss, [w, u])
      return { dw, du, hw: e.grad(e.sum(e.square(dw)), [w])[0] }
    }
    // Where the number of steps is known to be large, totals are carried; else rows are collected.
    const states = (count: number | string) => e.print(e.simplify({ dw: outputs(count).dw })).match(/states: \d/g)
    expect([states(steps), states('steps')]).toEqual([
      ['states: 1', 'states: 3'],
      ['states: 1', 'states: 1'],
    ])
    const feeds = {
      ...{ drive: fill([steps, rows, 8], 1, 1), w: fill([units, units], 2, 0.05) },
      ...{ u: fill([8, units], 3, 0.3), first: fill([rows, units], 4, 1) },
    }
    const run = async (count: number | string) =>
      (await e.referenceRuntime().load(e.compile(outputs(count)))).run(feeds)
    expect(distance(await run(steps), await run('steps'))).toBeLessThan(1e-10)
  })

  it('256 units over 400 steps: at most 300 MiB more, and ready in 2 s of work', async () => {
    const [steps, rows, units] = [400, 64, 256]
    const { runtime } = await openRuntime('native')
    const [drive, w] = [e.input('drive', [steps, rows, units]), e.input('w', [units, units])]
    const feeds = { drive: fill([steps, rows, units], 1, 1), w: fill([units, units], 2, 0.06) }
    // The runtime itself is loaded before the clock starts.
    await runtime.load(e.compile({ y: e.neg(w) }))
    const before = process.memoryUsage().rss
    const start = process.cpuUsage()
    const loss = e.mean(e.square(states(drive, w, steps, false)))
    const session = await runtime.load(e.compile({ loss, g: e.grad(loss, [w])[0] }))
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1e6).toBeLessThan(2)
    let most = 0
    for (let k = 0; k < 3; k++) {
      const { g } = await session.run(feeds)
      expect(g.shape).toEqual([units, units])
      most = Math.max(most, process.memoryUsage().rss - before)
    }
    expect(most / 2 ** 20).toBeLessThan(300)
    if (process.env.SHOW) console.log('MiB', most / 2 ** 20, 'compile s', (user + system) / 1e6)
    await runtime.close()
  })
})
