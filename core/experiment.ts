import { z } from 'zod'
import { Roles } from './data/roles.ts'
import { Scale } from './transforms/scale.ts'

/** The experiment as JSON: what `engram run` reads, what the form edits, what the workspace keeps. */
export const MethodChoice = z.strictObject({
  id: z.string(),
  /** Shown instead of the method's name; two choices of one method must differ in label or params. */
  label: z.string().optional(),
  params: z.record(z.string(), z.unknown()).default({}),
})
export type MethodChoice = z.infer<typeof MethodChoice>

export const PROTOCOLS = ['k-fold', 'holdout', 'leave-one-group-out', 'new-task', 'few-shot'] as const

/** Names of the classes to learn from, to choose by and to test on. */
export const ClassLists = z.strictObject({
  train: z.array(z.string()).min(2),
  validation: z.array(z.string()).default([]),
  test: z.array(z.string()).min(2),
})
export type ClassLists = z.infer<typeof ClassLists>

export const Evaluation = z.strictObject({
  protocol: z.enum(PROTOCOLS).default('k-fold'),
  folds: z.int().min(2).max(1000).default(5),
  repeats: z.int().min(1).max(100).default(1),
  seed: z.int().min(0).max(0xffffffff).default(1),
  /** Number of training seeds per fold. */
  seeds: z.int().min(1).max(100).default(1),
  /** Share of rows (holdout) or of tasks (new-task, few-shot) that is tested. */
  testFraction: z.number().gt(0).lt(1).default(0.25),
  /** Share of the training rows kept for early stopping. */
  innerFraction: z.number().gt(0).lt(1).default(0.2),
  /** Few-shot: labelled rows per new task (of each class, where classes are drawn), classes, query rows, episodes. */
  shots: z.int().min(1).max(10000).default(5),
  ways: z.int().min(2).max(1000).default(5),
  queries: z.int().min(1).max(10000).default(15),
  /** Few-shot: at how many labelled rows every new task is tested besides, for the curve of error against rows. */
  shotCurve: z.array(z.int().min(1).max(10000)).max(20).default([]),
  /** At how many training rows per task every method is trained and tested besides, for the curve of error against rows. */
  rowCurve: z.array(z.int().min(2).max(1_000_000)).max(12).default([]),
  /** Few-shot: the labelled rows of a task are its first ones by this column (a time); default: drawn at random. */
  supportOrder: z.string().optional(),
  episodes: z.int().min(1).max(1_000_000).default(600),
  /**
   * Few-shot without a task column: the classes to learn from, to choose by and to test on. Left out: a split column of
   * train, validation and test, else chance by `testFraction`. A name: a JSON file of such lists.
   */
  classLists: z.union([ClassLists, z.string()]).optional(),
  /** Few-shot on images: turned by quarters they are classes of their own to learn from. */
  rotations: z.boolean().optional(),
  /** The test rows of each fold (0-based, file order), or the name of a JSON file that holds such arrays. */
  testFolds: z.union([z.array(z.array(z.int().nonnegative())), z.string()]).optional(),
})
export type Evaluation = z.infer<typeof Evaluation>

/**
 * Parameters that nobody set are looked for on inner folds of each training fold, with the same number of
 * configurations on the same inner folds for every method and its twins.
 */
export const Tune = z.strictObject({
  strategy: z.enum(['random', 'halving']).default('random'),
  /** How many configurations each method tries on each training fold, what the experiment says among them. */
  configurations: z.int().min(2).max(1000).default(10),
  innerFolds: z.int().min(2).max(20).default(3),
})
export type Tune = z.infer<typeof Tune>

/** Which tasks help which: measured by fitting the chosen methods on subsets of the tasks, on the same folds. */
export const RelationsSpec = z.strictObject({
  /** 'pairs': every two tasks against each alone. 'leave-one-out': all tasks against all but one. */
  designs: z
    .array(z.enum(['pairs', 'leave-one-out']))
    .min(1)
    .max(2)
    .default(['pairs']),
  /** Ids of the tasks to relate; default: all. */
  tasks: z.array(z.string()).min(2).optional(),
})
export type RelationsSpec = z.infer<typeof RelationsSpec>

export const DataRef = z.strictObject({
  /** Exactly one of these names the data. */
  hash: z.string().optional(),
  file: z.union([z.string(), z.array(z.string())]).optional(),
  sample: z.string().optional(),
  generator: z.string().optional(),
  /** Of the generator. */
  params: z.record(z.string(), z.unknown()).optional(),
  roles: Roles.optional(),
})
export type DataRef = z.infer<typeof DataRef>

export const ExperimentSpec = z.strictObject({
  name: z.string().min(1).max(200).default('Untitled'),
  data: DataRef,
  methods: z.array(MethodChoice).min(1),
  evaluation: Evaluation.prefault({}),
  metrics: z.array(z.string()).default([]),
  /** Method every other one is compared with; default: each method's own twin, else the first baseline. */
  baseline: z.string().optional(),
  /** Twins (single-task, pooled, ridge, mean) are added to multi-task runs unless this is false. */
  twins: z.boolean().default(true),
  tune: Tune.optional(),
  /** Number targets that are learned on another scale, fitted on each training fold; all figures stay in the own unit. */
  transforms: z.record(z.string(), Scale).optional(),
  relations: RelationsSpec.optional(),
})
export type ExperimentSpec = z.infer<typeof ExperimentSpec>

/** One run = one trial = method x params x seed x fold. Fold "all" is fitted on every row and has no test figure. */
export const Trial = z.object({
  /** `method-key/seed/fold`, unique inside its experiment and the same for the same spec. */
  id: z.string(),
  /** `method id` or `method id#label`: what comparisons group by. */
  methodKey: z.string(),
  method: MethodChoice,
  seed: z.int(),
  repeat: z.int(),
  fold: z.union([z.int(), z.literal('all')]),
  evaluation: Evaluation,
  metrics: z.array(z.string()),
  /** With the names of the parameters that are looked for; absent where there is none. */
  tune: Tune.extend({ parameters: z.array(z.string()).min(1) }).optional(),
  transforms: z.record(z.string(), Scale).optional(),
  /** A part of the transfer matrix instead of one fit: the subsets from..to of `subsetsOf`. */
  relations: RelationsSpec.extend({ from: z.int().nonnegative(), to: z.int().min(1) }).optional(),
})
export type Trial = z.infer<typeof Trial>
