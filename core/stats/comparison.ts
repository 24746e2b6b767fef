import { z } from 'zod'

/** What a comparison of methods says: the one shape behind the Compare view, the report, and `engram compare`. */
export const CALLS = ['helps', 'hurts', 'no-useful-difference', 'not-settled'] as const
export type Call = (typeof CALLS)[number]

/** Id of the method that every other must beat. */
export const PLAIN = 'mean'

const Interval = z.tuple([z.number(), z.number()])

/** Which rule made the intervals, over what unit, and how many of it. */
export const IntervalRule = z.object({
  rule: z.enum([
    'nadeau-bengio',
    'crossed-rows',
    'crossed-blocks',
    'bootstrap-rows',
    'bootstrap-blocks',
    'paired-groups',
    'bootstrap-tasks',
    'none',
  ]),
  unit: z.enum(['folds', 'rows', 'groups', 'tasks', 'none']),
  n: z.int(),
  approximate: z.boolean(),
})
export type IntervalRule = z.infer<typeof IntervalRule>

const Estimate = z.object({ mean: z.number().nullable(), ci95: Interval.nullable(), n: z.int() })
export type Estimate = z.infer<typeof Estimate>

export const MethodFigures = z.object({
  key: z.string(),
  id: z.string(),
  label: z.string(),
  params: z.record(z.string(), z.unknown()),
  role: z.enum(['baseline', 'twin', 'chosen']),
  /** It learns tasks together, so that "together or alone" is the question about it. */
  together: z.boolean(),
  /** Mean over tasks of the metric. */
  overall: Estimate,
  perTask: z.record(z.string(), Estimate),
  runs: z.object({ done: z.int(), failed: z.int(), stopped: z.int(), pending: z.int() }),
  seconds: z.number().nullable(),
  parameters: z.number().nullable(),
  /** What was spent on looking for parameters, and what was chosen on each training fold; null where nothing was. */
  tuning: z
    .object({
      configurations: z.int(),
      innerFolds: z.int(),
      /** Fits on inner folds over all runs of this method. */
      fits: z.int(),
      chosen: z.array(
        z.object({
          fold: z.union([z.int(), z.literal('all')]),
          repeat: z.int(),
          seed: z.int(),
          params: z.record(z.string(), z.unknown()),
          score: z.number().nullable(),
        }),
      ),
    })
    .nullable()
    .optional(),
  /** Id of the run fitted on every row, once it is done: what predict, export and Brain use. */
  allRun: z.string().nullable(),
  /** Figure of each training seed over folds and tasks, where there are several: shown apart from the interval. */
  seeds: z.array(z.object({ seed: z.int(), mean: z.number().nullable() })).optional(),
})
export type MethodFigures = z.infer<typeof MethodFigures>

/**
 * Method against baseline on one task (task null: over all tasks). `effect` is signed so that positive means the
 * method is better, in the metric's own unit; `smallest` is the smallest effect that would matter.
 */
export const Difference = z.object({
  method: z.string(),
  against: z.string(),
  task: z.string().nullable(),
  /** The plain paired difference. */
  raw: z.number().nullable(),
  /** After partial pooling over tasks; equals raw where there is one task. */
  effect: z.number().nullable(),
  ci95: Interval.nullable(),
  smallest: z.number(),
  call: z.enum(CALLS),
})
export type Difference = z.infer<typeof Difference>

/**
 * One model for all tasks against a method that learns them together and tells them apart: over all tasks, positive
 * where the one model is better, and on how many tasks it is worse.
 */
export const Pool = Difference.extend({ worse: z.int() })
export type Pool = z.infer<typeof Pool>

/** Many methods on many tasks: Wilcoxon with Holm per pair first, Friedman with Nemenyi over all second. */
export const Ranking = z.object({
  tasks: z.int(),
  pairs: z.array(
    z.object({ method: z.string(), against: z.string(), p: z.number().nullable(), adjusted: z.number().nullable() }),
  ),
  friedman: z
    .object({
      statistic: z.number(),
      p: z.number(),
      criticalDifference: z.number(),
      ranks: z.array(z.object({ method: z.string(), rank: z.number() })),
    })
    .nullable(),
})
export type Ranking = z.infer<typeof Ranking>

export const Comparison = z.object({
  /** Where runs must not be ranked together: the differing field and its values; figures are still listed. */
  differs: z.object({ field: z.string(), values: z.array(z.string()) }).nullable(),
  metric: z.string(),
  metrics: z.array(z.string()),
  better: z.enum(['lower', 'higher']),
  tasks: z.array(z.object({ id: z.string(), kind: z.enum(['regression', 'binary', 'multiclass']), rows: z.int() })),
  interval: IntervalRule,
  baseline: z.string().nullable(),
  methods: z.array(MethodFigures),
  differences: z.array(Difference),
  /** Where nobody named a baseline and one model for all tasks was tested too. */
  pools: z.array(Pool).optional(),
  /** How often this comparison was looked at while trials were still arriving. */
  looks: z.int(),
  complete: z.boolean(),
  /** Message keys with values: leakage, few folds, early stop, and so on. */
  warnings: z.array(
    z.object({
      code: z.string(),
      text: z.string(),
      params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    }),
  ),
  /** With at least six tasks and three methods whose every task has a figure. */
  ranking: Ranking.optional(),
})
export type Comparison = z.infer<typeof Comparison>
