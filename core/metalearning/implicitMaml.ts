import { z } from 'zod'
import { abs, add, div, grad, greater, loop, mul, stopGradient, sub, sum, where } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { Descent } from './descent.ts'
import { adaptByDescent, ownStart } from './descent.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { adaptSteps, innerRate, innerSteps, metaParams } from './params.ts'
import type { Strategy } from './strategy.ts'
import { losses, meanOfMeans, meanOverTasks, perTask, sumOfMeans } from './taskNetworks.ts'
import { budget, search } from '../search.ts'

/**
 * Implicit MAML (Rajeswaran, Finn, Kakade and Levine 2019): a task is learned under a pull towards the start,
 *   phi_t = argmin L_t^support(phi) + proximity / 2 |phi - theta|^2,
 * and at a minimum the gradient of the start needs no path, just a linear system, solved by conjugate gradients with
 * products by the Hessian H:
 *   g_t = (I + H_t / proximity)^-1 grad L_t^query(phi_t),   theta <- Adam(theta, mean_t g_t).
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
})

const pulled = (proximity: number): Descent => ({
  start: perTask,
  network: (fast) => [...fast],
  step: (fast, slopes, { meta, rate }) =>
    fast.map((piece, k) => sub(piece, mul(rate, add(slopes[k], mul(proximity, sub(piece, meta[k])))))),
})

/** Each task's inner product over all its blocks [task, 1, 1]. */
const dot = (a: readonly Expr[], b: readonly Expr[]): Expr =>
  a.map((piece, k) => sum(mul(piece, b[k]), [1, 2], true)).reduce((total, part) => add(total, part))

/** a / b, and 0 where b is: a task whose residual is gone has arrived. */
const ratio = (a: Expr, b: Expr): Expr => where(greater(abs(b), 1e-30), div(a, where(greater(abs(b), 1e-30), b, 1)), 0)

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

export const implicitMamlStrategy = (steps: number, proximity: number, conjugate: number): Strategy => ({
  ...ownStart,
  key: ['implicit-maml', steps, proximity, conjugate],
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
      const product = (v: Expr[]) => {
        const along = slopes.map((slope, k) => sum(mul(slope, v[k]))).reduce((total, part) => add(total, part))
        return grad(along, phi).map((piece, k) => add(v[k], mul(1 / proximity, piece)))
      }
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
  passes: (p) => p.iterations * p.metaBatch * ROWS * 3 * (1 + p.innerSteps + 2 * p.conjugateSteps),
  learning: (p) => bySteps(p, implicitMamlStrategy(p.innerSteps, p.proximity, p.conjugateSteps)),
})
