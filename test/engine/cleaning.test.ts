import { expect, it } from 'vitest'
import type { Expr, Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { topological } from '../../core/engine/expr.ts'
import { golden } from './golden.ts'

/** What `simplify` takes away before any algebra: what is there twice, what is known already, what nobody reads. */
const x = e.input('x', ['rows', 3])
const w = e.input('w', [3, 4])

const tensor = (shape: number[], k: number): Tensor => ({
  shape,
  data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(3 * i + k)),
})
async function same(outputs: Record<string, Expr>, feeds: Record<string, Tensor>): Promise<void> {
  const run = async (simplify: boolean) =>
    (await e.referenceRuntime().load(e.compile(outputs, { simplify }))).run(feeds)
  const [before, after] = [await run(false), await run(true)]
  for (const name of Object.keys(outputs)) {
    expect(after[name].shape).toEqual(before[name].shape)
    const right = after[name].data as Float64Array
    ;(before[name].data as Float64Array).forEach((v, i) => expect(Math.abs(v - right[i])).toBeLessThan(1e-12))
  }
}
const count = (outputs: Record<string, Expr>, op: string) =>
  topological(Object.values(e.simplify(outputs))).filter((node) => node.op === op).length

it('equal expressions are computed once, however they came about and wherever they are read', async () => {
  const layer = () => e.tanh(e.matmul(x, w))
  const twice = e.loop({
    count: 3,
    state: [e.constant(0)],
    body: (i, [s]) => {
      const grown = () => e.mul(e.cast(i, 'float'), e.sum(layer()))
      return { state: [e.add(e.add(s, grown()), grown())], scan: [] }
    },
  })
  const outputs = {
    // Built apart, one of them with its operands the other way round inside a sum.
    y: e.add(e.mul(layer(), 2), e.exp(layer())),
    z: e.sum(layer()),
    w1: e.grad(e.sum(layer()), [w])[0],
    total: twice.state[0],
  }
  golden('cse', outputs)
  // The layer, its gradient, and none in the loop, which reads the layer from outside.
  expect(count(outputs, 'tanh')).toBe(1)
  expect(count(outputs, 'matmul')).toBe(2)
  await same(outputs, { x: tensor([5, 3], 1), w: tensor([3, 4], 2) })
})

it('what is known when a program is built is worked out then, in loops too', async () => {
  const two = e.sqrt(e.add(e.constant(1), e.constant(3)))
  const row = e.mul(e.constant([1, 2, 3]), two)
  const decayed = e.loop({
    count: 4,
    state: [x],
    body: (_, [s]) => ({ state: [e.mul(s, e.sub(e.constant(1), e.exp(e.log(e.constant(0.1)))))], scan: [] }),
  })
  const outputs = {
    y: e.add(e.mul(x, row), e.sum(e.square(row))),
    same: e.add(e.mul(x, 1), 0),
    decayed: decayed.state[0],
  }
  golden('folding', outputs)
  for (const op of ['sqrt', 'exp', 'log', 'sum']) expect(count(outputs, op), op).toBe(0)
  await same(outputs, { x: tensor([2, 3], 1) })
})

it('what nobody reads is not computed: outputs of a loop, states that feed nothing, and what they alone needed', async () => {
  const u = e.input('u', [4, 4])
  const { state, scan } = e.loop({
    count: 5,
    state: [e.matmul(x, w), e.constant(0), e.matmul(x, e.sin(w))],
    body: (i, [h, sum, unread]) => ({
      state: [e.tanh(e.matmul(h, u)), e.add(sum, e.cast(i, 'float')), e.matmul(e.cos(unread), u)],
      scan: [e.exp(unread), e.sum(h)],
    }),
  })
  const outputs = { h: state[0], sums: scan[1] }
  golden('dead-code', outputs)
  expect(e.print(e.simplify(outputs))).not.toMatch(/ (sin|cos|exp)\(/)
  await same(outputs, { x: tensor([2, 3], 1), w: tensor([3, 4], 2), u: tensor([4, 4], 3) })
})
