import {
  add,
  cast,
  compile,
  concat,
  div,
  flatten,
  input,
  logSoftmax,
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
import { bodyForward, bodyShapes, inputWidth } from './body.ts'
import type { Body, Statistics } from './body.ts'
import { episodeProgram, sizeOf } from './episodeProgram.ts'
import type { Episode } from './episodeProgram.ts'

/**
 * Prototypical networks (Snell, Swersky, Zemel 2017): a body f maps rows to points; each class is the mean of its
 * support points, c_k = mean f(x_i), and a query row is of the nearest:
 *   p(k | x) = softmax_k( -|f(x) - c_k|^2 )
 * Batch norm takes the statistics of the whole episode while it learns, and those averaged over episodes afterwards, so
 * that the answer for a row does not lean on the rows asked with it.
 */
type Ways = Episode & { ways: number }

export const bodySize = (body: Body): number => sizeOf(bodyShapes(body))
const unitsOf = (body: Body) => body.layers.reduce((sum, units) => sum + units, 0)

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

/** `episodeProgram` of the query rows' loss, all rows of an episode normalised together. */
export function prototypeTraining(body: Body, { ways, ...episode }: Ways): Program {
  const { shots, queries } = episode
  return episodeProgram(
    bodyShapes(body),
    inputWidth(body),
    episode,
    (pieces, { supportX, supportY, queryX, queryY }) => {
      const { h } = bodyForward(body, pieces, concat([supportX, queryX], 1), { together: true })
      const close = closeness(slice(h, 1, 0, shots), supportY, slice(h, 1, shots, shots + queries), ways)
      return queryLoss(close, queryY, ways)
    },
  )
}

/** in: theta; x [row, input]. out: statistics, every layer's means, then every layer's variances */
export function statisticsProgram(body: Body, rows: number): Program {
  const pieces = unflatten(input('theta', [bodySize(body)]), bodyShapes(body))
  const x = reshape(input('x', [rows, inputWidth(body)]), [1, rows, inputWidth(body)])
  const { statistics } = bodyForward(body, pieces, x, { together: true })
  return compile({
    statistics: flatten([...statistics.map(({ mean: m }) => m), ...statistics.map(({ variance }) => variance)]),
  })
}

/** in: theta, statistics; supportX, supportY, queryX as above without steps. out: said [task, query, way] */
export function prototypeAnswer(body: Body, { tasks, shots, queries, ways }: Ways): Program {
  const pieces = unflatten(input('theta', [bodySize(body)]), bodyShapes(body))
  const units = body.layers.map((n) => [n])
  const parts = unflatten(input('statistics', [2 * unitsOf(body)]), [...units, ...units])
  const given: Statistics[] = units.map((_, l) => ({ mean: parts[l], variance: parts[units.length + l] }))
  const points = (name: string, rows: number) =>
    bodyForward(body, pieces, input(name, [tasks, rows, inputWidth(body)]), { given }).h
  const y = input('supportY', [tasks, shots])
  return compile({ said: softmax(closeness(points('supportX', shots), y, points('queryX', queries), ways).z) })
}
