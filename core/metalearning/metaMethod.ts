import type { z } from 'zod'
import type { Method, TaskSetSummary } from '../method.ts'
import { damaged } from '../pack.ts'
import { fitLearner, loadLearner } from './learner.ts'
import type { Learning } from './learner.ts'
import { perRow, taskCan } from './params.ts'
import type { Strategy } from './strategy.ts'

/** What a meta-learning method says of itself; the rest of `Method` follows. */
export type About<P> = Pick<Method<P>, 'id' | 'name' | 'about' | 'cite' | 'params' | 'twins' | 'beside'> & {
  can?: Partial<Method<P>['can']>
  /** Passes through the network, forward and back counting 3, in all of meta-training and fitting, times rows. */
  passes(params: P, summary: TaskSetSummary): number
  learning(params: P): Omit<Learning, 'params'>
}

type Outer = Pick<Learning, 'hidden' | 'activation'> & { outerLr: number; metaBatch: number; iterations: number }
type Said = Omit<Learning, 'params'>

/** The learning of those who learn a task by `adaptSteps` steps of `innerLr`. */
export const bySteps = (
  { hidden, activation, innerLr, adaptSteps, ...outer }: Outer & { innerLr: number; adaptSteps: number },
  strategy: Strategy,
): Said => ({
  hidden,
  activation,
  strategy,
  schedule: scheduleOf(outer, innerLr),
  adapt: { rate: innerLr, steps: adaptSteps, who: 'innerLr', descends: true },
  newTask: false,
})

/** The learning of those who learn a task at once, without steps or a rate. */
export const atOnce = ({ hidden, activation, ...outer }: Outer, strategy: Strategy): Said => ({
  hidden,
  activation,
  strategy,
  schedule: scheduleOf(outer, 0),
  adapt: { rate: 1, steps: 1, who: 'outerLr', descends: false },
  newTask: false,
})

const scheduleOf = ({ outerLr, metaBatch, iterations }: Omit<Outer, 'hidden' | 'activation'>, innerLr: number) => ({
  innerLr,
  outerLr,
  metaBatch,
  iterations,
})

/** Rows of support and query set that a task has in meta-training, about. */
export const ROWS = 20

export function metaMethod<P extends { hidden: number[] }>({ can, passes, learning, ...about }: About<P>): Method<P> {
  const withParams = (params: P): Learning => ({ ...learning(params), params })
  const fromSaved = (params: unknown): Learning => {
    const parsed = (about.params as z.ZodType<P>).safeParse(params)
    if (!parsed.success) throw damaged('a meta-learned network without its parameters')
    return withParams(parsed.data)
  }
  return {
    ...about,
    family: 'metalearning',
    can: { ...taskCan, ...can },
    work: (s, p) => passes(p, s) * perRow(s.features, p.hidden) + 1,
    fit: (context, params) => fitLearner(context, withParams(params)),
    load: (bytes, runtime) => loadLearner(bytes, fromSaved, runtime),
  }
}
