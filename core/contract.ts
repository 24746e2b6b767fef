import { z } from 'zod'
import { InnerMap } from './brain/innerLoop.ts'
import { Roles } from './data/roles.ts'
import { ReadOptions, Preview } from './data/reading.ts'
import { Finding } from './data/checks/finding.ts'
import { DatasetSummary } from './data/summary.ts'
import { Enough } from './enough/enough.ts'
import { UserErrorJson } from './errors.ts'
import { RUN_STATUS, RunEvent, Slowed, Tuned } from './events.ts'
import { Evaluation, ExperimentSpec, MethodChoice } from './experiment.ts'
import { Nearest } from './metafeatures/neighbours.ts'
import { Relations } from './relations/relations.ts'
import { Comparison } from './stats/comparison.ts'
import { RowCurves } from './stats/rowCurve.ts'
import { ShotCurves } from './stats/shotCurve.ts'
import { Scale } from './transforms/scale.ts'

/**
 * The LabApi, said once: every request with the schema of its parameters and of its answer, and every notice that the
 * lab pushes. Desktop (message port), browser (WebSocket), command line and renderer all speak just this.
 */

/** A file on this machine (desktop, command line) or one that was uploaded to the lab (browser). */
export const FileRef = z.union([
  z.strictObject({ path: z.string().min(1) }),
  z.strictObject({ upload: z.string().min(1), name: z.string() }),
])
export type FileRef = z.infer<typeof FileRef>

export const Dataset = z.object({
  hash: z.string(),
  name: z.string(),
  addedAt: z.string(),
  roles: Roles.nullable(),
  summary: DatasetSummary,
})
export type Dataset = z.infer<typeof Dataset>

export const DatasetLine = z.object({
  hash: z.string(),
  name: z.string(),
  rows: z.int(),
  columns: z.int(),
  addedAt: z.string(),
})

/** A warning: its English text, and what the catalogue says it with in another language. */
const Said = z.object({
  code: z.string(),
  text: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
})

/** One run as the lists show it: materialised when it ends, so that opening a workspace folds nothing. */
export const RunSummary = z.object({
  id: z.string(),
  experiment: z.string(),
  trial: z.string(),
  methodKey: z.string(),
  method: MethodChoice,
  seed: z.int(),
  repeat: z.int(),
  fold: z.union([z.int(), z.literal('all')]),
  status: z.enum(RUN_STATUS),
  runtime: z.string().nullable(),
  seconds: z.number().nullable(),
  parameters: z.number().nullable(),
  done: z.number(),
  of: z.number(),
  /** Of the test rows: value = mean over tasks. null where undefined. */
  metrics: z.record(
    z.string(),
    z.object({ value: z.number().nullable(), perTask: z.record(z.string(), z.number().nullable()) }),
  ),
  blobs: z.object({ model: z.string().nullable(), predictions: z.string().nullable() }),
  error: UserErrorJson.nullable(),
  /** What the run found besides figures. */
  found: z
    .object({
      tuned: Tuned.optional(),
      /** Tasks on which its inner loop ran away, of all that it was asked to learn. */
      slowed: Slowed.optional(),
      /** Hash of what was watched while it trained, or of its part of the transfer matrix. */
      trace: z.string().optional(),
    })
    .optional(),
  /** It measured the transfer matrix: these of its subsets. */
  relations: z.object({ from: z.int(), to: z.int() }).optional(),
})
export type RunSummary = z.infer<typeof RunSummary>

export const EXPERIMENT_STATUS = ['queued', 'running', 'paused', 'done', 'stopped', 'failed'] as const
export const ExperimentLine = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  status: z.enum(EXPERIMENT_STATUS),
  dataHash: z.string(),
  dataName: z.string(),
  protocol: z.string(),
  methods: z.array(z.string()),
  trials: z.object({ of: z.int(), done: z.int(), failed: z.int(), stopped: z.int() }),
  /** Estimated seconds of work left, null where unknown. */
  secondsLeft: z.number().nullable(),
  binned: z.boolean(),
})
export type ExperimentLine = z.infer<typeof ExperimentLine>

