import { z } from 'zod'
import { UserErrorJson } from './errors.ts'

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
