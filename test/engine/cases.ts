import type { Expr, Shape } from '../../core/engine/index.ts'
import * as e from '../../core/engine/index.ts'
import type { OpName } from '../../core/engine/ops.ts'
import type { Tensor } from '../../core/engine/runtime.ts'

/**
 * A case per operation, at least: a small graph around it. Tests check its derivatives against finite differences, its
 * runtimes against one another, and its file. The mapped type makes an operation without a case a type error.
 */
export type Case = {
  /** Row counts are symbols where the case says so, so that both kinds of shape are covered. */
  inputs: { shape: Shape; values: Float64Array | Int32Array }[]
  make(inputs: Expr[]): Expr
  /** `same`: derivatives are finite differences. `zero`: none flows, by definition. */
  gradient: 'same' | 'zero'
}

/** Sizes of the symbols that cases use. */
const SIZES: Record<string, number> = { rows: 3, batch: 2 }

/** The same numbers in every run: a 32-bit linear congruential generator. */
export function numbers(seed: number) {
  let x = seed >>> 0
  return () => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0) / 2 ** 32
}
const sizeOf = (shape: Shape): number[] => shape.map((dim) => (typeof dim === 'number' ? dim : SIZES[dim]))
const count = (shape: Shape) => sizeOf(shape).reduce((a, b) => a * b, 1)

/** Numbers away from 0 and from one another, so that no kink lies within a finite difference. */
function apart(shape: Shape, seed: number): Case['inputs'][number] {
  const draw = numbers(seed)
  const values = Float64Array.from({ length: count(shape) }, (_, i) =>
    Math.fround((0.15 + 0.013 * i + draw()) * (draw() < 0.5 ? -1 : 1)),
  )
  return { shape, values }
}
const positive = (shape: Shape, seed: number): Case['inputs'][number] => {
  const { values } = apart(shape, seed)
  return { shape, values: (values as Float64Array).map(Math.abs) }
}
const ints = (shape: Shape, ...values: number[]): Case['inputs'][number] => ({ shape, values: Int32Array.from(values) })

const one = (f: (x: Expr) => Expr, x = apart([2, 3], 5)): Case => ({
  inputs: [x],
  make: ([a]) => f(a),
  gradient: 'same',
})
const two = (f: (a: Expr, b: Expr) => Expr, a: Shape = ['rows', 4], b: Shape = [4]): Case => ({
  inputs: [apart(a, 7), positive(b, 8)],
  make: ([x, y]) => f(x, y),
  gradient: 'same',
})
const zero = (f: (x: Expr) => Expr): Case => ({ ...one(f), gradient: 'zero' })

