import { dropSigns } from '../balancers/gradDrop.ts'
import {
  add,
  cast,
  compile,
  div,
  flatten,
  grad,
  greater,
  input,
  loop,
  matmul,
  maximum,
  mul,
  noiseKey,
  oneHot,
  reshape,
  size,
  sqrt,
  square,
  sub,
  sum,
  transpose,
  unflatten,
  uniform,
} from '../engine/index.ts'
import type { Expr, Program } from '../engine/index.ts'
import { adam } from './adam.ts'
import { architectureOf } from './architecture.ts'
import { chooseByOwner } from './choice.ts'
import { taskLosses } from './losses.ts'
import { dropoutProbe, gradientOf, NO_EXTRAS, rateOf } from './regularise.ts'
import type { Extras } from './regularise.ts'
import { elementsOf } from './plan.ts'
import type { Plan } from './plan.ts'

/**
 * One step of balanced learning in two programs, with the balancer's few numbers between them:
 *   look   the losses of the tasks in a batch, and the gradients of each with respect to what all share:
 *          losses, shares [task]; gram [task, task]; gradients [task, shared]; rest [param]
 *   step   Adam along  rest + sum of w_t g_t  (or the mixture by signs)
 * `rest` is what no balancer weighs: of parameters that belong to one task, the gradient of the mean of the losses;
 * and of all, that of the architecture's penalty.
 * A batch is fed row by row rather than gathered from the data in the graph: what is fed is copied at every call.
 *   affinity   looks only: losses, shares, gram, and after [task, task], the losses after a step of length `step` along
 *          each task's negative gradient of the shared parameters
 * Balancers that need the losses alone are spared the gradients: their step differentiates sum of w_t L_t itself.
 */
export type Part = 'losses' | 'gradients' | 'affinity' | 'step' | 'dropStep' | 'weightedStep'

/** Parameter blocks, and which of them all tasks pull at. */
export const blocksOf = (plan: Plan) =>
  architectureOf(plan).blocks.map((block) => ({ ...block, shared: block.owner === 'shared' }))
export const sharedCount = (plan: Plan): number =>
  blocksOf(plan).reduce((total, { shape, shared }) => total + (shared ? elementsOf(shape) : 0), 0)
const countOf = (plan: Plan): number => blocksOf(plan).reduce((total, { shape }) => total + elementsOf(shape), 0)
/** What is balanced is one network. */
const ONE = { nets: 1 }
export const taskCount = (plan: Plan): number =>
  plan.columns.reduce((total, column) => total + (column.tasks?.length ?? 1), 0)

export function balancedProgram(part: Part, plan: Plan, extras: Extras = NO_EXTRAS): Program {
  if (part === 'step' || part === 'dropStep') return stepProgram(plan, part === 'dropStep', extras)
  const blocks = blocksOf(plan)
  const theta = input('theta', [countOf(plan)])
  const pieces = unflatten(
    theta,
    blocks.map(({ shape }) => shape),
  )
  const { losses, shares } = lossesOf(plan, pieces, extras)
  const { penalty } = architectureOf(plan)
  if (part === 'losses') return compile({ losses, shares })
  if (part === 'weightedStep') {
    const fit = sum(mul(input('weights', [taskCount(plan)]), losses))
    const loss = penalty ? add(fit, penalty(pieces)) : fit
    const gradient = gradientOf(extras, ONE, grad(loss, pieces))
    return compile({ ...adamStep(plan, theta, pieces, gradient, extras), losses })
  }
  const tasks = taskCount(plan)
  const shared = pieces.filter((_, k) => blocks[k].shared)
  if (part === 'affinity') return affinityProgram(plan, pieces, losses, shares)
  const own = pieces.filter((_, k) => !blocks[k].shared)
  const there = sum(cast(greater(shares, 0), 'float'))
  const mean = div(sum(losses), maximum(there, 1))
  const ownGradients = grad(penalty ? add(mean, penalty(pieces)) : mean, own)
  const pulls = penalty ? grad(penalty(pieces), shared) : shared.map((p) => mul(p, 0))
  const rest = flatten(
    pieces.map((p, k) => (blocks[k].shared ? pulls[shared.indexOf(p)] : ownGradients[own.indexOf(p)])),
  )
  const { scan } = loop({
    count: tasks,
    state: [],
    body: (i) => ({ state: [], scan: [flatten(grad(sum(mul(oneHot(i, tasks), losses)), shared))] }),
  })
  const gradients = reshape(scan[0], [tasks, sharedCount(plan)])
  return compile({ losses, shares, gradients, gram: matmul(gradients, transpose(gradients)), rest })
}

