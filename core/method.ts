import type { Expr } from './engine/expr.ts'
import type { FittedScale } from './transforms/scale.ts'
import type { z } from 'zod'
import type { Predictions, TaskId, TaskKind, View } from './data/taskSet.ts'
import type { Runtime } from './engine/runtime.ts'
import type { Rng } from './rng.ts'

/** What a data set looks like to someone who must say how long a fit takes, or whether it can be done at all. */
export type TaskSetSummary = {
  rows: number
  /** Width of the encoded inputs. */
  features: number
  targets: number
  tasks: number
  kinds: TaskKind[]
  taskColumn: boolean
  missingTargets: boolean
  generator: boolean
  /** Share of the targets' spread that nearest neighbours leave open (`core/data/unexplained.ts`), where that was looked at. */
  unexplained?: number | null
  /** Measured rows of every task, where they were counted. */
  taskRows?: readonly { id: string; rows: number }[]
}

/** What a method promises; read by the form, the docs and the contract tests. */
export type Can = {
  /** Learns from a task column (rows that belong to a task). */
  taskColumn: boolean
  /** Needs a task column: has no meaning without one. */
  needsTaskColumn: boolean
  manyTargets: boolean
  missingTargets: boolean
  kinds: TaskKind[]
  /** Predicts rows of a task never seen in training, without any labelled row of it. */
  newTask: boolean
  /** `Model.adapt` exists: learns a new task from a support set. */
  adapt: boolean
  onnx: boolean
  resume: boolean
  /** `Model.network` exists: the brain view can draw it. */
  network: boolean
}

/**
 * What `fit` yields. A yield is the only safe point for pause, stop and checkpoint. Steps per chunk come from the
 * spec and the size of the work, never from time.
 */
export type FitEvent =
  | { type: 'progress'; done: number; of: number }
  | { type: 'metric'; name: string; split: 'train' | 'inner'; task: TaskId | null; step: number; value: number }
  | { type: 'checkpoint'; step: number; bytes: Uint8Array }
  /** What was watched on the way, worth keeping beside the model: read by `core/relations`. */
  | { type: 'trace'; step: number; bytes: Uint8Array }

export type FitContext = {
  train: View
  /** Inner validation rows for early stopping, split from the training fold by `run.ts`; null where none is wanted. */
  inner: View | null
  rng: Rng
  runtime: Runtime
  /** A checkpoint of an earlier, interrupted fit of the same trial. */
  resume: Uint8Array | null
  /** The evaluation's few-shot numbers, for methods that learn from episodes. */
  episodes: { shots: number; queries: number; ways: number } | null
}

/** One layer's units in the brain diagram. `task` is set on heads. */
export type NetworkLayer = {
  id: string
  kind: 'input' | 'trunk' | 'tower' | 'expert' | 'gate' | 'head'
  units: number
  /** Names of the units where they have any: encoded inputs, outputs. */
  names: string[] | null
  activation: string
  task: TaskId | null
}
/** A trained network, layer by layer, as the brain view, the report and lesions read it. */
export type NetworkView = {
  layers: NetworkLayer[]
  /** Full weights between two layers: [from unit, to unit], with the bias of the `to` units. */
  edges: { from: string; to: string; weights: Float32Array; bias: Float32Array | null }[]
}

/** The inner loop of a learner, for looking at: networks are flat vectors of weights. */
export type InnerLoop = {
  tasks: TaskId[]
  /** The network that every task begins from. */
  start: Float32Array
  /** Each task's network after so many steps on its support set, and the loss of its query rows. */
  after(steps: number): Promise<{ networks: Float32Array[]; losses: number[] }>
  /** Tasks that ran away in what was asked so far, and the share of the rate at which they were learned then. */
  readonly slowed: readonly { task: TaskId; factor: number }[]
  /** Slopes of the mean query loss after so many steps, with respect to the start; null where it is not learned. */
  metaGradients(steps: number): Promise<{ exact: Float32Array; firstOrder: Float32Array } | null>
  /** The mean query loss of starts moved along two directions, before any step and after so many. */
  lossesAround(
    basis: readonly [Float32Array, Float32Array],
    at: readonly (readonly [number, number])[],
    steps: number,
  ): Promise<{ before: number[]; after: number[] | null }>
}

/** What is done to the outputs of an exported graph, [row, unit], at its end. */
export type Finish = (predictions: Expr, units: readonly { target: string; width: number }[]) => Expr

export interface Model {
  predict(view: View): Promise<Predictions>
  /** A new model that has learned from the labelled rows of `support`; the old one stays as it is. */
  adapt?(support: View): Promise<Model>
  /** The model after each of these numbers of steps on the support set; 0 is the one before. */
  adaptTrace?(support: View, steps: readonly number[]): Promise<Model[]>
  /** Tasks on which its inner loop ran away, and the share of its rate at which they were learned then; 0: not at all. */
  slowed?: readonly { task: TaskId; factor: number }[]
  /** How it learns the tasks of a support set, and what their query rows say of it. Both views hold the same tasks. */
  innerLoop?(support: View, query: View): Promise<InnerLoop>
  /** Standard deviations of its predictions of number targets, where the method knows them; NaN elsewhere. */
  spread?(view: View): Promise<Predictions>
  save(): Uint8Array
  /** The model as an ONNX file, input scaling included. */
  onnx?(finish?: Finish): Uint8Array
  /** Where targets were learned on another scale: how they come back. */
  scales?: readonly FittedScale[]
  /** Number of learned numbers. */
  parameters: number
  network?(): NetworkView
  /** The networks of the tasks that it knows, where each has one of its own beside what `network` shows. */
  taskNetworks?(): NetworkView
  /** The same model with units of one layer silenced (their output set to zero). */
  silence?(units: { layer: string; unit: number }[]): Model
}

export type Family = 'baseline' | 'classical' | 'multitask' | 'metalearning'

/** A way of learning: one file with a schema. `P` is the type of its parameters. */
export interface Method<P = unknown> {
  /** Stable, kebab-case: it is what specs name. */
  id: string
  family: Family
  /** English name; the catalogue's key `method.<id>` translates it. */
  name: string
  /** One sentence: what it does, in plain words. */
  about: string
  /** Authors, year, title. */
  cite: string
  /** Every field has a default, a `.describe()` text and bounds: the form, docs and error texts come from it. */
  params: z.ZodType<P>
  can: Can
  /** Ids of its twins, best first: they differ from it in one thing only, that it learns tasks together. */
  twins?: readonly string[]
  /** One model for all tasks that is not told them apart: where it does as well as others, pooling is the answer. */
  ignoresTasks?: boolean
  /** `Model.adapt` learns tasks of any number of classes, whatever their number was in training. */
  anyWays?: true
  /** Rows count alike in its learning, whatever their sample weights. */
  ignoresWeights?: boolean
  /** Families that it stands beside: it is trained too whenever a method of one of them is chosen. */
  beside?: readonly Family[]
  /** Abstract units of work (about one multiply-add); the lab turns them into seconds. */
  work(summary: TaskSetSummary, params: P): number
  fit(context: FitContext, params: P): AsyncGenerator<FitEvent, Model>
  /** The model that `Model.save` wrote. */
  load(bytes: Uint8Array, runtime: Runtime): Model
}
