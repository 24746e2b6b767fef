import { add, cast, compile, div, flatten, gather, input, loop, mul, sub, unflatten } from '../engine/index.ts'
import type { Dim, Expr, Program } from '../engine/index.ts'
import { adam } from '../nn/adam.ts'
import { elementsOf } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import type { Cells, Strategy } from './strategy.ts'
import { TASKS } from './strategy.ts'

/** What a program depends on beside plan and strategy. */
export type Rows = {
  /** Tasks have unequal numbers of rows, so that weights are fed. */
  uneven: boolean
  few: boolean
}

export const metaSize = (plan: Plan, strategy: Strategy): number =>
  strategy.shapes(plan).reduce((total, shape) => total + elementsOf(shape), 0)

/**
 * Many meta-iterations in one call. Each gathers its tasks and takes one step of the outer optimizer along what the
 * strategy says.
 *
 * in: theta, m, v [meta-parameter]; t (iterations done), of (all of them), lr, innerLr; supportX [step, task, shot,
 *     input], supportY [step, task, shot, 1], queryX, queryY, and where `uneven` supportWeight, queryWeight as y.
 * out: theta1, m1, v1; loss [step]
 */
export function metaProgram(plan: Plan, strategy: Strategy, { uneven, few }: Rows): Program {
  const { outer } = strategy
  if (!outer) throw new Error('internal: a strategy without an outer loop is not trained')
  const queries = outer.queries ?? 'queries'
  const data = cellInputs(plan, queries, 'steps')
  const [t, of, lr, innerLr] = ['t', 'of', 'lr', 'innerLr'].map((name) => input(name, []))
  const { state, scan } = loop({
    count: 'steps',
    state: ['theta', 'm', 'v'].map((name) => input(name, [metaSize(plan, strategy)])),
    body(i, [theta, m, v]) {
      const at = (set: 'support' | 'query', rows: Dim): Cells => {
        const [x, y] = [gather(data[`${set}X`], i), gather(data[`${set}Y`], i)]
        return { x, y, weight: uneven ? gather(data[`${set}Weight`], i) : null, rows }
      }
      const [support, query] = [at('support', 'shots'), at('query', queries)]
      const meta = unflatten(theta, strategy.shapes(plan))
      const done = add(cast(i, 'float'), t)
      const progress = div(done, of)
      const { loss, gradient } = outer.step({ plan, meta, support, query, rate: innerLr, progress, few })
      const rate = outer.rate ? outer.rate(lr, progress) : lr
      const slope = flatten(gradient)
      if (outer.optimizer === 'sgd') return { state: [sub(theta, mul(rate, slope)), m, v], scan: [loss] }
      const next = adam({ theta, m, v }, slope, add(done, 1), rate, null)
      return { state: [next.theta, next.m, next.v], scan: [loss] }
    },
  })
  return compile({ theta1: state[0], m1: state[1], v1: state[2], loss: scan[0] })
}

type CellInputs = Record<`${'support' | 'query'}${'X' | 'Y' | 'Weight'}`, Expr>

export function cellInputs(plan: Plan, queries: Dim = 'queries', ...lead: string[]): CellInputs {
  const one = (name: string, rows: Dim, width: number) => input(name, [...lead, TASKS, rows, width])
  return {
    supportX: one('supportX', 'shots', plan.inputs.length),
    supportY: one('supportY', 'shots', 1),
    supportWeight: one('supportWeight', 'shots', 1),
    queryX: one('queryX', queries, plan.inputs.length),
    queryY: one('queryY', queries, 1),
    queryWeight: one('queryWeight', queries, 1),
  }
}

/**
 * Learns each task of a support set.
 *
 * in: theta [meta-parameter]; supportX [task, shot, input], supportY [task, shot, 1], supportWeight [task, shot, 1] (a
 *     sum of 1 in each task, 0 where a task has fewer rows); rate; count (steps).
 * out: piece0, piece1, ... each [task, ...], as `layerShapes` of a stacked plan; extra_NAME
 */
export function adaptProgram(plan: Plan, strategy: Strategy, few: boolean): Program {
  const { supportX, supportY, supportWeight } = cellInputs(plan)
  const { pieces, extra = {} } = strategy.adapt({
    plan,
    meta: unflatten(input('theta', [metaSize(plan, strategy)]), strategy.shapes(plan)),
    support: { x: supportX, y: supportY, weight: supportWeight, rows: 'shots' },
    rate: input('rate', []),
    count: input('count', [], 'int64'),
    few,
  })
  const named = pieces.map((piece, k): [string, Expr] => [`piece${k}`, piece])
  const more = Object.entries(extra).map(([name, value]): [string, Expr] => [`extra_${name}`, value])
  return compile(Object.fromEntries([...named, ...more]))
}

/** in: theta, x [task, row, input], extra_NAME [task, ...]. out: sd [task, row, 1] */
export function spreadProgram(plan: Plan, strategy: Strategy): Program {
  const shapes = Object.entries(strategy.extra?.(plan) ?? {})
  const sd = strategy.spread!({
    plan,
    meta: unflatten(input('theta', [metaSize(plan, strategy)]), strategy.shapes(plan)),
    x: input('x', [TASKS, 'rows', plan.inputs.length]),
    extra: Object.fromEntries(shapes.map(([name, shape]) => [name, input(`extra_${name}`, [TASKS, ...shape])])),
  })
  return compile({ sd })
}
