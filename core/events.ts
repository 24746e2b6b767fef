import { z } from 'zod'
import { UserErrorJson } from './errors.ts'

/** What tuning chose for one trial, and what it spent. */
export const Tuned = z.object({
  /** The searched parameters with the values that were chosen. */
  params: z.record(z.string(), z.unknown()),
  configurations: z.int(),
  innerFolds: z.int(),
  /** Fits on inner folds. */
  fits: z.int(),
  score: z.number().nullable(),
})
export type Tuned = z.infer<typeof Tuned>

/** Tasks on which an inner loop ran away (`core/metalearning/slowDown.ts`); `kept`: no rate helped, they keep the start. */
export const Slowed = z.object({ n: z.int(), of: z.int(), kept: z.int() })
export type Slowed = z.infer<typeof Slowed>
export const addSlowed = (a: Slowed | undefined, b: Slowed): Slowed =>
  a ? { n: a.n + b.n, of: a.of + b.of, kept: a.kept + b.kept } : { n: b.n, of: b.of, kept: b.kept }

/** Spec in, events out: everything a trial says while it runs. There is no time in an event. */
const at = { trial: z.string(), seq: z.int().nonnegative() }
export const RunEvent = z.discriminatedUnion('type', [
  z.object({
    ...at,
    type: z.literal('start'),
    runtime: z.string(),
    dataHash: z.string(),
  }),
  z.object({ ...at, type: z.literal('progress'), done: z.number(), of: z.number() }),
  z.object({
    ...at,
    type: z.literal('metric'),
    name: z.string(),
    split: z.enum(['train', 'inner', 'test']),
    task: z.string().nullable(),
    step: z.number(),
    /** null where the metric is undefined: too few rows, one class only. */
    value: z.number().nullable(),
  }),
  /** One configuration in a round of tuning: skill on the inner folds with this share of the budget. */
  z.object({
    ...at,
    type: z.literal('tried'),
    configuration: z.int().nonnegative(),
    params: z.record(z.string(), z.unknown()),
    share: z.number(),
    /** null where it could not be fitted or has no figure. */
    score: z.number().nullable(),
  }),
  z.object({ ...at, type: z.literal('tuned'), tuned: Tuned }),
  /** Of `of` tasks that an inner loop learned, `n` ran away at its rate and were learned more slowly. */
  z.object({ ...at, type: z.literal('slowed'), ...Slowed.shape }),
  z.object({
    ...at,
    type: z.literal('blob'),
    role: z.enum(['checkpoint', 'model', 'predictions', 'trace']),
    hash: z.string(),
    step: z.number(),
  }),
  z.object({
    ...at,
    type: z.literal('end'),
    status: z.enum(['done', 'stopped', 'failed']),
    error: UserErrorJson.optional(),
  }),
])
export type RunEvent = z.infer<typeof RunEvent>

/** What `train` yields: an event, with the bytes of a blob where it names one. */
export type Emitted = { event: RunEvent; bytes?: Uint8Array }

export const RUN_STATUS = ['queued', 'running', 'paused', 'done', 'stopped', 'failed'] as const
export type RunStatus = (typeof RUN_STATUS)[number]
