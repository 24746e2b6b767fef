import { z } from 'zod'
import { balancerParams } from '../balancers/params.ts'
import { budget, search } from '../search.ts'
import { regularisingParams } from './regularise.ts'

/** The parameters that all perceptrons share, so that twins can be given an equal budget. */
export const perceptronParams = {
  hidden: z
    .array(z.int().min(1).max(4096))
    .min(0)
    .max(8)
    .default([64, 64])
    .describe('Units of each hidden layer, from the inputs on; an empty list makes the network linear.')
    .meta(search({ choices: [[32], [64], [128], [32, 32], [64, 64]] })),
  activation: z.enum(['relu', 'tanh']).default('relu').describe('What a hidden unit does with its sum.'),
  epochs: z
    .int()
    .min(1)
    .max(100_000)
    .default(300)
    .describe('At most this many passes over the training rows.')
    .meta(budget),
  batchSize: z.int().min(1).max(65_536).default(32).describe('Rows per step of learning.'),
  learningRate: z
    .number()
    .gt(0)
    .max(1)
    .default(0.002)
    .describe('Size of a step of Adam, the optimizer.')
    .meta(search({ log: [0.0003, 0.02] })),
  weightDecay: z
    .number()
    .min(0)
    .max(10)
    .default(0.3)
    .describe('Pull of all weights towards zero, per step and learning rate.')
    .meta(search({ log: [0.003, 3] })),
  patience: z
    .int()
    .min(0)
    .max(100_000)
    .default(40)
    .describe('Training ends after this many epochs without a better score on the inner rows; 0 is never.'),
  patienceSteps: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(3000)
    .describe('Training also ends after this many steps without a better score, if that is sooner; 0 is never.'),
  classWeights: z
    .enum(['none', 'balanced'])
    .default('none')
    .describe(
      '"balanced" lets rare classes count as much as common ones; probabilities are then shifted towards them.',
    ),
  ...regularisingParams,
}

/** Layers that every task has for itself behind a shared trunk. */
export const headHidden = z
  .array(z.int().min(1).max(1024))
  .min(0)
  .max(4)
  .default([])
  .describe('Units of the hidden layers that each task has of its own; an empty list makes its head linear.')
  .meta(search({ choices: [[], [16], [32]] }))

export const PerceptronParams = z.strictObject(perceptronParams)
export type PerceptronParams = z.infer<typeof PerceptronParams>

/** Of networks that learn several tasks with something in common. */
export const multiTaskParams = { ...perceptronParams, ...balancerParams }
