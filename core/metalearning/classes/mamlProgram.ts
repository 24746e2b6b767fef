import {
  add,
  broadcastTo,
  cast,
  compile,
  flatten,
  gather,
  grad,
  input,
  logSoftmax,
  loop,
  matmul,
  mean,
  mul,
  neg,
  oneHot,
  reshape,
  softmax,
  stopGradient,
  sub,
  sum,
  unflatten,
} from '../../engine/index.ts'
import type { Dim, Expr, Program } from '../../engine/index.ts'
import { adam } from '../../nn/adam.ts'
import { bodyForward, bodyShapes, bodyWidth } from './body.ts'
import type { Body, Statistics } from './body.ts'

/**
 * MAML on classes: a body with batch norm and a linear last layer,
 *   theta_t = theta - a grad L_t^support(theta)         (each task's own, `steps` times)
 *   theta <- Adam(theta, grad_theta mean_t L_t^query(theta_t))
 * with L the mean log loss. In meta-training support and query rows are normalised each among themselves, as in the
 * paper, or (`perQuery`) query rows by the support rows' statistics.
 */
export type Classifier = { body: Body; ways: number }
export type Episode = { tasks: number; shots: number; queries: number }
export type InnerLoop = { steps: number; firstOrder: boolean; perQuery: boolean }

export const classifierShapes = ({ body, ways }: Classifier): number[][] => [
  ...bodyShapes(body),
  [bodyWidth(body), ways],
  [ways],
]
export const classifierSize = (c: Classifier): number =>
  classifierShapes(c).reduce((all, shape) => all + shape.reduce((size, dim) => size * dim, 1), 0)

type Scores = { z: Expr; statistics: Statistics[] }

/** z [task, row, way]. */
function scores({ body }: Classifier, pieces: readonly Expr[], x: Expr, given: Statistics[] | null = null): Scores {
  const { h, statistics } = bodyForward(body, pieces, x, { given })
  const [weights, bias] = pieces.slice(-2)
  const wide = bias.shape.length === 1 ? bias : reshape(bias, [bias.shape[0], 1, bias.shape[1]])
  return { z: add(matmul(h, weights), wide), statistics }
}

/** Log loss of each row, [task, row]. y [task, row] the index of the way. */
const rowLoss = (z: Expr, y: Expr): Expr =>
  neg(sum(mul(logSoftmax(z), oneHot(cast(y, 'int64'), z.shape[2] as number)), [2]))

/** Each task's own copy of the pieces, `steps` gradient steps further on its support rows. */
function adapted(
  c: Classifier,
  pieces: readonly Expr[],
  x: Expr,
  y: Expr,
  rate: Expr,
  { steps, firstOrder }: InnerLoop,
) {
  const [tasks, shots] = x.shape as [Dim, number]
  let fast = pieces.map((piece) =>
    broadcastTo(reshape(piece, [1, ...(piece.shape as number[])]), [tasks, ...(piece.shape as number[])]),
  )
  for (let k = 0; k < steps; k++) {
    // The sum over tasks of each task's mean: no task's loss depends on another's pieces.
    const slopes = grad(mul(1 / shots, sum(rowLoss(scores(c, fast, x).z, y))), fast)
    fast = fast.map((piece, i) => sub(piece, mul(rate, firstOrder ? stopGradient(slopes[i]) : slopes[i])))
  }
  return fast
}

function queryScores(c: Classifier, fast: readonly Expr[], sx: Expr, qx: Expr, perQuery: boolean): Expr {
  return scores(c, fast, qx, perQuery ? scores(c, fast, sx).statistics : null).z
}

/**
 * in: theta, m, v [param]; t, innerLr; lr [step]; supportX [step, task, shot, input], supportY [step, task, shot], queryX,
 *     queryY. out: theta1, m1, v1; loss [step] of the query rows after the inner steps
 */
export function mamlTrainingProgram(c: Classifier, { tasks, shots, queries }: Episode, inner: InnerLoop): Program {
  const shapes = classifierShapes(c)
  const width = c.body.input.reduce((all, dim) => all * dim, 1)
  const side = (name: string, rows: number): [Expr, Expr] => [
    input(`${name}X`, ['steps', tasks, rows, width]),
    input(`${name}Y`, ['steps', tasks, rows]),
  ]
  const [support, query] = [side('support', shots), side('query', queries)]
  const [t, lr, innerLr] = [input('t', []), input('lr', ['steps']), input('innerLr', [])]
  const { state, scan } = loop({
    count: 'steps',
    state: ['theta', 'm', 'v'].map((name) => input(name, [classifierSize(c)])),
    body(i, [theta, m, v]) {
      const [sx, sy, qx, qy] = [...support, ...query].map((all) => gather(all, i))
      const pieces = unflatten(theta, shapes)
      const fast = adapted(c, pieces, sx, sy, innerLr, inner)
      const loss = mean(rowLoss(queryScores(c, fast, sx, qx, inner.perQuery), qy))
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

/**
 * in: theta; innerLr; supportX [task, shot, input], supportY [task, shot], queryX [task, query, input].
 * out: said [task, query, way], probabilities after `inner.steps` steps
 */
export function mamlAnswerProgram(c: Classifier, { tasks, shots, queries }: Episode, inner: InnerLoop): Program {
  const width = c.body.input.reduce((all, dim) => all * dim, 1)
  const sx = input('supportX', [tasks, shots, width])
  const sy = input('supportY', [tasks, shots])
  const qx = input('queryX', [tasks, queries, width])
  const pieces = unflatten(input('theta', [classifierSize(c)]), classifierShapes(c))
  const fast = adapted(c, pieces, sx, sy, input('innerLr', []), { ...inner, firstOrder: true })
  return compile({ said: softmax(queryScores(c, fast, sx, qx, inner.perQuery)) })
}
