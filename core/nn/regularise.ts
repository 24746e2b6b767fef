import { z } from 'zod'
import { constant, div, flatten, greater, input, mul, noiseKey, sub, uniform, where } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { Tensor } from '../engine/runtime.ts'
import type { Rng } from '../rng.ts'
import type { Architecture, Probe } from './blocks.ts'
import { clipByNorm, clipEach, scheduled, SCHEDULES } from './schedule.ts'
import type { ScheduleName } from './schedule.ts'

/**
 * What a person may add to a training: units that fall out, a longest gradient, a course of the learning rate. Which of
 * them are used shapes a program, and their numbers are fed; without any the program is as if there were none.
 *
 * Dropout (Srivastava et al. 2014): while it trains, every unit of a hidden layer is 0 with probability p and is
 * multiplied by 1 / (1 - p) otherwise. Which fall is a hash of place, step and seed, so that a resumed training goes on
 * as it would have. Networks side by side lose the same units, each as it would alone.
 */
export const regularisingParams = {
  dropout: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .describe('Share of the hidden units that fall out at every step of training; 0 is none.'),
  clipNorm: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .describe('Gradients longer than this are shortened to it; 0 leaves them as they are.'),
  schedule: z
    .enum(SCHEDULES)
    .default('constant')
    .describe('How the learning rate changes in training: not at all, falling along a cosine to 0, or in steps.'),
  riseEpochs: z
    .number()
    .min(0)
    .max(100_000)
    .default(5)
    .describe('The learning rate first rises from 0 over this many epochs.')
    .meta({ when: { schedule: ['cosine', 'step'] } }),
  dropEpochs: z
    .int()
    .min(1)
    .max(100_000)
    .default(50)
    .describe('The learning rate drops every so many epochs.')
    .meta({ when: { schedule: ['step'] } }),
  dropFactor: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe('What the learning rate is multiplied by when it drops.')
    .meta({ when: { schedule: ['step'] } }),
}
export type Regularising = {
  dropout: number
  clipNorm: number
  schedule: ScheduleName
  riseEpochs: number
  dropEpochs: number
  dropFactor: number
}

/** What of it a program has. */
export type Extras = { dropout: boolean; clip: boolean; schedule: ScheduleName }
export const NO_EXTRAS: Extras = { dropout: false, clip: false, schedule: 'constant' }

export const extrasOf = ({ dropout = 0, clipNorm = 0, schedule = 'constant' }: Partial<Regularising>): Extras => ({
  dropout: dropout > 0,
  clip: clipNorm > 0,
  schedule,
})

const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })

/** Its numbers, as programs read them. `perEpoch` is the number of steps. */
export function extraFeeds(
  p: Partial<Regularising> & { epochs: number },
  perEpoch: number,
  random: Rng,
): Record<string, Tensor> {
  const { dropout, clip, schedule } = extrasOf(p)
  return {
    ...(dropout ? { dropout: scalar(p.dropout as number), noise: scalar(random.split('dropout').int(2 ** 24)) } : {}),
    ...(clip ? { clipNorm: scalar(p.clipNorm as number) } : {}),
    ...(schedule === 'constant'
      ? {}
      : {
          rise: scalar((p.riseEpochs ?? 0) * perEpoch),
          steps: scalar(p.epochs * perEpoch),
          every: scalar((p.dropEpochs ?? 1) * perEpoch),
          logFactor: scalar(Math.log(p.dropFactor ?? 1)),
        }),
  }
}

const fed = (name: string): Expr => input(name, [])

/** The learning rate of step `t`, counted from 1. */
export function rateOf({ schedule }: Extras, lr: Expr, t: Expr): Expr {
  if (schedule === 'constant') return lr
  return scheduled(schedule, lr, t, {
    rise: fed('rise'),
    steps: fed('steps'),
    every: fed('every'),
    logFactor: fed('logFactor'),
  })
}

/** The gradient of all parameters as one vector, shortened where it is to be: of networks side by side, each its own. */
export function gradientOf({ clip }: Extras, { nets }: Pick<Architecture, 'nets'>, pieces: readonly Expr[]): Expr {
  if (!clip) return flatten(pieces)
  return nets > 1 ? flatten(clipEach(pieces, fed('clipNorm'))) : clipByNorm(flatten(pieces), fed('clipNorm'))
}

/** Makes the units of hidden layers fall out at step `t`; undefined where none do. */
export function dropoutProbe({ dropout }: Extras, { plan, layers }: Architecture, t: Expr): Probe | undefined {
  if (!dropout) return undefined
  const rate = fed('dropout')
  const key = noiseKey(fed('noise'), t)
  const falls = layers && new Set(layers.filter(({ kind }) => HIDDEN.includes(kind)).map(({ name }) => name))
  let stream = 0
  return (name, h) => {
    if (falls && !falls.has(name)) return h
    const shape = plan.stacked ? h.shape.slice(1) : h.shape
    const stays = greater(uniform(shape, key, ++stream), rate)
    return mul(h, where(stays, div(constant(1), sub(1, rate)), 0))
  }
}
const HIDDEN = ['trunk', 'tower', 'expert']