function affinityProgram(plan: Plan, pieces: readonly Expr[], losses: Expr, shares: Expr): Program {
  const blocks = blocksOf(plan)
  const tasks = taskCount(plan)
  const shared = pieces.filter((_, k) => blocks[k].shared)
  const step = input('step', [])
  const { scan } = loop({
    count: tasks,
    state: [],
    body(i) {
      const own = grad(sum(mul(oneHot(i, tasks), losses)), shared)
      const g = flatten(own)
      const length = maximum(sqrt(sum(square(g))), 1e-30)
      const moved = pieces.map((p, k) =>
        blocks[k].shared ? sub(p, mul(div(step, length), own[shared.indexOf(p)])) : p,
      )
      return { state: [], scan: [g, lossesOf(plan, moved, NO_EXTRAS).losses] }
    },
  })
  const gradients = reshape(scan[0], [tasks, sharedCount(plan)])
  const after = reshape(scan[1], [tasks, tasks])
  return compile({ losses, shares, gram: matmul(gradients, transpose(gradients)), after })
}

function lossesOf(plan: Plan, pieces: readonly Expr[], extras: Extras) {
  const columns = plan.columns.length
  const [y, weight, owner] = ['y', 'weight', 'owner'].map((name) => input(name, ['rows', columns]))
  const x = input('x', ['rows', plan.inputs.length])
  const architecture = architectureOf(plan)
  const falls = dropoutProbe(extras, architecture, add(input('t', []), 1))
  const z = architecture.forward(pieces, x, chooseByOwner(plan, owner), falls)
  return taskLosses(plan, z, y, weight, owner, size('rows'))
}

/** theta, m, v after a step along a gradient; `t` is the number of steps before it. */
function adamStep(
  plan: Plan,
  theta: Expr,
  pieces: readonly Expr[],
  gradient: Expr,
  extras: Extras,
): Record<string, Expr> {
  const [m, v] = ['m', 'v'].map((name) => input(name, [countOf(plan)]))
  const [t, lr, rate] = ['t', 'lr', 'decay'].map((name) => input(name, []))
  const decays = blocksOf(plan).map((block) => !block.bias)
  const next = adam({ theta, m, v }, gradient, add(t, 1), rateOf(extras, lr, add(t, 1)), { rate, pieces, decays })
  return { theta1: next.theta, m1: next.m, v1: next.v }
}

function stepProgram(plan: Plan, drop: boolean, extras: Extras): Program {
  const blocks = blocksOf(plan)
  const shapes = blocks.map(({ shape }) => shape)
  const shared = sharedCount(plan)
  const theta = input('theta', [countOf(plan)])
  const gradients = input('gradients', [taskCount(plan), shared])
  const key = () => noiseKey(input('seed', []), input('t', []))
  const direction = drop
    ? dropSigns(gradients, uniform([shared], key(), 0))
    : reshape(matmul(reshape(input('weights', [taskCount(plan)]), [1, taskCount(plan)]), gradients), [shared])
  // The direction goes where its blocks stand among the others.
  const along = unflatten(
    direction,
    blocks.filter((block) => block.shared).map(({ shape }) => shape),
  )
  const rest = unflatten(input('rest', [countOf(plan)]), shapes)
  let next = 0
  const gradient = gradientOf(
    extras,
    ONE,
    blocks.map(({ shared: pulled }, k) => (pulled ? add(rest[k], along[next++]) : rest[k])),
  )
  return compile(adamStep(plan, theta, unflatten(theta, shapes), gradient, extras))
}