export const CASES: { [K in OpName]: Case[] } = {
  input: [one((x) => x)],
  local: [
    {
      ...one((x) => e.loop({ count: 2, state: [x], body: (_i, [s]) => ({ state: [e.mul(s, 2)] }) }).state[0]),
      gradient: 'same',
    },
  ],
  constant: [
    one((x) => e.mul(x, e.constant([1, -2, 3]))),
    one((x) => e.sub(x, e.constant([0.1, 2, 3, 4, 5, 6, 7, 8], [4, 2, 1]))),
  ],
  range: [
    one((x) => e.mul(x, e.range(3))),
    one((x) => e.mul(x, e.reshape(e.range('2*rows'), ['rows', 2])), apart(['rows', 2], 1)),
  ],
  size: [
    one((x) => e.mul(x, e.size('rows')), apart(['rows', 2], 1)),
    one((x) => e.mul(x, e.size('rows')), apart([2, 'rows'], 1)),
  ],
  add: [two(e.add), two(e.add, [2, 1, 3], ['rows', 1])],
  sub: [two(e.sub), two(e.sub, [1], [2, 3])],
  mul: [two(e.mul), two(e.mul, [2, 1, 3], [4, 1])],
  div: [two(e.div), two(e.div, [2, 1, 3], [4, 1])],
  neg: [one(e.neg)],
  exp: [one(e.exp)],
  log: [one(e.log, positive([2, 3], 6))],
  sqrt: [one(e.sqrt, positive(['rows'], 6))],
  abs: [one(e.abs)],
  sign: [one((x) => e.mul(e.sign(x), x)), zero(e.sign)],
  floor: [zero((x) => e.floor(e.mul(x, 3))), one((x) => e.mul(x, e.floor(x)))],
  sin: [one(e.sin)],
  cos: [one(e.cos)],
  tanh: [one(e.tanh)],
  sigmoid: [one(e.sigmoid)],
  relu: [one(e.relu), one((x) => e.square(e.relu(x)))],
  softplus: [one(e.softplus), one((x) => e.softplus(e.add(x, e.constant([-200, 0, 200]))))],
  pow: [
    one((x) => e.pow(x, 3)),
    one((x) => e.pow(x, 2)),
    one((x) => e.pow(x, 0.5), positive([2, 2], 3)),
    one((x) => e.pow(x, -1)),
    one((x) => e.pow(x, -1.7), positive([2, 2], 3)),
  ],
  maximum: [two((a, b) => e.square(e.maximum(a, b)))],
  minimum: [two((a, b) => e.square(e.minimum(a, b)))],
  greater: [two((a, b) => e.where(e.greater(a, b), e.square(a), e.mul(a, b)))],
  equal: [
    {
      inputs: [apart([4], 2), ints([4], 1, 2, 1, 3), ints([2, 1], 1, 3)],
      make: ([x, a, b]) => e.where(e.equal(a, b), e.square(x), e.exp(x)),
      gradient: 'same',
    },
  ],
  where: [two((a, b) => e.where(e.greater(a, 0.3), e.mul(a, b), e.square(b)), ['rows', 4], [4])],
  cast: [
    zero((x) => e.cast(e.cast(x, 'int64'), 'float')),
    zero((x) => e.cast(e.cast(x, 'bool'), 'float')),
    one((x) => e.mul(x, e.cast(e.greater(x, 0), 'float'))),
  ],
  stopGradient: [zero(e.stopGradient)],
  transpose: [
    one((x) => e.square(e.transpose(x))),
    one((x) => e.square(e.transpose(x, [2, 0, 1])), apart([2, 'rows', 4], 4)),
  ],
  reshape: [
    one((x) => e.square(e.reshape(x, [3, 2]))),
    one((x) => e.square(e.reshape(x, ['2*rows', 2])), apart(['rows', 4], 4)),
    one((x) => e.square(e.reshape(x, ['batch', 1, 'rows'])), apart(['batch', 'rows'], 4)),
  ],
  broadcastTo: [
    one((x) => e.square(e.broadcastTo(x, [2, 2, 3]))),
    one((x) => e.square(e.broadcastTo(e.sum(x, [0], true), ['rows', 2])), apart(['rows', 2], 4)),
  ],
  slice: [one((x) => e.square(e.slice(x, 1, 1, 3))), one((x) => e.square(e.slice(x, 0, 0, 1)))],
  pad: [one((x) => e.exp(e.pad(x, -1, 2, 1))), one((x) => e.exp(e.pad(x, 0, 0, 3)))],
  reverse: [
    one((x) => e.mul(e.reverse(x), e.exp(x))),
    one((x) => e.exp(e.mul(e.reverse(x), x)), apart(['rows', 2], 4)),
  ],
  concat: [
    two((a, b) => e.square(e.concat([a, b, a], -1)), ['rows', 2], ['rows', 1]),
    two((a, b) => e.square(e.concat([a, b], 0)), [2, 2], [1, 2]),
  ],
  sum: [
    one((x) => e.square(e.sum(x))),
    one((x) => e.square(e.sum(x, [0])), apart(['rows', 2], 4)),
    one((x) => e.square(e.sum(x, [-2], true)), apart([2, 'rows', 2], 4)),
    one((x) => e.square(e.mean(x, [0, 2])), apart([2, 'rows', 2], 4)),
    one((x) => e.square(e.mean(x)), apart(['rows', 2], 4)),
  ],
  max: [
    one((x) => e.square(e.max(x, [1]))),
    one((x) => e.square(e.max(x))),
    one((x) => e.exp(e.max(x, [0, 2], true)), apart([2, 3, 2], 4)),
  ],
  logSumExp: [
    one((x) => e.logSumExp(x, [1], true)),
    one((x) => e.square(e.logSumExp(x))),
    one((x) => e.logSoftmax(e.add(x, e.constant([-200, 200, 201])))),
  ],
  softmax: [one((x) => e.softmax(x)), one((x) => e.square(e.softmax(x, 0)))],
  argMax: [zero((x) => e.cast(e.argMax(x), 'float')), zero((x) => e.cast(e.argMax(x, 1), 'float'))],
  matmul: [
    two(e.matmul, ['rows', 4], [4, 2]),
    two(e.matmul, [2, 'rows', 4], [4, 2]),
    two(e.matmul, ['rows', 4], [2, 4, 2]),
    two(e.matmul, [2, 1, 3, 2], [3, 2, 2]),
    two((a, b) => e.transpose(e.matmul(e.transpose(a), b)), [4, 'rows'], [4, 2]),
  ],
  gather: [
    {
      inputs: [apart(['rows', 2], 4), ints([4], 2, 0, 2, 1)],
      make: ([x, at]) => e.square(e.gather(x, at)),
      gradient: 'same',
    },
    { inputs: [apart([4, 2], 4), ints([], 3)], make: ([x, at]) => e.exp(e.gather(x, at)), gradient: 'same' },
    { inputs: [apart([4], 4), ints([2, 2], 3, 1, 1, 0)], make: ([x, at]) => e.exp(e.gather(x, at)), gradient: 'same' },
    {
      inputs: [apart([3, 4], 4), ints([3], 3, 0, 1)],
      make: ([x, at]) => e.sum(e.mul(e.oneHot(at, 4), e.logSoftmax(x)), [1]),
      gradient: 'same',
    },
  ],
  scatterAdd: [
    {
      inputs: [apart([4, 2], 4), ints([4], 2, 0, 2, 1)],
      make: ([x, at]) => e.square(e.scatterAdd(at, x, 3)),
      gradient: 'same',
    },
    {
      inputs: [apart(['rows', 2], 4), ints([2, 2], 1, 0, 1, 1), apart([2, 2], 3)],
      make: ([x, at, y]) => e.mul(x, e.reshape(e.scatterAdd(at, y, 'rows'), ['rows', 1])),
      gradient: 'same',
    },
  ],
  loop: [
    {
      inputs: [apart([2], 4), apart(['rows', 2], 5)],
      // Newton's square root of |x| + rows, with what each step had, and a gradient taken inside.
      make([x, data]) {
        const { state, scan } = e.loop({
          count: 'rows',
          state: [x, e.constant(0)],
          body(i, [s, sum]) {
            const [g] = e.grad(e.sum(e.mul(e.square(s), e.gather(data, i))), [s])
            const next = e.sub(e.mul(s, 0.9), e.mul(e.exp(e.mul(e.cast(i, 'float'), -1)), g))
            return { state: [next, e.add(sum, e.sum(e.square(data)))], scan: [s, e.cast(i, 'float'), e.constant(2)] }
          },
        })
        return e.concat(
          [...state, ...scan].map((part) => e.reshape(e.sum(e.square(part)), [1])),
          0,
        )
      },
      gradient: 'same',
    },
    {
      inputs: [apart([2, 2], 4)],
      // A loop in a loop, and a state that nothing changes.
      make([x]) {
        const outer = e.loop({
          count: 2,
          state: [x, e.constant(1)],
          body(i, [s, same]) {
            const inner = e.loop({
              count: 3,
              state: [s],
              body: (j, [t]) => ({
                state: [e.tanh(e.add(e.matmul(t, s), e.mul(e.cast(i, 'float'), e.cast(j, 'float'))))],
                scan: [e.sum(t)],
              }),
            })
            return { state: [inner.state[0], same], scan: [inner.scan[0], s] }
          },
        })
        return e.concat(
          [...outer.state, ...outer.scan].map((part) => e.reshape(e.sum(e.exp(part)), [1])),
          0,
        )
      },
      gradient: 'same',
    },
  ],
  part: [
    {
      inputs: [apart(['rows', 2], 4), apart([2, 2], 6)],
      // Scans of different weight at every step, an integer state, and a state that only feeds itself.
      make([x, w]) {
        const { state, scan } = e.loop({
          count: 'rows',
          state: [x, e.constant(0, [], 'int64'), e.constant(1)],
          body: (i, [s, n, alone]) => ({
            state: [e.tanh(e.matmul(s, w)), i, e.mul(alone, 2)],
            scan: [e.mul(e.sum(s, [1]), e.cast(n, 'float')), s],
          }),
        })
        return e.add(
          e.mul(e.reshape(e.sum(scan[0], [0]), ['rows', 1]), state[0]),
          e.square(e.gather(scan[1], e.constant(1, [], 'int64'))),
        )
      },
      gradient: 'same',
    },
  ],
}

