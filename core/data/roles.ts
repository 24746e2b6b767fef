import { z } from 'zod'

/** What each column is for, by name. `features` left out means: every column without another role. */
export const Roles = z.strictObject({
  targets: z.array(z.string()).default([]),
  features: z.array(z.string()).optional(),
  task: z.string().nullable().default(null),
  group: z.string().nullable().default(null),
  split: z.string().nullable().default(null),
  weight: z.string().nullable().default(null),
  ignore: z.array(z.string()).default([]),
  /** Rows equal in inputs and targets count once (`drop`), or rows equal in inputs stay on one side (`together`). */
  duplicates: z.enum(['drop', 'together']).optional(),
  /** Columns whose kind was guessed wrongly: 0/1 read as numbers that are classes, codes that are numbers. */
  kinds: z.record(z.string(), z.enum(['number', 'category'])).optional(),
})
export type Roles = z.infer<typeof Roles>

export const ROLE_NAMES = ['target', 'feature', 'task', 'group', 'split', 'weight', 'ignore'] as const
export type RoleName = (typeof ROLE_NAMES)[number]