export const Plan = z.object({
  trials: z.int(),
  /** Wall-clock estimate with this many workers. */
  seconds: z.number(),
  workers: z.int(),
  /** The spec as it would run: hash filled in, twins added, defaults filled in. */
  spec: ExperimentSpec,
  perMethod: z.array(z.object({ key: z.string(), id: z.string(), trials: z.int(), seconds: z.number() })),
  /** What measuring the relations between tasks costs within that: fits, and seconds of one worker. */
  relations: z.object({ fits: z.int(), seconds: z.number() }).optional(),
  /** What the checks of the data and of its split found. */
  warnings: z.array(Finding),
})
export type Plan = z.infer<typeof Plan>

/** JSON twin of core/method.ts NetworkView; weights row-major [from unit, to unit]. */
export const Network = z.object({
  layers: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['input', 'trunk', 'tower', 'expert', 'gate', 'head']),
      units: z.int(),
      names: z.array(z.string()).nullable(),
      activation: z.string(),
      task: z.string().nullable(),
    }),
  ),
  edges: z.array(
    z.object({ from: z.string(), to: z.string(), weights: z.array(z.number()), bias: z.array(z.number()).nullable() }),
  ),
})
export type Network = z.infer<typeof Network>

export const Unit = z.strictObject({ layer: z.string(), unit: z.int().nonnegative() })

export const Lesion = z.object({
  metric: z.string(),
  better: z.enum(['lower', 'higher']),
  /** Which rows were asked: the fold's test rows, or the training rows of a model fitted on everything. */
  rows: z.enum(['test', 'training']),
  perTask: z.array(z.object({ task: z.string(), before: z.number().nullable(), after: z.number().nullable() })),
})
export type Lesion = z.infer<typeof Lesion>

/** What every task loses without each hidden unit alone, as a share of its figure before; null where unknown. */
export const Service = z.object({
  metric: z.string(),
  rows: z.enum(['test', 'training']),
  tasks: z.array(z.string()),
  units: z.array(Unit),
  /** [unit, task], row by row; positive: worse without it. */
  shares: z.array(z.number().nullable()),
})
export type Service = z.infer<typeof Service>

const none = z.strictObject({})
const ok = z.object({ ok: z.literal(true) })
const byHash = z.strictObject({ hash: z.string() })
const byId = z.strictObject({ id: z.string() })
const byRun = z.strictObject({ run: z.string() })
const call = <P extends z.ZodType, R extends z.ZodType>(params: P, result: R) => ({ params, result })

