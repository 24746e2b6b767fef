import {
  add,
  cast,
  compile,
  concat,
  div,
  flatten,
  gather,
  grad,
  input,
  logSoftmax,
  loop,
  matmul,
  maximum,
  minimum,
  mul,
  neg,
  oneHot,
  reshape,
  slice,
  softmax,
  square,
  sub,
  sum,
  transpose,
  unflatten,
} from '../../engine/index.ts'
import type { Expr, Program } from '../../engine/index.ts'
import { adam } from '../../nn/adam.ts'
import { bodyForward, bodyShapes } from './body.ts'
import type { Body, Statistics } from './body.ts'

/**
 * Prototypical networks (Snell, Swersky, Zemel 2017): a body f maps rows to points; each class is the mean of its
 * support points, c_k = mean f(x_i), and a query row is of the nearest:
 *   p(k | x) = softmax_k( -|f(x) - c_k|^2 )
 * Batch norm takes the statistics of the whole episode while it learns, and those averaged over episodes afterwards, so
 * that the answer for a row does not lean on the rows asked with it.
 */
type Episode = { tasks: number; shots: number; queries: number; ways: number }

const sizeOf = (shapes: number[][]) => shapes.reduce((all, shape) => all + shape.reduce((n, dim) => n * dim, 1), 0)
export const bodySize = (body: Body): number => sizeOf(bodyShapes(body))
const unitsOf = (body: Body) => body.layers.reduce((sum, units) => sum + units, 0)
const widthOf = (body: Body) => body.input.reduce((all, dim) => all * dim, 1)

/** Keeps classes without a labelled row out of the answer. */
const ABSENT = 1e6

/**
 * z [task, query, way]: minus the squared distance to each class's mean, but for |f(x)|^2, which all classes share.
 * present [task, 1, way]: 1 where a class has a labelled row.
 */
function closeness(support: Expr, y: Expr, query: Expr, ways: number): { z: Expr; present: Expr } {
  const member = oneHot(cast(y, 'int64'), ways)
  const count = sum(member, [1], true)
  const present = minimum(count, 1)
  const means = div(matmul(transpose(member, [0, 2, 1]), support), transpose(maximum(count, 1), [0, 2, 1]))
  const size = transpose(sum(square(means), [2], true), [0, 2, 1])
  const far = add(size, mul(ABSENT, sub(1, present)))
  return { z: sub(mul(2, matmul(query, transpose(means, [0, 2, 1]))), far), present }
}

/** Mean log loss of the query rows whose class has a labelled row. */
function queryLoss({ z, present }: { z: Expr; present: Expr }, y: Expr, ways: number): Expr {
  const own = mul(oneHot(cast(y, 'int64'), ways), present)
  return neg(div(sum(mul(logSoftmax(z), own)), maximum(sum(own), 1)))
}

/**
 * in: theta, m, v [param]; t; lr [step]; supportX [step, task, shot, input], supportY [step, task, shot], queryX, queryY.
 * out: theta1, m1, v1; loss [step]
 */
export function prototypeTraining(body: Body, { tasks, shots, queries, ways }: Episode): Program {
  const side = (name: string, rows: number): [Expr, Expr] => [
    input(`${name}X`, ['steps', tasks, rows, widthOf(body)]),
    input(`${name}Y`, ['steps', tasks, rows]),
  ]
  const all = [...side('support', shots), ...side('query', queries)]
  const [t, lr] = [input('t', []), input('lr', ['steps'])]
  const { state, scan } = loop({
    count: 'steps',
    state: ['theta', 'm', 'v'].map((name) => input(name, [bodySize(body)])),
    body(i, [theta, m, v]) {
      const [sx, sy, qx, qy] = all.map((x) => gather(x, i))
      const pieces = unflatten(theta, bodyShapes(body))
      const { h } = bodyForward(body, pieces, concat([sx, qx], 1), { together: true })
      const close = closeness(slice(h, 1, 0, shots), sy, slice(h, 1, shots, shots + queries), ways)
      const loss = queryLoss(close, qy, ways)
      const next = adam(
        { theta, m, v },
        flatten(grad(loss, pieces)),
        add(add(cast(i, 'float'), t), 1),
        gather(lr, i),
        null,
      )
      return { state: [next.theta, next.m, next.v], scan: [loss] }
    },
  })
  return compile({ theta1: state[0], m1: state[1], v1: state[2], loss: scan[0] })
}

/** in: theta; x [row, input]. out: statistics, every layer's means, then every layer's variances */
export function statisticsProgram(body: Body, rows: number): Program {
  const pieces = unflatten(input('theta', [bodySize(body)]), bodyShapes(body))
  const x = reshape(input('x', [rows, widthOf(body)]), [1, rows, widthOf(body)])
  const { statistics } = bodyForward(body, pieces, x, { together: true })
  return compile({
    statistics: flatten([...statistics.map(({ mean: m }) => m), ...statistics.map(({ variance }) => variance)]),
  })
}

/** in: theta, statistics; supportX, supportY, queryX as above without steps. out: said [task, query, way] */
export function prototypeAnswer(body: Body, { tasks, shots, queries, ways }: Episode): Program {
  const pieces = unflatten(input('theta', [bodySize(body)]), bodyShapes(body))
  const units = body.layers.map((n) => [n])
  const parts = unflatten(input('statistics', [2 * unitsOf(body)]), [...units, ...units])
  const given: Statistics[] = units.map((_, l) => ({ mean: parts[l], variance: parts[units.length + l] }))
  const points = (name: string, rows: number) =>
    bodyForward(body, pieces, input(name, [tasks, rows, widthOf(body)]), { given }).h
  const y = input('supportY', [tasks, shots])
  return compile({ said: softmax(closeness(points('supportX', shots), y, points('queryX', queries), ways).z) })
}
