import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { Expr, Runtime, Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { distance } from './distance.ts'

/** Values and first and second derivatives by PyTorch in double precision (golden/engine/convolution.py). */
type Flat = { shape: number[]; data: number[] }
type Golden = { inputs: Record<string, Flat>; weights: Flat; y: Flat; first: Flat[]; second: Flat[] }
const golden = JSON.parse(
  readFileSync(new URL('../golden/engine/convolution.json', import.meta.url), 'utf8'),
) as Record<string, Golden>

const CASES: Record<string, (inputs: Record<string, Expr>) => Expr> = {
  plain: ({ x, w }) => e.conv2d(x, w),
  strided: ({ x, w }) => e.conv2d(x, w, { stride: 2, padding: 1 }),
  grouped: ({ x, w }) => e.conv2d(x, w, { groups: 2, padding: 1 }),
  maxPool: ({ x }) => e.maxPool2d(x, 2),
  meanPool: ({ x }) => e.meanPool2d(x, 3, 2),
  batchNorm: ({ x, g, b }) => e.batchNorm(x, g, b),
  layerNorm: ({ x, g, b }) => e.layerNorm(x, g, b),
  perTask: ({ x, w }) => e.conv2d(x, w, { padding: 1 }),
  perTaskGrouped: ({ x, w }) => e.conv2d(x, w, { groups: 2 }),
}
const tensor = ({ shape, data }: Flat): Tensor => ({ shape, data: Float64Array.from(data) })

describe('convolution, pooling and normalisation equal PyTorch, to the second derivative', () => {
  const open: Runtime[] = []
  afterAll(async () => {
    for (const runtime of open) await runtime.close()
  })
  it('there is a golden figure for every case', () => expect(Object.keys(CASES)).toEqual(Object.keys(golden)))

  for (const kind of ['reference', 'native', 'wasm'] as const)
    for (const [name, make] of Object.entries(CASES))
      it.each(['fixed', 'fed'])(`${name} on ${kind}, %s batch`, async (batch) => {
        const { inputs, weights, y: wantedY, first, second } = golden[name]
        // A fed batch has a symbol for its first axis; weights of their own have it too.
        const symbolic = (key: string, shape: number[]) =>
          batch === 'fed' && (key === 'x' || shape.length === 5) ? ['n', ...shape.slice(1)] : shape
        const named = Object.fromEntries(
          Object.entries(inputs).map(([key, { shape }]) => [key, e.input(key, symbolic(key, shape))]),
        )
        const xs = Object.values(named)
        const y = make(named)
        const loss = e.sum(e.mul(e.tanh(y), e.input('weights', y.shape)))
        const g = e.grad(loss, xs)
        const h = e.grad(
          g.map((s) => e.sum(e.square(s))).reduce((a, b) => e.add(a, b)),
          xs,
        )
        const outputs = Object.fromEntries([
          ['y', y],
          ...xs.flatMap((_, k) => [
            [`g${k}`, g[k]],
            [`h${k}`, h[k]],
          ]),
        ])
        const wanted = Object.fromEntries([
          ['y', tensor(wantedY)],
          ...xs.flatMap((_, k) => [
            [`g${k}`, tensor(first[k])],
            [`h${k}`, tensor(second[k])],
          ]),
        ])
        const feeds = Object.fromEntries(
          Object.entries({ ...inputs, weights }).map(([key, flat]) => [key, tensor(flat)]),
        )
        const { runtime } = await openRuntime(kind)
        open.push(runtime)
        const session = await runtime.load(e.compile(outputs as Record<string, Expr>))
        const got = await session.run(feeds)
        // Second derivatives where tanh is flat magnify the rounding of single precision.
        expect(distance(got, wanted as Record<string, Tensor>)).toBeLessThan(kind === 'reference' ? 1e-10 : 2e-4)
      })
})