export const LabApi = {
  'lab.info': call(
    none,
    z.object({
      version: z.string(),
      host: z.enum(['desktop', 'browser', 'cli']),
      runtime: z.object({
        kind: z.enum(['native', 'wasm', 'reference']),
        version: z.string(),
        why: z.string().nullable(),
      }),
      workers: z.int(),
      cores: z.int(),
      platform: z.string(),
      workspace: z.object({ path: z.string(), name: z.string(), readOnly: z.boolean() }),
    }),
  ),
  /** Bytes that the lab's process takes, and what each worker says of itself. */
  'lab.memory': call(
    none,
    z.object({
      taken: z.number(),
      limit: z.number(),
      workers: z.array(
        z.object({
          thread: z.int(),
          /** Bytes of the JavaScript heap, and of arrays beside it. */
          heap: z.number(),
          arrays: z.number(),
          /** Compiled programs in memory now, and made so far. */
          sessions: z.int(),
          made: z.int(),
          /** Graphs built so far, and how often the rows of a fold were copied. */
          graphs: z.int(),
          copies: z.int(),
        }),
      ),
    }),
  ),
  'settings.get': call(none, z.object({ settings: z.record(z.string(), z.unknown()) })),
  'settings.set': call(z.strictObject({ key: z.string(), value: z.unknown() }), ok),

  'workspace.open': call(z.strictObject({ path: z.string() }), z.object({ path: z.string() })),
  'workspace.saveCopy': call(z.strictObject({ path: z.string() }), z.object({ path: z.string() })),

  'data.preview': call(z.strictObject({ files: z.array(FileRef).min(1), read: ReadOptions.optional() }), Preview),
  /** Progress arrives as `import` notices that carry `job`. */
  'data.open': call(
    z.strictObject({ files: z.array(FileRef).min(1), read: ReadOptions.optional(), job: z.string().optional() }),
    Dataset,
  ),
  'data.cancel': call(z.strictObject({ job: z.string() }), ok),
  'data.samples': call(
    none,
    z.object({ samples: z.array(z.object({ id: z.string(), title: z.string(), question: z.string() })) }),
  ),
  'data.openSample': call(byId, Dataset),
  'data.generators': call(
    none,
    z.object({
      generators: z.array(z.object({ id: z.string(), title: z.string(), about: z.string(), schema: z.unknown() })),
    }),
  ),
  'data.list': call(none, z.object({ datasets: z.array(DatasetLine) })),
  'data.get': call(byHash, Dataset),
  'data.rows': call(
    z.strictObject({ hash: z.string(), from: z.int().nonnegative(), count: z.int().min(1).max(500) }),
    z.object({ rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))) }),
  ),
  /** Meta-features of each target, and of each task where a column names it; figures that have no meaning are left out. */
  'data.describe': call(
    z.strictObject({ hash: z.string(), roles: Roles.optional() }),
    z.object({
      described: z.array(
        z.object({
          target: z.string(),
          task: z.string().nullable(),
          rows: z.int(),
          figures: z.record(z.string(), z.number()),
        }),
      ),
    }),
  ),
  /** A few images of each class of a column (`by` null: the first ones), thinned out to at most 48 pixels a side. */
  'data.images': call(
    z.strictObject({
      hash: z.string(),
      by: z.string().nullable(),
      from: z.int().nonnegative(),
      classes: z.int().min(1).max(24),
      each: z.int().min(1).max(12),
    }),
    z.object({
      height: z.int(),
      width: z.int(),
      channels: z.int(),
      of: z.int(),
      groups: z.array(
        z.object({
          value: z.string().nullable(),
          count: z.int(),
          rows: z.array(z.int()),
          /** Bytes [image, height, width, channel] as base64. */
          pixels: z.string(),
        }),
      ),
    }),
  ),
  /** The tasks most like each task, by meta-features, by lines of their own, and by the heads of a trained model. */
  'tasks.nearest': call(
    z.strictObject({ hash: z.string(), roles: Roles.optional(), run: z.string().optional() }),
    z.object({ ways: z.array(Nearest) }),
  ),
  'data.setRoles': call(z.strictObject({ hash: z.string(), roles: Roles }), ok),
  /** Duplicates, copies of targets, keys, confounding, drift, subjects on both sides: before anything is trained. */
  'data.check': call(
    z.strictObject({ hash: z.string(), roles: Roles, evaluation: Evaluation.optional() }),
    z.object({
      findings: z.array(Finding),
      /** Rows that the dearer checks looked at, and all of them. */
      looked: z.int(),
      rows: z.int(),
    }),
  ),
  'data.rename': call(z.strictObject({ hash: z.string(), name: z.string().min(1).max(200) }), ok),

  'methods.list': call(
    none,
    z.object({
      methods: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          family: z.string(),
          about: z.string(),
          cite: z.string(),
          can: z.record(z.string(), z.unknown()),
          /** JSON Schema of the parameters, from the zod schema. */
          schema: z.unknown(),
        }),
      ),
    }),
  ),

  /** Ready experiments: on samples, on made-up tasks, on published data sets (`file`) that must be dropped first. */
  'templates.list': call(
    none,
    z.object({
      templates: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          question: z.string(),
          kind: z.enum(['sample', 'generator', 'published']),
          file: z
            .object({
              name: z.string(),
              hash: z.string(),
              rows: z.int(),
              source: z.string(),
              /** In this workspace already. */
              here: z.boolean(),
            })
            .nullable(),
        }),
      ),
    }),
  ),
  /** Throws `template.needs-data` where its data set was not opened yet. */
  'templates.spec': call(byId, z.object({ spec: ExperimentSpec })),

  /** A ready spec for a data set with these roles: methods, protocol and metrics filled in. */
  'experiment.propose': call(z.strictObject({ hash: z.string(), roles: Roles }), z.object({ spec: ExperimentSpec })),
  /**
   * What did best on the earlier data set of this workspace that looks most like this one, and how often such advice has
   * been as good here as all that the form proposes (`share` null with fewer than `least` data sets).
   */
  'experiment.suggest': call(
    z.strictObject({ spec: ExperimentSpec }),
    z.object({
      suggestion: z
        .object({
          method: z.string(),
          params: z.record(z.string(), z.unknown()),
          metric: z.string(),
          figure: z.number(),
          from: z.object({ name: z.string(), experiment: z.string() }),
          /** Whether that data set is no further from this one than earlier ones are from each other; needs three. */
          alike: z.boolean(),
        })
        .nullable(),
      rate: z
        .object({
          n: z.int(),
          hits: z.int(),
          share: z.object({ value: z.number(), ci95: z.tuple([z.number(), z.number()]) }).nullable(),
        })
        .nullable(),
      least: z.int(),
    }),
  ),
  /** Whether there are tasks enough, and alike enough, for meta-learning; before anything is trained. */
  'experiment.enough': call(z.strictObject({ spec: ExperimentSpec }), Enough),
  'experiment.plan': call(z.strictObject({ spec: ExperimentSpec }), Plan),
  /** Relations between tasks take many fits: `confirmed` repeats the number of them that the plan quoted. */
  'experiment.run': call(
    z.strictObject({ spec: ExperimentSpec, confirmed: z.int().optional() }),
    z.object({ id: z.string(), trials: z.int() }),
  ),
  'experiment.list': call(none, z.object({ experiments: z.array(ExperimentLine) })),
  'experiment.get': call(byId, z.object({ line: ExperimentLine, spec: ExperimentSpec, runs: z.array(RunSummary) })),
  'experiment.rename': call(z.strictObject({ id: z.string(), name: z.string().min(1).max(200) }), ok),
  /** Moves to the bin and back: nothing computed is ever lost. */
  'experiment.bin': call(z.strictObject({ id: z.string(), binned: z.boolean() }), ok),
  'experiment.compare': call(
    z.strictObject({
      ids: z.array(z.string()).min(1),
      metric: z.string().optional(),
      baseline: z.string().optional(),
    }),
    Comparison,
  ),
  /** Which tasks help which, as far as it was measured or watched; null where it was neither. */
  'experiment.relations': call(
    z.strictObject({ id: z.string(), method: z.string().optional() }),
    z.object({ relations: Relations.nullable() }),
  ),
  /** Error against the number of labelled rows of a new task (`evaluation.shotCurve`). */
  'experiment.shots': call(z.strictObject({ id: z.string(), metric: z.string().optional() }), ShotCurves),
  /** Error against the number of training rows per task (`evaluation.rowCurve`). */
  'experiment.rows': call(z.strictObject({ id: z.string(), metric: z.string().optional() }), RowCurves),
  /**
   * The one-page report as a self-contained HTML document: charts and figures, no rows of the data. Several experiments
   * stand side by side on it, as their comparison says.
   */
  'experiment.report': call(
    z.strictObject({
      ids: z.array(z.string()).min(1),
      language: z.enum(['en', 'zh']).default('en'),
      /** Names of methods by key, as their reader knows them; default: the English ones. */
      labels: z.record(z.string(), z.string()).default({}),
    }),
    z.object({ html: z.string() }),
  ),

  'queue.pause': call(z.strictObject({ experiment: z.string() }), ok),
  'queue.resume': call(z.strictObject({ experiment: z.string() }), ok),
  'queue.stop': call(z.strictObject({ experiment: z.string() }), ok),

  'run.events': call(
    z.strictObject({ run: z.string(), since: z.int().nonnegative().default(0) }),
    z.object({ events: z.array(RunEvent), more: z.boolean() }),
  ),
  'run.network': call(byRun, Network),
  'run.lesion': call(z.strictObject({ run: z.string(), silence: z.array(Unit).max(10_000) }), Lesion),
  /**
   * What the inner loop of a trained meta-learner does: where a few tasks pull its start, and where it would be moved.
   * Default: the method's own steps, ten at most.
   */
  'run.innerLoop': call(
    z.strictObject({
      run: z.string(),
      steps: z.int().min(1).max(50).optional(),
      tasks: z.int().min(1).max(50).default(12),
    }),
    InnerMap,
  ),
  /** Which hidden units serve which task: each is silenced alone. */
  'run.service': call(byRun, Service),
  'run.predict': call(
    z.strictObject({
      run: z.string(),
      files: z.array(FileRef).min(1),
      read: ReadOptions.optional(),
      /** Blob of an adapted model (`run.adapt`) that answers instead of the run's own. */
      model: z.string().optional(),
    }),
    z.object({
      rows: z.int(),
      columns: z.array(z.string()),
      preview: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
      /** Blob of the whole CSV (UTF-8). */
      csv: z.string(),
      /** Columns of standard deviations, where the model states them; `scale`: the one on which the target was learned. */
      deviations: z.array(z.object({ target: z.string(), column: z.string(), scale: Scale.nullable() })),
      warnings: z.array(Said),
    }),
  ),
  /**
   * Learns the tasks of a file of labelled rows, starting from the run's model; the run keeps its own. `trace` shows the
   * support rows before and after each number of steps, where the method learns by steps.
   */
  'run.adapt': call(
    z.strictObject({
      run: z.string(),
      files: z.array(FileRef).min(1),
      read: ReadOptions.optional(),
      steps: z.array(z.int().min(0).max(10_000)).max(20).default([0, 1, 5, 10]),
    }),
    z.object({
      /** Blob of the adapted model: `run.predict` takes it. */
      model: z.string(),
      tasks: z.array(
        z.object({
          id: z.string(),
          rows: z.int(),
          isNew: z.boolean(),
          /** Of models of drawn classes: the new classes, in order of appearance. */
          classes: z.array(z.object({ name: z.string(), rows: z.int() })).optional(),
        }),
      ),
      /** Rows of the file without any label: those that are left to predict. */
      unlabelled: z.int(),
      trace: z.array(
        z.object({
          steps: z.int(),
          /** Per task: root mean squared error of a number, share of wrong classes. */
          errors: z.array(z.object({ task: z.string(), error: z.number().nullable() })),
          /** What it says of the first support rows, in the order of the file: the number, or the likeliest class. */
          said: z.array(z.union([z.number(), z.string(), z.null()])),
          /** The standard deviations that it states for them; null where the method has none. */
          sd: z.array(z.number().nullable()).nullable(),
        }),
      ),
      /** The labels of the same rows. */
      truth: z.array(z.union([z.number(), z.string(), z.null()])),
      warnings: z.array(Said),
    }),
  ),
  'run.export': call(
    z.strictObject({
      run: z.string(),
      format: z.enum(['onnx', 'csv', 'json', 'latex']),
      /** Blob of an adapted model (`run.adapt`): what is written as ONNX instead of the run's own. */
      model: z.string().optional(),
    }),
    z.object({ name: z.string(), mime: z.string(), blob: z.string() }),
  ),
  /** At most 512 KiB at a time, base64. */
  blob: call(
    z.strictObject({ hash: z.string(), offset: z.int().nonnegative().default(0) }),
    z.object({ bytes: z.string(), size: z.int() }),
  ),
  /** What the person was typing: specs in the form, lesson state. Saved as it is typed. */
  'draft.get': call(z.strictObject({ key: z.string() }), z.object({ value: z.unknown() })),
  'draft.set': call(z.strictObject({ key: z.string(), value: z.unknown() }), ok),
} as const

