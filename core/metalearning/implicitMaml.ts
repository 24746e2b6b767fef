import { z } from 'zod'
import { add, div, grad, greater, loop, maximum, mul, stopGradient, sub, sum, where } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { Descent } from './descent.ts'
import { adaptByDescent, ownStart } from './descent.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { adaptSteps, innerRate, innerSteps, metaParams } from './params.ts'
import type { Strategy } from './strategy.ts'
import { dot, losses, meanOfMeans, meanOverTasks, perTask, sumOfMeans } from './taskNetworks.ts'
import { budget, search } from '../search.ts'

/**
 * Implicit MAML (Rajeswaran, Finn, Kakade and Levine 2019): a task is learned under a pull towards the start,
 *   phi_t = argmin F_t,   F_t(phi) = L_t^support(phi) + proximity / 2 |phi - theta|^2,
 * and at a minimum the gradient of the start needs no path, just a linear system, solved by conjugate gradients with
 * products by the Hessian H of L_t^support:
 *   g_t = (I + H_t / (proximity + damping))^-1 grad L_t^query(phi_t),   theta <- Adam(theta, mean_t g_t).
 * The damping is that of the authors' code. Two things keep it within numbers where inputs or targets are large:
 *   - any way down to phi_t will do, so that no step is longer than to the least of F_t along its slope d, where F_t is as
 *     it looks from here: rate <= |d|^2 / d (H + proximity) d (Cauchy 1847);
 *   - conjugate gradients stop at a direction along which F_t bends down: H is of a network, and not always positive
 *     (Steihaug 1983).
 */
const Params = z.strictObject({
  ...metaParams,
  iterations: z.int().min(1).max(1_000_000).default(500).describe('Steps of the outer loop.').meta(budget),
  metaBatch: z.int().min(1).max(1024).default(10).describe('Tasks in each step of the outer loop.'),
  innerLr: innerRate(0.02, [0.002, 0.2]),
  innerSteps: innerSteps(10, [5, 10, 20], 200),
  adaptSteps: adaptSteps(10, [4, 100]),
  proximity: z
    .number()
    .gt(0)
    .max(1000)
    .default(2)
    .describe('Strength of the pull of each task towards the start.')
    .meta(search({ log: [0.2, 20] })),
  conjugateSteps: z.int().min(1).max(50).default(5).describe('Steps of conjugate gradients for the implicit gradient.'),
  damping: z
    .number()
    .min(0)
    .max(1000)
    .default(10)
    .describe('Added to the pull in the implicit gradient: the more, the less curvature changes it.'),
})

/** Hv of each task's support loss, from its slopes. */
function alongCurvature(slopes: readonly Expr[], fast: readonly Expr[], v: readonly Expr[]): Expr[] {
  const along = slopes.map((slope, k) => sum(mul(slope, v[k]))).reduce((total, part) => add(total, part))
  return grad(along, [...fast])
}

const pulled = (proximity: number): Descent => ({
  start: perTask,
  network: (fast) => [...fast],
  step(fast, slopes, { meta, rate }) {
    const down = fast.map((piece, k) => add(slopes[k], mul(proximity, sub(piece, meta[k]))))
    const fixed = down.map(stopGradient)
    const length = dot(fixed, fixed)
    const bend = stopGradient(add(dot(fixed, alongCurvature(slopes, fast, fixed)), mul(proximity, length)))
    const least = div(length, maximum(bend, TINY))
    const own = where(greater(mul(rate, bend), length), least, rate)
    return fast.map((piece, k) => sub(piece, mul(own, down[k])))
  },
})

const TINY = 1e-30
/** a / b, and 0 where b is not positive: a task whose residual is gone has arrived, and one that bends down goes no further. */
const ratio = (a: Expr, b: Expr): Expr => where(greater(b, TINY), div(a, maximum(b, TINY)), 0)

/** (A)^-1 b of every task after `steps` steps of conjugate gradients from 0 (Hestenes and Stiefel 1952). */
function conjugateGradients(product: (v: Expr[]) => Expr[], b: Expr[], steps: number): Expr[] {
  const n = b.length
  const { state } = loop({
    count: steps,
    state: [...b.map((piece) => mul(piece, 0)), ...b, ...b, dot(b, b)],
    body(_, state) {
      const [x, r, p] = [0, 1, 2].map((part) => state.slice(part * n, (part + 1) * n))
      const rest = state[3 * n]
      const turned = product(p)
      const length = ratio(rest, dot(p, turned))
      const nextX = x.map((piece, k) => add(piece, mul(length, p[k])))
      const nextR = r.map((piece, k) => sub(piece, mul(length, turned[k])))
      const nextRest = dot(nextR, nextR)
      const keep = ratio(nextRest, rest)
      return { state: [...nextX, ...nextR, ...nextR.map((piece, k) => add(piece, mul(keep, p[k]))), nextRest] }
    },
  })
  return state.slice(0, n)
}

export const implicitMamlStrategy = (
  steps: number,
  proximity: number,
  conjugate: number,
  damping: number,
): Strategy => ({
  ...ownStart,
  key: ['implicit-maml', steps, proximity, conjugate, damping],
  outer: {
    optimizer: 'adam',
    step({ plan, meta, support, query, rate }) {
      const { start, step } = pulled(proximity)
      const slopesAt = (fast: Expr[]) => grad(sumOfMeans(losses(plan, fast, support), support), fast)
      const { state } = loop({
        count: steps,
        state: start(meta),
        body: (i, fast) => ({ state: step(fast, slopesAt(fast), { meta, rate, step: i }) }),
      })
      const phi = state.map(stopGradient)
      const each = losses(plan, phi, query)
      const asked = grad(sumOfMeans(each, query), phi)
      const slopes = slopesAt(phi)
      const product = (v: Expr[]) =>
        alongCurvature(slopes, phi, v).map((piece, k) => add(v[k], mul(1 / (proximity + damping), piece)))
      return {
        loss: meanOfMeans(each, query),
        gradient: meanOverTasks(plan, conjugateGradients(product, asked, conjugate)),
      }
    },
  },
  adapt: (given) => adaptByDescent(pulled(proximity), given),
})

export const implicitMaml = metaMethod<z.infer<typeof Params>>({
  id: 'implicit-maml',
  name: 'Implicit MAML',
  about: 'Learns a start near which every task can be learned to its end, without remembering the way there.',
  cite: 'Rajeswaran, Finn, Kakade and Levine 2019, Meta-Learning with Implicit Gradients',
  params: Params,
  twins: ['maml', 'from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * ROWS * 3 * (1 + 3 * p.innerSteps + 2 * p.conjugateSteps),
  learning: (p) => bySteps(p, implicitMamlStrategy(p.innerSteps, p.proximity, p.conjugateSteps, p.damping)),
})
