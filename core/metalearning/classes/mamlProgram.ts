import {
  add,
  broadcastTo,
  cast,
  compile,
  grad,
  input,
  logSoftmax,
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
import { bodyForward, bodyShapes, bodyWidth, inputWidth } from './body.ts'
import type { Body, Statistics } from './body.ts'
import { episodeProgram, sizeOf } from './episodeProgram.ts'
import type { Episode } from './episodeProgram.ts'

/**
 * MAML on classes: a body with batch norm and a linear last layer,
 *   theta_t = theta - a grad L_t^support(theta)         (each task's own, `steps` times)
 *   theta <- Adam(theta, grad_theta mean_t L_t^query(theta_t))
 * with L the mean log loss. In meta-training support and query rows are normalised each among themselves, as in the
 * paper, or (`perQuery`) query rows by the support rows' statistics.
 */
export type Classifier = { body: Body; ways: number }
export type InnerLoop = { steps: number; firstOrder: boolean; perQuery: boolean }

export const classifierShapes = ({ body, ways }: Classifier): number[][] => [
  ...bodyShapes(body),
  [bodyWidth(body), ways],
  [ways],
]
export const classifierSize = (c: Classifier): number => sizeOf(classifierShapes(c))
const widthOf = ({ body }: Classifier): number => inputWidth(body)

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

/** `episodeProgram` of the query rows' loss after the inner steps; in also: innerLr */
export function mamlTrainingProgram(c: Classifier, episode: Episode, inner: InnerLoop): Program {
  const innerLr = input('innerLr', [])
  return episodeProgram(classifierShapes(c), widthOf(c), episode, (pieces, { supportX, supportY, queryX, queryY }) => {
    const fast = adapted(c, pieces, supportX, supportY, innerLr, inner)
    return mean(rowLoss(queryScores(c, fast, supportX, queryX, inner.perQuery), queryY))
  })
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