export type Call = keyof typeof LabApi
export type Params<C extends Call> = z.input<(typeof LabApi)[C]['params']>
export type Result<C extends Call> = z.output<(typeof LabApi)[C]['result']>

/** What the lab says unasked. Batched: at most ten times a second. */
export const Notice = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('import'),
    job: z.string(),
    phase: z.string(),
    done: z.number(),
    of: z.number().nullable(),
  }),
  z.object({ type: z.literal('events'), experiment: z.string(), run: z.string(), events: z.array(RunEvent) }),
  z.object({ type: z.literal('run'), summary: RunSummary }),
  z.object({ type: z.literal('experiment'), line: ExperimentLine }),
  z.object({ type: z.literal('runtime'), kind: z.enum(['native', 'wasm', 'reference']), why: z.string() }),
  z.object({ type: z.literal('fault'), error: UserErrorJson }),
])
export type Notice = z.infer<typeof Notice>

/** The envelopes on the wire. */
export const Request = z.strictObject({ id: z.int().nonnegative(), call: z.string(), params: z.unknown() })
export const Response = z.union([
  z.strictObject({ id: z.int().nonnegative(), ok: z.unknown() }),
  z.strictObject({ id: z.int().nonnegative(), error: UserErrorJson }),
  /** A long answer comes as the pieces of its text, in order; `more` is false on the last. */
  z.strictObject({ id: z.int().nonnegative(), part: z.string(), more: z.boolean() }),
  z.strictObject({ notice: Notice }),
])

/** A lab, wherever it runs: what every host implements and the renderer holds. */
export interface Lab {
  call<C extends Call>(name: C, params: Params<C>): Promise<Result<C>>
  /** Returns a function that ends the subscription. */
  on(listener: (notice: Notice) => void): () => void
}
