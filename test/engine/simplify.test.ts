import { describe, expect, it } from 'vitest'
import type { Expr, Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { topological } from '../../core/engine/expr.ts'
import { distance } from './distance.ts'
import { golden } from './golden.ts'
import { forward } from './training.ts'

const run = async (outputs: Record<string, Expr>, feeds: Record<string, Tensor>, simplify: boolean) =>
  (await e.referenceRuntime().load(e.compile(outputs, { simplify }))).run(feeds)
const nodes = (expr: Expr) => topological([expr]).map((node) => node.op)
const simple = (y: Expr) => e.simplify({ y }).y

const x = e.input('x', ['rows', 3])
const w = e.input('w', [3, 4])

describe('simplify', () => {
  it('keeps golden graphs', () => {
    const b = e.input('b', [4])
    const y = e.input('y', ['rows', 2])
    const pieces = [w, b, e.input('u', [4, 2]), e.input('c', [2])]
    const loss = e.mean(e.square(e.sub(forward(pieces, x, e.tanh as (x: Expr) => Expr), y)))
    const gradients = Object.fromEntries(e.grad(loss, pieces).map((g, k) => [`g${k}`, g]))
    golden('mlp-gradient', { loss, ...gradients })

    const inner = e.mean(e.square(e.matmul(x, w)))
    const [step] = e.grad(inner, [w])
    const outer = e.mean(e.square(e.matmul(x, e.sub(w, e.mul(0.1, step)))))
    golden('second-order', { outer, g: e.grad(outer, [w])[0] })

    const descent = e.loop({
      count: 'steps',
      state: [w],
      body(i, [now]) {
        const rows = e.gather(e.input('batches', ['steps', 5], 'int64'), i)
        const scaled = e.mul(x, e.add(1, 1))
        const cost = e.mean(e.square(e.matmul(e.gather(scaled, rows), now)))
        return { state: [e.sub(now, e.mul(0.1, e.grad(cost, [now])[0]))], scan: [cost] }
      },
    })
    const drive = e.input('drive', ['steps', 2, 4])
    const u = e.input('u', [4, 4])
    const recurrent = e.loop({
      count: 'steps',
      state: [e.constant(new Float64Array(8), [2, 4])],
      body(i, [h]) {
        const next = e.tanh(e.add(e.gather(drive, i), e.matmul(h, u)))
        return { state: [next], scan: [next] }
      },
    })
    const [du, dDrive] = e.grad(e.sum(e.square(recurrent.scan[0])), [u, drive])
    golden('recurrent', { du, dDrive })
    golden('loop', { w1: descent.state[0], costs: descent.scan[0] })
  })

  it('chooses how products are grouped: low-rank MAML and low-rank adapters by one rule', async () => {
    // One step of second-order MAML on one layer: the fast weights of each task are never formed.
    const [xs, xq] = ['xs', 'xq'].map((name) => e.input(name, ['tasks', 5, 64]))
    const [u, ys, yq] = [e.input('u', [64, 48]), ...['ys', 'yq'].map((name) => e.input(name, ['tasks', 5, 48]))]
    const wide = e.broadcastTo(u, ['tasks', 64, 48])
    const miss = (own: Expr, at: Expr, truth: Expr) => e.sum(e.square(e.sub(e.tanh(e.matmul(at, own)), truth)))
    const fast = e.sub(wide, e.mul(0.1, e.grad(miss(wide, xs, ys), [wide])[0]))
    const outer = miss(fast, xq, yq)
    const maml = { outer, g: e.grad(outer, [u])[0] }
    golden('maml', maml)
    const shapes = (roots: Record<string, Expr>) =>
      topological(Object.values(e.simplify(roots))).map(({ shape }) => shape.join())
    expect(topological(Object.values(maml)).map(({ shape }) => shape.join())).toContain('tasks,64,48')
    expect(shapes(maml)).not.toContain('tasks,64,48')

    // First-order: where gradients end is nothing to the algebra once they are taken.
    const slope = e.stopGradient(e.grad(miss(wide, xs, ys), [wide])[0])
    const short = miss(e.sub(wide, e.mul(0.1, slope)), xq, yq)
    const firstOrder = { outer: short, g: e.grad(short, [u])[0] }
    golden('first-order-maml', firstOrder)
    expect(shapes(firstOrder)).not.toContain('tasks,64,48')

    // A layer with a low-rank adapter: x (W + a P Q).
    const [base, p, q] = [e.input('base', [512, 512]), e.input('p', [512, 4]), e.input('q', [4, 512])]
    const adapter = { y: e.matmul(e.input('z', [32, 512]), e.add(base, e.mul(0.5, e.matmul(p, q)))) }
    golden('adapter', adapter)
    expect(shapes(adapter).filter((shape) => shape === '512,512').length).toBe(1)
    // Where the product is not thin the matrix is formed.
    const square = e.matmul(e.input('r', [64, 64]), e.input('t', [64, 48]))
    const thick = e.simplify({ y: e.matmul(e.input('z', [256, 64]), e.add(u, square)) })
    expect(topological(Object.values(thick)).filter(({ op }) => op === 'matmul').length).toBe(2)

    const data = (shape: number[]): Tensor => ({
      shape,
      data: Float64Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(3 * i + 1) / 4),
    })
    const feeds = {
      ...Object.fromEntries(['xs', 'xq'].map((name) => [name, data([3, 5, 64])])),
      ...Object.fromEntries(['ys', 'yq'].map((name) => [name, data([3, 5, 48])])),
      ...{ u: data([64, 48]), base: data([512, 512]), p: data([512, 4]), q: data([4, 512]), z: data([32, 512]) },
    }
    for (const outputs of [maml, firstOrder, adapter])
      expect(distance(await run(outputs, feeds, true), await run(outputs, feeds, false))).toBeLessThan(1e-12)
  })

  it('makes the heads of a network one batch, gradients included', async () => {
    const [width, own, heads, rows] = [16, 8, 4, 32]
    const shapes = [
      [6, width],
      [width],
      ...Array.from({ length: heads }, () => [[width, own], [own], [own, 1], [1]]).flat(),
    ]
    const theta = e.input('theta', [shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0)])
    const pieces = e.unflatten(theta, shapes)
    const [z0, y] = [e.input('z', [rows, 6]), e.input('y', [rows, heads])]
    const dense = (z: Expr, k: number) => e.add(e.matmul(z, pieces[k]), pieces[k + 1])
    const trunk = e.relu(dense(z0, 0))
    const losses = Array.from({ length: heads }, (_, h) => {
      const out = dense(e.relu(dense(trunk, 2 + 4 * h)), 4 + 4 * h)
      return e.mean(e.square(e.sub(out, e.slice(y, 1, h, h + 1))))
    })
    const loss = losses.reduce((a, b) => e.add(a, b))
    const outputs = { loss, g: e.flatten(e.grad(loss, pieces)) }
    golden('heads', outputs)
    const products = (roots: Record<string, Expr>) =>
      topological(Object.values(roots)).filter(({ op }) => op === 'matmul').length
    expect(products(outputs)).toBe(2 + heads * 6)
    // The layer above the trunk, its gradients and those of the sums over rows: a number that heads do not change.
    expect(products(e.simplify(outputs))).toBeLessThan(14)
    const draw = (shape: number[], k: number): Tensor => ({
      shape,
      data: Float64Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(k + 3 * i * i)),
    })
    const feeds = { theta: draw(theta.shape as number[], 1), z: draw([rows, 6], 2), y: draw([rows, heads], 3) }
    expect(distance(await run(outputs, feeds, true), await run(outputs, feeds, false))).toBeLessThan(1e-12)
    // Heads of different sizes, and two alone, stay as they are.
    const two = [0, 1].map((h) => e.relu(e.matmul(trunk, pieces[2 + 4 * h])))
    expect(e.print(e.simplify({ y: e.concat(two, 1) }))).not.toContain('[2,')
  })

  it('takes neutral numbers, double signs and double transpositions away', () => {
    for (const y of [e.add(x, 0), e.mul(1, x), e.neg(e.neg(x)), e.div(x, 1), e.transpose(e.transpose(x)), e.sub(x, 0)])
      expect(nodes(simple(y))).toEqual(['input'])
    for (const y of [e.stopGradient(x), e.slice(x, 1, 0, 3), e.pad(x, 1, 0, 0)])
      expect(nodes(simple(y))).toEqual(['input'])
    expect(nodes(simple(e.add(x, e.neg(x))))).toEqual(['input', 'sub'])
  })

  it('computes constants, shares what is equal, and stretches nothing in vain', () => {
    expect(nodes(simple(e.mul(e.exp(e.constant(0)), x)))).toEqual(['input'])
    expect(nodes(simple(e.add(e.exp(x), e.exp(e.add(x, 0)))))).toEqual(['constant', 'input', 'exp', 'mul'])
    expect(nodes(simple(e.mul(e.broadcastTo(e.size('rows'), ['rows', 3]), x)))).toEqual(['size', 'input', 'mul'])
  })

  it('moves transpositions into products, and sums over rows onto products', () => {
    const y = e.transpose(e.matmul(e.transpose(w), e.transpose(x)))
    expect(nodes(simple(y)).filter((op) => op === 'transpose')).toEqual([])
    expect(nodes(simple(e.sum(x, [0])))).toContain('matmul')
    // Axes of size 1 are no matter.
    expect(nodes(simple(e.sum(e.input('b', [1, 5, 3, 4]), [1, 2], true)))).toContain('matmul')
  })

  it('moves work that is the same at every step in front of the loop', () => {
    const { state } = e.loop({ count: 3, state: [w], body: (_i, [s]) => ({ state: [e.add(s, e.sum(e.exp(x)))] }) })
    const loop = topological([simple(state[0])]).find((node) => node.op === 'loop')!
    expect(topological((loop.attrs as { outputs: Expr[] }).outputs).map((node) => node.op)).toEqual([
      'local',
      'local',
      'add',
    ])
  })

  it('changes no value', async () => {
    const data = (shape: number[]): Tensor => ({
      shape,
      data: Float64Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(3 * i + 1)),
    })
    const cost = e.sum(e.logSumExp(e.matmul(e.square(x), e.mul(2, e.mul(w, e.mean(x)))), [1]))
    const outputs = { cost, g: e.grad(cost, [w])[0], h: e.grad(e.sum(e.square(e.grad(cost, [x])[0])), [x])[0] }
    const feeds = { x: data([5, 3]), w: data([3, 4]) }
    expect(distance(await run(outputs, feeds, true), await run(outputs, feeds, false))).toBeLessThan(1e-12)
  })

  it('gives equal graphs equal keys, and different ones different keys', () => {
    const program = (scale: number) =>
      e.compile({ y: e.mul(scale, e.matmul(e.input('x', ['rows', 3]), e.input('w', [3, 4]))) })
    expect(program(2).key).toBe(program(2).key)
    expect(program(2).key).not.toBe(program(3).key)
    expect(program(2).onnx()).toEqual(program(2).onnx())
  })
})
