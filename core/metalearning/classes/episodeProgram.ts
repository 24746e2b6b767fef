import { add, cast, compile, flatten, gather, grad, input, loop, unflatten } from '../../engine/index.ts'
import type { Expr, Program } from '../../engine/index.ts'
import { adam } from '../../nn/adam.ts'
import { elementsOf } from '../../nn/plan.ts'

/** Tasks in each step, and rows of each task. */
export type Episode = { tasks: number; shots: number; queries: number }
/** Of the tasks of a step: rows [task, row, input] and the places of their classes [task, row]. */
export type EpisodeRows = { supportX: Expr; supportY: Expr; queryX: Expr; queryY: Expr }

export const sizeOf = (shapes: readonly number[][]): number => shapes.reduce((all, shape) => all + elementsOf(shape), 0)

/**
 * Many steps of Adam in one call, each along the gradient of the loss of its own episodes.
 *
 * in: theta, m, v [param]; t; lr [step]; supportX [step, task, shot, input], supportY [step, task, shot], queryX, queryY;
 *     and what `loss` asks for. out: theta1, m1, v1; loss [step]
 */
export function episodeProgram(
  shapes: number[][],
  width: number,
  { tasks, shots, queries }: Episode,
  loss: (pieces: Expr[], rows: EpisodeRows) => Expr,
): Program {
  const one = (name: string, ...rest: number[]) => input(name, ['steps', tasks, ...rest])
  const fed = [
    one('supportX', shots, width),
    one('supportY', shots),
    one('queryX', queries, width),
    one('queryY', queries),
  ]
  const [t, lr] = [input('t', []), input('lr', ['steps'])]
  const { state, scan } = loop({
    count: 'steps',
    state: ['theta', 'm', 'v'].map((name) => input(name, [sizeOf(shapes)])),
    body(i, [theta, m, v]) {
      const [supportX, supportY, queryX, queryY] = fed.map((all) => gather(all, i))
      const pieces = unflatten(theta, shapes)
      const now = loss(pieces, { supportX, supportY, queryX, queryY })
      const done = add(cast(i, 'float'), t)
      const next = adam({ theta, m, v }, flatten(grad(now, pieces)), add(done, 1), gather(lr, i), null)
      return { state: [next.theta, next.m, next.v], scan: [now] }
    },
  })
  return compile({ theta1: state[0], m1: state[1], v1: state[2], loss: scan[0] })
}
