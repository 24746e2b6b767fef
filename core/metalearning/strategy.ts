import type { Dim, Expr } from '../engine/index.ts'
import type { Plan } from '../nn/plan.ts'
import type { Rng } from '../rng.ts'

/**
 * What makes one way of learning to learn differ from another: its meta-parameters, what the outer loop descends on,
 * and how a task is learned from its support set. Training, checkpoints, saving and adapting are shared
 * (`metaTrain.ts`, `learner.ts`).
 *
 * Whatever a strategy learns, a learned task is a perceptron of its own: the answer of `adapt` is one network per task,
 * side by side.
 */
export type Strategy = {
  /** What its programs depend on beside the shape of the network; JSON. */
  key: readonly unknown[]
  /** Shapes of the meta-parameters, in the order of the flat vector. */
  shapes(plan: Plan): number[][]
  /** The first meta-parameters. */
  first(plan: Plan, random: Rng): Float32Array
  /** From where on the meta-parameters are learned rates of the inner loop, which stand in place of the given one. */
  ratesFrom?(plan: Plan): number
  /** null: nothing is learned before the task itself. */
  outer: Outer | null
  adapt(given: Adapting): Adapted
  /** Standard deviation of the answers [task, row, 1], before the target's scale; x [task, row, input]. */
  spread?(given: { plan: Plan; meta: Expr[]; extra: Record<string, Expr>; x: Expr }): Expr
  /** Shapes of what `adapt` gives beside the networks, without the task axis. */
  extra?(plan: Plan): Record<string, number[]>
}

export type Outer = {
  /** The loss of a batch of tasks, and what the outer loop descends along. */
  step(given: Meta): { loss: Expr; gradient: Expr[] }
  optimizer: 'adam' | 'sgd'
  /** The outer learning rate once `progress`, a share of all iterations, is done. */
  rate?(lr: Expr, progress: Expr): Expr
  /** It wants just this many rows of each task, all as queries (of classes in turn); otherwise those of the evaluation. */
  queries?: number
}

/** Rows of a batch of tasks: x [task, row, input], y [task, row, 1]. */
export type Cells = {
  x: Expr
  y: Expr
  /** [task, row, 1] with a sum of 1 in each task, 0 where a task has fewer rows; null: every row counts alike. */
  weight: Expr | null
  /** The dimension of its rows. */
  rows: Dim
}

export type Meta = {
  plan: Plan
  meta: Expr[]
  support: Cells
  query: Cells
  /** Learning rate of the inner loop, a scalar. */
  rate: Expr
  /** Share of the meta-iterations that are done, a scalar. */
  progress: Expr
  /** Whether no task has more support rows than the last layer has inputs: small systems are then those of the rows. */
  few: boolean
}

export type Adapting = Omit<Meta, 'query' | 'progress'> & {
  /** Steps, an int64 scalar. */
  count: Expr
}

/** One network per task: pieces as `layerShapes` of a stacked plan. */
export type Adapted = { pieces: Expr[]; extra?: Record<string, Expr> }

export const TASKS = 'tasks'
