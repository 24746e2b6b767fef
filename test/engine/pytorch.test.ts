import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { Expr, Runtime, Tensor } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { distance } from './distance.ts'

/** Losses and gradients that PyTorch computed in double precision (golden/engine/pytorch.py). */
type Flat = { shape: number[]; data: number[] }
type Golden = {
  parameters: Record<string, Flat>
  data: Record<string, Flat>
  loss: number
  gradients: Record<string, number[]>
  innerLr?: number
  innerSteps?: number
}
const golden = JSON.parse(readFileSync(new URL('../golden/engine/pytorch.json', import.meta.url), 'utf8')) as Record<
  string,
  Golden
>
type Named = Record<string, Expr>

/** The same four losses, written with the engine. */
const LOSSES: Record<string, (p: Named, d: Named, g: Golden) => Expr> = {
  mlp(p, { x, y, mask }) {
    const z1 = e.relu(e.add(e.matmul(x, p.w1), p.b1))
    const z = e.tanh(e.add(e.matmul(z1, p.w2), p.b2))
    const heads = [0, 1, 2].map((h) => {
      const hidden = e.sigmoid(e.add(e.matmul(z, p[`v${h}`]), p[`c${h}`]))
      return e.add(e.matmul(hidden, p[`u${h}`]), p[`d${h}`])
    })
    const errors = e.mul(mask, e.square(e.sub(e.concat(heads, 1), y)))
    return e.mean(e.div(e.sum(errors, [0]), e.sum(mask, [0])))
  },
  crossEntropy(p, { x, label, yes, weights }) {
    const z = e.tanh(e.add(e.matmul(x, p.w1), p.b1))
    const likely = e.logSoftmax(e.add(e.matmul(z, p.v), p.c))
    const chosen = e.mul(e.oneHot(label, 4), weights)
    const many = e.neg(e.div(e.sum(e.mul(chosen, likely)), e.sum(chosen)))
    const logit = e.reshape(e.add(e.matmul(z, p.u), p.d), [30])
    // -w y log s(a) - (1 - y) log(1 - s(a)), with log s(a) = -softplus(-a)
    const positive = e.mul(e.mul(3, yes), e.softplus(e.neg(logit)))
    return e.add(many, e.mean(e.add(positive, e.mul(e.sub(1, yes), e.softplus(logit)))))
  },
  maml(p, { xs, ys, xq, yq }, { innerLr, innerSteps }) {
    const net = ([w1, b1, w2, b2, w3, b3]: Expr[], x: Expr) => {
      const z1 = e.tanh(e.add(e.matmul(x, w1), b1))
      return e.add(e.matmul(e.tanh(e.add(e.matmul(z1, w2), b2)), w3), b3)
    }
    const miss = (q: Expr[], x: Expr, y: Expr) => e.mean(e.square(e.sub(net(q, x), y)))
    const task = (x: Expr, t: number) => e.reshape(e.slice(x, 0, t, t + 1), [10, 1])
    const losses = Array.from({ length: 5 }, (_, t) => {
      let fast = Object.values(p)
      for (let k = 0; k < innerSteps!; k++) {
        const step = e.grad(miss(fast, task(xs, t), task(ys, t)), fast)
        fast = fast.map((own, i) => e.sub(own, e.mul(innerLr!, step[i])))
      }
      return miss(fast, task(xq, t), task(yq, t))
    })
    return e.mul(
      0.2,
      losses.reduce((a, b) => e.add(a, b)),
    )
  },
  rnn(p, { x, label }) {
    let h: Expr = e.constant(new Float64Array(8 * 16), [8, 16])
    const losses: Expr[] = []
    for (let t = 0; t < 25; t++) {
      const [now, wanted] = [e.gather(x, e.constant(t, [], 'int64')), e.gather(label, e.constant(t, [], 'int64'))]
      h = e.tanh(e.add(e.add(e.matmul(now, p.wx), e.matmul(h, p.wh)), p.b))
      const likely = e.logSoftmax(e.add(e.matmul(h, p.wo), p.bo))
      losses.push(e.neg(e.mul(1 / 8, e.sum(e.mul(e.oneHot(wanted, 3), likely)))))
    }
    return e.mul(
      1 / 25,
      losses.reduce((a, b) => e.add(a, b)),
    )
  },
}

/** The same recurrent network, its steps in a loop: the gradient is a loop too. */
function rnnInLoop(p: Named, { x, label }: Named): Expr {
  const { scan } = e.loop({
    count: 25,
    state: [e.constant(new Float64Array(8 * 16), [8, 16])],
    body(i, [before]) {
      const h = e.tanh(e.add(e.add(e.matmul(e.gather(x, i), p.wx), e.matmul(before, p.wh)), p.b))
      const likely = e.logSoftmax(e.add(e.matmul(h, p.wo), p.bo))
      return { state: [h], scan: [e.sum(e.mul(e.oneHot(e.gather(label, i), 3), likely))] }
    },
  })
  return e.mul(-1 / (25 * 8), e.sum(scan[0]))
}

function program(name: string) {
  const g = golden[name === 'rnnInLoop' ? 'rnn' : name]
  const inputs = (flats: Record<string, Flat>) =>
    Object.fromEntries(
      Object.entries(flats).map(([key, { shape }]) => [key, e.input(key, shape, key === 'label' ? 'int64' : 'float')]),
    )
  const p = inputs(g.parameters)
  const loss = name === 'rnnInLoop' ? rnnInLoop(p, inputs(g.data)) : LOSSES[name](p, inputs(g.data), g)
  const gradients = e.grad(loss, Object.values(p))
  const outputs = { loss, ...Object.fromEntries(Object.keys(p).map((key, k) => [`d_${key}`, gradients[k]])) }
  const feeds = Object.fromEntries(
    Object.entries({ ...g.parameters, ...g.data }).map(([key, { shape, data }]): [string, Tensor] => [
      key,
      { shape, data: key === 'label' ? Int32Array.from(data) : Float64Array.from(data) },
    ]),
  )
  const wanted: Record<string, Tensor> = { loss: { shape: [], data: Float64Array.of(g.loss) } }
  for (const [key, data] of Object.entries(g.gradients))
    wanted[`d_${key}`] = { shape: g.parameters[key].shape, data: Float64Array.from(data) }
  return { outputs, feeds, wanted }
}

const TOLERANCE = { reference: 1e-9, native: 1e-5, wasm: 1e-5 }
describe('losses and gradients equal PyTorch in double precision', () => {
  const open: Runtime[] = []
  afterAll(async () => {
    for (const runtime of open) await runtime.close()
  })
  for (const kind of ['reference', 'native', 'wasm'] as const)
    for (const name of [...Object.keys(LOSSES), 'rnnInLoop'])
      it(`${name} on ${kind}`, async () => {
        const { runtime, reason } = await openRuntime(kind)
        expect(reason).toBeNull()
        open.push(runtime)
        const { outputs, feeds, wanted } = program(name)
        for (const simplify of [true, false]) {
          const session = await runtime.load(e.compile(outputs, { simplify }))
          expect(distance(await session.run(feeds), wanted)).toBeLessThan(TOLERANCE[kind])
        }
      })
})
