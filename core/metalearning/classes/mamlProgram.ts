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
import type { Expr, Program } from '../../engine/index.ts'
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

const widthOf = ({ body }: Classifier): number => body.input.reduce((all, dim) => all * dim, 1)

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

/** The sum over tasks of each task's mean loss of its rows: no task's loss depends on another's pieces. */
const supportLoss = (c: Classifier, pieces: readonly Expr[], x: Expr, y: Expr): Expr =>
  mul(1 / (x.shape[1] as number), sum(rowLoss(scores(c, pieces, x).z, y)))

/** Each task's own copy of the pieces, `steps` gradient steps further on its support rows; one rate, or each task's. */
function adapted(
  c: Classifier,
  pieces: readonly Expr[],
  x: Expr,
  y: Expr,
  rate: Expr,
  { steps, firstOrder }: Pick<InnerLoop, 'steps' | 'firstOrder'>,
) {
  const [tasks] = x.shape
  let fast = pieces.map((piece) =>
    broadcastTo(reshape(piece, [1, ...(piece.shape as number[])]), [tasks, ...(piece.shape as number[])]),
  )
  for (let k = 0; k < steps; k++) {
    const slopes = grad(supportLoss(c, fast, x, y), fast)
    fast = fast.map((piece, i) =>
      sub(piece, mul(ratesFor(rate, piece), firstOrder ? stopGradient(slopes[i]) : slopes[i])),
    )
  }
  return fast
}

/** [task] as [task, 1, ...]. */
const ratesFor = (rate: Expr, piece: Expr): Expr =>
  rate.shape.length ? reshape(rate, [rate.shape[0], ...piece.shape.slice(1).map(() => 1)]) : rate

function queryScores(c: Classifier, fast: readonly Expr[], sx: Expr, qx: Expr, perQuery: boolean): Expr {
  return scores(c, fast, qx, perQuery ? scores(c, fast, sx).statistics : null).z
}

/**
 * in: theta, m, v [param]; t, innerLr; lr [step]; supportX [step, task, shot, input], supportY [step, task, shot], queryX,
 *     queryY. out: theta1, m1, v1; loss [step] of the query rows after the inner steps
 */
export function mamlTrainingProgram(c: Classifier, { tasks, shots, queries }: Episode, inner: InnerLoop): Program {
  const shapes = classifierShapes(c)
  const width = widthOf(c)
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

/** Learned tasks: in theta; rates [task]; supportX [task, shot, input], supportY [task, shot]. */
function learned(c: Classifier, { tasks, shots }: Pick<Episode, 'tasks' | 'shots'>, steps: number) {
  const [x, y] = [input('supportX', [tasks, shots, widthOf(c)]), input('supportY', [tasks, shots])]
  const start = unflatten(input('theta', [classifierSize(c)]), classifierShapes(c))
  const fast = adapted(c, start, x, y, input('rates', [tasks]), { steps, firstOrder: true })
  return { x, y, start, fast }
}

/** in: as `learned`, and queryX [task, query, input]. out: said [task, query, way], probabilities after the steps */
export function mamlAnswerProgram(
  c: Classifier,
  { tasks, shots, queries }: Episode,
  inner: Pick<InnerLoop, 'steps' | 'perQuery'>,
): Program {
  const { x, fast } = learned(c, { tasks, shots }, inner.steps)
  const asked = input('queryX', [tasks, queries, widthOf(c)])
  return compile({ said: softmax(queryScores(c, fast, x, asked, inner.perQuery)) })
}

/** in: as `learned`. out: before, after [task]: each task's mean loss of its labelled rows at the start and after the steps */
export function mamlFitProgram(c: Classifier, rows: Pick<Episode, 'tasks' | 'shots'>, steps: number): Program {
  const { x, y, start, fast } = learned(c, rows, steps)
  const loss = (pieces: readonly Expr[]) => mean(rowLoss(scores(c, pieces, x).z, y), [1])
  return compile({ before: loss(start), after: loss(fast) })
}
