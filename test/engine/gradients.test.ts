import { describe, expect, it } from 'vitest'
import type { Expr, Tensor } from '../../core/engine/index.ts'
import { compile, referenceRuntime } from '../../core/engine/index.ts'
import { OPS } from '../../core/engine/ops.ts'
import { CASES } from './cases.ts'
import { derivatives } from './derivatives.ts'

const runtime = referenceRuntime()
async function values(outputs: Record<string, Expr>, feeds: Record<string, Tensor>, simplify: boolean) {
  const session = await runtime.load(compile(outputs, { simplify }))
  const result = await session.run(feeds)
  return Object.fromEntries(Object.entries(result).map(([name, { data }]) => [name, data as Float64Array]))
}

/** d of scalar `f` by each number of one feed: central differences. `loss` keeps the inputs in the program. */
async function differences(f: Expr, loss: Expr, feeds: Record<string, Tensor>, name: string): Promise<Float64Array> {
  const step = 1e-5
  const session = await runtime.load(compile({ f, loss }, { simplify: false }))
  const at = async (i: number, move: number) => {
    const data = Float64Array.from(feeds[name].data as Float64Array)
    data[i] += move
    const { f: out } = await session.run({ ...feeds, [name]: { ...feeds[name], data } })
    return out.data[0] as number
  }
  const out = new Float64Array(feeds[name].data.length)
  for (let i = 0; i < out.length; i++) out[i] = ((await at(i, step)) - (await at(i, -step))) / (2 * step)
  return out
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length)
  return Math.max(...Array.from(a, (v, i) => Math.abs(v - b[i]) / Math.max(1, Math.abs(b[i]))))
}

describe('first and second derivatives against finite differences', () => {
  it('there is a case for every operation', () => {
    expect(Object.keys(CASES).sort()).toEqual(Object.keys(OPS).sort())
    for (const [op, cases] of Object.entries(CASES)) expect(cases.length, op).toBeGreaterThan(0)
  })

  for (const [op, cases] of Object.entries(CASES))
    cases.forEach((example, k) => {
      it(`${op} ${k}`, async () => {
        const { floats, loss, first, slope, second, feeds } = derivatives(example)
        for (const simplify of [false, true]) {
          const got = await values(
            Object.fromEntries([
              ['loss', loss],
              ...first.map((g, i) => [`g${i}`, g]),
              ...second.map((h, i) => [`h${i}`, h]),
            ]),
            feeds,
            simplify,
          )
          for (const [i, own] of floats.entries()) {
            const { name } = own.attrs as { name: string }
            if (example.gradient === 'zero') {
              expect([...got[`g${i}`], ...got[`h${i}`]].every((v) => v === 0)).toBe(true)
              continue
            }
            expect(worst(got[`g${i}`], await differences(loss, loss, feeds, name)), 'first').toBeLessThan(1e-6)
            expect(worst(got[`h${i}`], await differences(slope, loss, feeds, name)), 'second').toBeLessThan(1e-6)
          }
        }
      })
    })
})
