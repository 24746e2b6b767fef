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

export const innerParams = {
  innerLr: z
    .number()
    .gt(0)
    .max(10)
    .default(0.01)
    .describe('Learning rate of the inner loop.')
    .meta(search({ log: [0.001, 0.3] })),
  innerSteps: z
    .int()
    .min(1)
    .max(20)
    .default(1)
    .describe('Gradient steps on a task in meta-training.')
    .meta(search({ choices: [1, 2, 3, 5] })),
  adaptSteps: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('Gradient steps on a new task.')
    .meta(search({ log: [1, 50] })),
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