/** The case's graph with named inputs x0, x1, ... and its feeds. */
export function build(example: Case): { x: Expr[]; y: Expr; feeds: Record<string, Tensor> } {
  const isFloat = (values: Float64Array | Int32Array) => values instanceof Float64Array
  const x = example.inputs.map(({ shape, values }, k) => e.input(`x${k}`, shape, isFloat(values) ? 'float' : 'int64'))
  const feeds = Object.fromEntries(
    example.inputs.map(({ shape, values }, k) => [`x${k}`, { shape: sizeOf(shape), data: values }]),
  )
  return { x, y: example.make(x), feeds }
}

/** A scalar made of all elements of `y`, each with its own weight, so that errors cannot cancel. */
export function weighed(y: Expr, seed: number): Expr {
  const draw = numbers(seed)
  const weights = y.shape.map((dim) => {
    const size = typeof dim === 'number' ? dim : product(dim)
    return Array.from({ length: size }, () => 0.5 + draw())
  })
  let out = y
  for (const [axis, values] of weights.entries()) {
    const shape = y.shape.map((_, i) => (i === axis ? values.length : 1))
    // A symbol's weights are gathered by hand: a constant cannot have a symbolic size.
    const symbolic = typeof y.shape[axis] === 'string'
    out = e.mul(out, symbolic ? 0.7 : e.constant(values, shape))
  }
  return e.sum(out)
}
const product = (dim: string) => dim.split('*').reduce((a, f) => a * (/^\d+$/.test(f) ? Number(f) : SIZES[f]), 1)
