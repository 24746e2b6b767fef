import { z } from 'zod'
import { budget, search } from '../search.ts'

/** What the meta-learners share, so that twins can be given an equal budget. */
export const netParams = {
  hidden: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(8)
    .default([40, 40])
    .describe('Units of each hidden layer, from the inputs on.')
    .meta(search({ choices: [[20], [40], [40, 40], [80, 80]] })),
  activation: z.enum(['relu', 'tanh']).default('relu').describe('What a hidden unit does with its sum.'),
}

export const metaParams = {
  ...netParams,
  iterations: z.int().min(1).max(1_000_000).default(3000).describe('Steps of the outer loop.').meta(budget),
  metaBatch: z.int().min(1).max(1024).default(25).describe('Tasks in each step of the outer loop.'),
  outerLr: z
    .number()
    .gt(0)
    .max(1)
    .default(0.003)
    .describe('Learning rate of the outer loop.')
    .meta(search({ log: [0.0003, 0.02] })),
}

/** Parameters of an inner loop of gradient steps: what a method begins with, and where tuning looks. */
export const innerRate = (rate: number, range: [number, number], about = 'Learning rate of the inner loop.') =>
  z
    .number()
    .gt(0)
    .max(10)
    .default(rate)
    .describe(about)
    .meta(search({ log: range }))
export const innerSteps = (steps: number, choices: number[], most = 20) =>
  z
    .int()
    .min(1)
    .max(most)
    .default(steps)
    .describe('Gradient steps on a task in meta-training.')
    .meta(search({ choices }))
export const adaptSteps = (steps: number, range: [number, number], about = 'Gradient steps on a new task.') =>
  z
    .int()
    .min(1)
    .max(10_000)
    .default(steps)
    .describe(about)
    .meta(search({ log: range }))

export const innerParams = {
  innerLr: innerRate(0.01, [0.001, 0.3]),
  innerSteps: innerSteps(1, [1, 2, 3, 5]),
  adaptSteps: adaptSteps(5, [1, 50]),
}

export const taskCan = {
  taskColumn: true,
  needsTaskColumn: true,
  manyTargets: false,
  missingTargets: true,
  kinds: ['regression', 'binary', 'multiclass'] as ('regression' | 'binary' | 'multiclass')[],
  newTask: false,
  adapt: true,
  onnx: true,
  resume: true,
  network: true,
}

/** Multiply-adds of one row through the network. */
export const perRow = (features: number, hidden: number[]): number =>
  [features, ...hidden, 1].reduce((sum, out, l, all) => (l ? sum + all[l - 1] * out : 0), 0)
