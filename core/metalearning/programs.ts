import {
  add,
  broadcastTo,
  cast,
  compile,
  div,
  flatten,
  gather,
  grad,
  input,
  loop,
  mean,
  mul,
  reshape,
  size,
  stopGradient,
  sub,
  sum,
  unflatten,
} from '../engine/index.ts'
import type { Dim, Expr, Program } from '../engine/index.ts'
import { adam } from '../nn/adam.ts'
import { forward } from '../nn/layers.ts'
import { cellLoss } from '../nn/losses.ts'
import { layerShapes, parameterCount } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'

/** How meta-training learns: through an inner loop, or not at all (all rows of all tasks pooled). */
export type Inner = { steps: number; firstOrder: boolean } | null

/** Parameters of one network as those of `tasks` equal networks side by side. */
function perTask(plan: Plan, pieces: readonly Expr[], tasks: Dim): Expr[] {
  return layerShapes(plan).map(({ shape, bias }, k) => {
    const own = bias ? reshape(pieces[k], [1, shape[0]]) : pieces[k]
    return broadcastTo(own, [tasks, ...(own.shape as number[])])
  })
}

/** Sum over tasks of the weighted cell losses. x [task, row, input], y and weight [task, row, 1]. */
function taskLoss(plan: Plan, pieces: readonly Expr[], x: Expr, y: Expr, weight: Expr | number): Expr {
  const { kind, width } = plan.columns[0]
  return sum(mul(cellLoss(kind, forward(plan.activation, pieces, x), y, width), weight))
}

const step = (pieces: readonly Expr[], slopes: readonly Expr[], rate: Expr) =>
  pieces.map((piece, k) => sub(piece, mul(rate, slopes[k])))

/**
 * Many meta-iterations in one call. Each gathers its tasks, takes `inner.steps` gradient steps on their support rows
 * and one Adam step on the loss of their query rows after that:
 *   theta_t = theta - a grad L_t^support(theta),   theta <- Adam(grad_theta mean_t L_t^query(theta_t))
 * The gradient goes through the inner steps, exactly; `firstOrder` leaves their derivative out.
 *
 * in: theta, m, v [param]; t, lr, innerLr; supportX [step, task, shot, input], supportY [step, task, shot, 1], queryX,
 *     queryY. out: theta1, m1, v1; loss [step], the mean query loss per cell
 */
export function metaProgram(plan: Plan, inner: Inner): Program {
  const shapes = layerShapes(plan).map((layer) => layer.shape)
  const width = plan.inputs.length
  const data = {
    supportX: input('supportX', ['steps', 'tasks', 'shots', width]),
    supportY: input('supportY', ['steps', 'tasks', 'shots', 1]),
    queryX: input('queryX', ['steps', 'tasks', 'queries', width]),
    queryY: input('queryY', ['steps', 'tasks', 'queries', 1]),
  }
  const [t, lr, innerLr] = ['t', 'lr', 'innerLr'].map((name) => input(name, []))
  const first = ['theta', 'm', 'v'].map((name) => input(name, [parameterCount(plan)]))
  const { state, scan } = loop({
    count: 'steps',
    state: first,
    body(i, [theta, m, v]) {
      const [sx, sy, qx, qy] = [data.supportX, data.supportY, data.queryX, data.queryY].map((x) => gather(x, i))
      const pieces = unflatten(theta, shapes)
      const loss = inner
        ? adaptedLoss(plan, pieces, inner, innerLr, sx, sy, qx, qy)
        : pooledLoss(plan, pieces, sx, sy, qx, qy)
      const next = adam({ theta, m, v }, flatten(grad(loss, pieces)), add(add(cast(i, 'float'), t), 1), lr, null)
      return { state: [next.theta, next.m, next.v], scan: [loss] }
    },
  })
  return compile({ theta1: state[0], m1: state[1], v1: state[2], loss: scan[0] })
}

function adaptedLoss(
  plan: Plan,
  pieces: Expr[],
  inner: NonNullable<Inner>,
  rate: Expr,
  sx: Expr,
  sy: Expr,
  qx: Expr,
  qy: Expr,
): Expr {
  let fast = perTask(plan, pieces, 'tasks')
  for (let k = 0; k < inner.steps; k++) {
    const own = div(taskLoss(plan, fast, sx, sy, 1), size('shots'))
    const slopes = grad(own, fast)
    fast = step(fast, inner.firstOrder ? slopes.map(stopGradient) : slopes, rate)
  }
  return mean(cellLoss(plan.columns[0].kind, forward(plan.activation, fast, qx), qy, plan.columns[0].width))
}

/** Support and query rows of all tasks together: what pre-training minimises. */
function pooledLoss(plan: Plan, pieces: Expr[], sx: Expr, sy: Expr, qx: Expr, qy: Expr): Expr {
  const { kind, width } = plan.columns[0]
  const one = (x: Expr, y: Expr) => sum(cellLoss(kind, forward(plan.activation, pieces, x), y, width))
  const rows = mul(size('tasks'), add(size('shots'), size('queries')))
  return div(add(one(sx, sy), one(qx, qy)), rows)
}

/**
 * Learns each task of a support set from the same start: `count` steps of gradient descent, or of Adam.
 *
 * in: theta [param]; x [task, shot, input], y [task, shot, 1], weight [task, shot, 1] (1 / shots of the task, 0 where a
 *     task has fewer rows); rate; count. out: piece0, piece1, ... each [task, ...], as `layerShapes` of a stacked plan
 */
export function adaptProgram(plan: Plan, optimizer: 'sgd' | 'adam'): Program {
  const width = plan.inputs.length
  const x = input('x', ['tasks', 'shots', width])
  const y = input('y', ['tasks', 'shots', 1])
  const weight = input('weight', ['tasks', 'shots', 1])
  const rate = input('rate', [])
  const shapes = layerShapes(plan).map((layer) => layer.shape)
  const start = perTask(plan, unflatten(input('theta', [parameterCount(plan)]), shapes), 'tasks')
  const zeros = start.map((piece) => mul(piece, 0))
  const n = start.length
  const { state } = loop({
    count: input('count', [], 'int64'),
    state: optimizer === 'adam' ? [...start, ...zeros, ...zeros] : start,
    body(i, state) {
      const pieces = state.slice(0, n)
      const slopes = grad(taskLoss(plan, pieces, x, y, weight), pieces)
      if (optimizer === 'sgd') return { state: step(pieces, slopes, rate) }
      const t = add(cast(i, 'float'), 1)
      const next = pieces.map((theta, k) =>
        adam({ theta, m: state[n + k], v: state[2 * n + k] }, slopes[k], t, rate, null),
      )
      return { state: [...next.map((s) => s.theta), ...next.map((s) => s.m), ...next.map((s) => s.v)] }
    },
  })
  return compile(Object.fromEntries(start.map((_, k) => [`piece${k}`, state[k]])))
}
