import { afterAll, describe, expect, it } from 'vitest'
import type { Runtime, Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'

const SIZE = 4096
/** Four steps of noise inside a loop, of fixed and of fed size. */
const program = (() => {
  const seed = e.input('seed', [])
  const rows = e.input('rows', ['rows'])
  const { scan } = e.loop({
    count: 4,
    state: [e.constant(0)],
    body(i, [s]) {
      const key = e.noiseKey(seed, e.cast(i, 'float'))
      return {
        state: [s],
        scan: [
          e.uniform([SIZE], key, 0),
          e.uniform(['rows', 3], key, 1),
          e.normal([SIZE], key, 2),
          e.dropout(rows, 0.25, key, 3),
        ],
      }
    },
  })
  return e.compile({ u: scan[0], byRow: scan[1], z: scan[2], dropped: scan[3] })
})()

describe('noise', () => {
  const open: Runtime[] = []
  afterAll(async () => {
    for (const runtime of open) await runtime.close()
  })
  const run = async (kind: 'native' | 'wasm' | 'reference', seed: number) => {
    const { runtime } = await openRuntime(kind)
    open.push(runtime)
    const feeds: Record<string, Tensor> = {
      seed: { shape: [], data: Float32Array.of(seed) },
      rows: { shape: [1000], data: new Float32Array(1000).fill(1) },
    }
    const out = await (await runtime.load(program)).run(feeds)
    return Object.fromEntries(
      Object.entries(out).map(([name, { data }]) => [name, Float64Array.from(data as Float32Array)]),
    )
  }

  it('is the same on every runtime, to the bit', async () => {
    const [reference, native, wasm] = [await run('reference', 7), await run('native', 7), await run('wasm', 7)]
    for (const other of [native, wasm]) {
      for (const name of ['u', 'byRow'] as const)
        expect(
          other[name].every((v, i) => v === Math.fround(reference[name][i])),
          name,
        ).toBe(true)
      expect(Math.max(...other.z.map((v, i) => Math.abs(v - reference.z[i])))).toBeLessThan(1e-5)
      expect(other.dropped.every((v, i) => v === Math.fround(reference.dropped[i]))).toBe(true)
    }
  })

  it('is uniform, normal, and unlike from place to place, step to step and seed to seed', async () => {
    const [{ u, z, dropped }, other] = [await run('reference', 7), await run('reference', 8)]
    const cells = new Array<number>(64).fill(0)
    for (const v of u) {
      expect(v > 0 && v < 1).toBe(true)
      cells[Math.floor(64 * v)]++
    }
    // 63 degrees of freedom: 0.1% lie above 103.4, 0.1% below 32.0.
    const chi = cells.reduce((sum, n) => sum + (n - u.length / 64) ** 2 / (u.length / 64), 0)
    expect(chi).toBeLessThan(103.4)
    expect(chi).toBeGreaterThan(32)
    const correlation = (a: Float64Array, b: Float64Array) =>
      (12 * a.reduce((sum, v, i) => sum + (v - 0.5) * (b[i] - 0.5), 0)) / a.length
    // Four standard errors.
    const most = (n: number) => 4 / Math.sqrt(n)
    for (const lag of [1, 2, 3, 64, 128, 4096])
      expect(Math.abs(correlation(u.slice(lag), u.slice(0, -lag))), `lag ${lag}`).toBeLessThan(most(u.length - lag))
    expect(Math.abs(correlation(u, other.u))).toBeLessThan(most(u.length))
    const mean = z.reduce((a, b) => a + b) / z.length
    const moment = (k: number) => z.reduce((sum, v) => sum + (v - mean) ** k, 0) / z.length
    expect(Math.abs(mean)).toBeLessThan(most(z.length))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(most(z.length) * Math.SQRT2)
    expect(Math.abs(moment(4) - 3)).toBeLessThan(most(z.length) * Math.sqrt(96))
    const lost = dropped.filter((v) => v === 0).length / dropped.length
    expect(Math.abs(lost - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / dropped.length))
    expect(dropped.every((v) => v === 0 || v === 1 / 0.75)).toBe(true)
  })
})
