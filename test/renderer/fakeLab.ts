import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type {
  Call,
  Dataset,
  ExperimentLine,
  FileRef,
  Lab,
  Notice,
  Params,
  Result,
  RunSummary,
} from '../../core/contract.ts'
import type { Column, Table } from '../../core/data/table.ts'
import { Roles } from '../../core/data/roles.ts'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { checkData } from '../../core/data/checks/index.ts'
import { MISSING, ReadOptions } from '../../core/data/reading.ts'
import { summarise } from '../../core/data/summary.ts'
import { UserError } from '../../core/errors.ts'
import type { RunEvent } from '../../core/events.ts'
import { ExperimentSpec } from '../../core/experiment.ts'

/**
 * A lab in memory for tests of the window: real tables and summaries, invented training. It keeps the contract, answers
 * at once, and lets a test decide how fast its trials run.
 */
export type FakeOptions = {
  /** Path of an uploaded file. */
  pathOf?: (upload: string) => string | undefined
  /** Milliseconds between two steps of a trial; 0 ends every trial at once. */
  pace?: number
  /** Milliseconds that an import takes. */
  importTime?: number
}

const methods: Result<'methods.list'>['methods'] = [
  method('mean', 'Mean', 'baseline', 'Predicts the mean of the training rows.', z.strictObject({})),
  method(
    'ridge',
    'Ridge',
    'classical',
    'A straight line per target, kept small.',
    z.strictObject({
      alpha: z.number().gt(0).max(1e6).default(1).describe('Strength of the penalty on large weights.'),
    }),
  ),
  method('single-task-mlp', 'Single-task network', 'multitask', 'One small network for each task alone.', mlp()),
  method('pooled-mlp', 'Pooled network', 'multitask', 'One network for all rows, as if there were one task.', mlp()),
  method('hard-sharing', 'Hard sharing', 'multitask', 'One trunk for all tasks, one head for each.', mlp()),
  method(
    'maml',
    'MAML',
    'metalearning',
    'Learns a start from which a new task is learned in a few steps.',
    z.strictObject({
      outerLr: z.number().gt(0).max(1).default(0.001).describe('Step size of the outer loop.'),
      innerLr: z.number().gt(0).max(10).default(0.01).describe('Step size of the inner loop.'),
      innerSteps: z.int().min(1).max(20).default(1).describe('Steps on the support set.'),
    }),
  ),
]

function mlp() {
  return z.strictObject({
    hidden: z.array(z.int().min(1).max(1024)).min(1).max(6).default([64, 64]).describe('Units of each hidden layer.'),
    activation: z.enum(['relu', 'tanh', 'gelu']).default('relu').describe('What a unit does with its sum.'),
    epochs: z.int().min(1).max(10000).default(200).describe('Passes over the training rows.'),
    learningRate: z.number().gt(0).max(1).default(0.003).describe('Step size of Adam.'),
    weightDecay: z.number().min(0).max(1).default(0.0001).describe('Pull of the weights towards zero.'),
    earlyStopping: z.boolean().default(true).describe('Stop when the inner rows get no better, keep the best weights.'),
  })
}

function method(id: string, name: string, family: string, about: string, schema: z.ZodType) {
  const needsTaskColumn = id === 'maml'
  return {
    id,
    name,
    family,
    about,
    cite: '',
    can: { taskColumn: true, needsTaskColumn, network: id !== 'mean', resume: family === 'multitask' },
    schema: z.toJSONSchema(schema, { io: 'input' }),
  }
}

const samples = [
  { id: 'cars', title: 'Cars', question: 'Are fuel use and power learned better together?' },
  { id: 'penguins', title: 'Penguins', question: 'Do bill and body say which species it is?' },
  { id: 'barley', title: 'Barley', question: 'Do six sites share what they know about yield?' },
]

export class FakeLab implements Lab {
  private listeners = new Set<(notice: Notice) => void>()
  private options: FakeOptions
  private tables = new Map<string, { table: Table; dataset: Dataset }>()
  private experiments = new Map<string, { line: ExperimentLine; spec: ExperimentSpec; runs: RunSummary[] }>()
  private events = new Map<string, RunEvent[]>()
  private drafts = new Map<string, unknown>()
  private cancelled = new Set<string>()
  settings: Record<string, unknown> = {}
  /** Every call in order, for tests. */
  readonly calls: { call: string; params: unknown }[] = []

  constructor(options: FakeOptions = {}) {
    this.options = options
  }

  on(listener: (notice: Notice) => void) {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  async close() {}

  private say(notice: Notice) {
    for (const listener of this.listeners) listener(notice)
  }

  async call<C extends Call>(name: C, params: Params<C>): Promise<Result<C>> {
    this.calls.push({ call: name, params })
    const answers = this.answers as Record<string, (p: unknown) => unknown>
    if (!answers[name])
      throw new UserError({
        code: 'not-yet',
        who: name,
        rule: 'must be part of the fake lab.',
        got: name,
        remedy: 'Use the real one.',
      })
    return (await answers[name].call(this, params)) as Result<C>
  }

  private keep(name: string, table: Table, suggestedTargets?: string[]): Dataset {
    const summary = summarise(table, [], { suggestedTargets })
    const dataset: Dataset = { hash: table.hash, name, addedAt: '2026-11-20T09:30:00.000Z', roles: null, summary }
    this.tables.set(table.hash, { table, dataset })
    return dataset
  }

  private text(file: FileRef): { name: string; text: string } {
    const path = 'path' in file ? file.path : this.options.pathOf?.(file.upload)
    const name = 'path' in file ? file.path.split('/').at(-1)! : file.name
    return { name, text: readFileSync(path!, 'utf8').replace(/^\uFEFF/, '') }
  }

  private data(hash: string) {
    const found = this.tables.get(hash)
    if (!found)
      throw new UserError({
        code: 'unknown-dataset',
        who: 'Workspace',
        rule: 'must hold the data set.',
        got: hash,
        remedy: 'Open the file again.',
      })
    return found
  }

  private readonly answers = {
    'lab.info': () => ({
      version: '0.1.0',
      host: 'browser' as const,
      runtime: { kind: 'native' as const, version: '1.30.0', why: null },
      workers: 2,
      cores: 2,
      platform: 'linux',
      workspace: { path: '/home/ada/Engram/My lab.engram', name: 'My lab', readOnly: false },
    }),
    'lab.memory': () => ({
      taken: 700 * 2 ** 20,
      limit: 4 * 2 ** 30,
      workers: [1, 2].map((thread) => ({
        thread,
        heap: 40 * 2 ** 20,
        arrays: thread * 9 * 2 ** 20,
        sessions: 4,
        made: 6,
        graphs: 4,
        copies: 5,
      })),
    }),
    'settings.get': () => ({ settings: this.settings }),
    'settings.set': ({ key, value }: Params<'settings.set'>) => {
      this.settings[key] = value
      return { ok: true as const }
    },
    'data.samples': () => ({ samples }),
    'data.generators': () => ({
      generators: [
        {
          id: 'sine',
          title: 'Sine waves',
          about: 'Each task is a wave with its own height and phase.',
          schema: z.toJSONSchema(z.strictObject({ noise: z.number().min(0).max(1).default(0) }), { io: 'input' }),
        },
      ],
    }),
    'templates.list': () => ({
      templates: [
        {
          id: 'school',
          title: 'Exam scores of 139 schools',
          question: 'One line for all schools, or one each?',
          kind: 'published' as const,
          file: { name: 'school.csv', hash: 'f'.repeat(64), rows: 15_362, source: 'MALSAR', here: false },
        },
      ],
    }),
    'data.list': () => ({
      datasets: [...this.tables.values()].map(({ dataset }) => ({
        hash: dataset.hash,
        name: dataset.name,
        rows: dataset.summary.rows,
        columns: dataset.summary.columns.length,
        addedAt: dataset.addedAt,
      })),
    }),
    'data.get': ({ hash }: Params<'data.get'>) => this.data(hash).dataset,
    'data.check': ({ hash, roles }: Params<'data.check'>) => {
      const { table } = this.data(hash)
      const { findings } = checkData(buildTaskSet(table, Roles.parse(roles)), Roles.parse(roles))
      return { findings, looked: table.rows, rows: table.rows }
    },
    'data.rows': ({ hash, from, count }: Params<'data.rows'>) => {
      const { table } = this.data(hash)
      const rows = []
      for (let row = from; row < Math.min(table.rows, from + count); row++)
        rows.push(table.columns.map((c) => cellOf(c, row)))
      return { rows }
    },
    'data.preview': ({ files, read }: Params<'data.preview'>) => {
      const { text } = this.text(files[0])
      const delimiter = read?.delimiter && read.delimiter !== 'auto' ? read.delimiter : sniff(text)
      const lines = text.split(/\r?\n/).filter(Boolean).slice(0, 30)
      const cells = lines.map((line) => line.split(delimiter))
      const found = ReadOptions.parse({
        encoding: 'utf-8',
        decimal: '.',
        skipRows: 0,
        headerRows: 1,
        ...read,
        delimiter,
      })
      if (found.encoding === 'auto') found.encoding = 'utf-8'
      if (found.decimal === 'auto') found.decimal = '.'
      if (found.skipRows === 'auto') found.skipRows = 0
      if (found.headerRows === 'auto') found.headerRows = 1
      return {
        format: 'delimited' as const,
        read: found,
        sheets: [],
        head: cells,
        names: cells[found.skipRows] ?? [],
        rows: cells.slice(found.skipRows + found.headerRows),
        warnings: [],
      }
    },
    'data.open': async ({ files, read, job }: Params<'data.open'>) => {
      const { name, text } = this.text(files[0])
      if (!text.trim()) {
        throw new UserError({
          code: 'file-empty',
          who: name,
          rule: 'A file must hold at least one row.',
          got: 'a file of 0 bytes',
          remedy: 'Choose the file that holds your table.',
        })
      }
      const steps = 20
      for (let i = 0; i < steps && this.options.importTime; i++) {
        await wait(this.options.importTime / steps)
        if (job && this.cancelled.has(job)) {
          throw new UserError({
            code: 'import-cancelled',
            who: name,
            rule: 'The import was cancelled.',
            got: `${i * 5} % of the file`,
            remedy: 'Drop it again to start over.',
          })
        }
        if (job) this.say({ type: 'import', job, phase: i < 10 ? 'scan' : 'read', done: (i + 1) / steps, of: 1 })
      }
      const delimiter = read?.delimiter && read.delimiter !== 'auto' ? read.delimiter : sniff(text)
      const [header, ...rows] = text
        .split(/\r?\n/)
        .filter(Boolean)
        .map((line) => line.split(delimiter))
      return this.keep(name, toTable(name, header, rows))
    },
    'data.cancel': ({ job }: Params<'data.cancel'>) => {
      this.cancelled.add(job)
      return { ok: true as const }
    },
    'data.openSample': ({ id }: Params<'data.openSample'>) => {
      const file = new URL(`../../node_modules/vega-datasets/data/${id}.json`, import.meta.url)
      const records = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string | number | null>[]
      const header = Object.keys(records[0])
      const rows = records.map((record) => header.map((name) => (record[name] === null ? '' : String(record[name]))))
      return this.keep(samples.find((s) => s.id === id)!.title, toTable(id, header, rows))
    },
    'data.setRoles': ({ hash, roles }: Params<'data.setRoles'>) => {
      this.data(hash).dataset = { ...this.data(hash).dataset, roles: Roles.parse(roles) }
      return { ok: true as const }
    },
    'data.rename': ({ hash, name }: Params<'data.rename'>) => {
      this.data(hash).dataset = { ...this.data(hash).dataset, name }
      return { ok: true as const }
    },
    'methods.list': () => ({ methods }),
    'templates.spec': ({ id }: Params<'templates.spec'>) => ({
      spec: ExperimentSpec.parse({
        name: id,
        data: { generator: id },
        methods: ['mean', 'ridge', 'hard-sharing'].map((method) => ({ id: method })),
        evaluation: { protocol: 'few-shot', shots: 10, episodes: 200 },
      }),
    }),
    'experiment.propose': ({ hash, roles }: Params<'experiment.propose'>) => {
      const { dataset } = this.data(hash)
      return {
        spec: ExperimentSpec.parse({
          name: `${dataset.name}: ${(roles.targets ?? []).join(', ')}`,
          data: { hash, roles },
          methods: ['mean', 'ridge', 'single-task-mlp', 'hard-sharing'].map((id) => ({ id })),
          evaluation: {},
          metrics: ['rmse', 'r2'],
        }),
      }
    },
    'experiment.plan': ({ spec }: Params<'experiment.plan'>) => {
      const full = ExperimentSpec.parse(spec)
      const perMethod = full.methods.map((m) => {
        const trials = full.evaluation.folds * full.evaluation.repeats * full.evaluation.seeds + 1
        return {
          key: m.label ? `${m.id}#${m.label}` : m.id,
          id: m.id,
          trials,
          seconds: trials * (m.id.includes('mlp') ? 1.4 : 0.1),
        }
      })
      if (!(full.data.roles?.targets ?? []).length) {
        throw new UserError({
          code: 'roles.no-target',
          who: 'The roles',
          rule: 'must name at least one target.',
          got: 'none',
          remedy: 'Choose what to predict.',
        })
      }
      return {
        trials: perMethod.reduce((n, m) => n + m.trials, 0),
        seconds: perMethod.reduce((n, m) => n + m.seconds, 0) / 2,
        workers: 2,
        spec: full,
        perMethod,
        warnings: [],
      }
    },
    'experiment.run': ({ spec }: Params<'experiment.run'>) => this.run(ExperimentSpec.parse(spec)),
    'experiment.list': () => ({ experiments: [...this.experiments.values()].map((e) => e.line) }),
    'experiment.get': ({ id }: Params<'experiment.get'>) => this.experiments.get(id)!,
    'experiment.rename': ({ id, name }: Params<'experiment.rename'>) => this.change(id, { name }),
    'experiment.bin': ({ id, binned }: Params<'experiment.bin'>) => this.change(id, { binned }),
    'queue.pause': ({ experiment }: Params<'queue.pause'>) => this.change(experiment, { status: 'paused' }),
    'queue.resume': ({ experiment }: Params<'queue.resume'>) => this.change(experiment, { status: 'running' }),
    'queue.stop': ({ experiment }: Params<'queue.stop'>) => this.change(experiment, { status: 'stopped' }),
    'run.events': ({ run, since = 0 }: Params<'run.events'>) => ({
      events: (this.events.get(run) ?? []).slice(since),
      more: false,
    }),
    'draft.get': ({ key }: Params<'draft.get'>) => ({ value: this.drafts.get(key) ?? null }),
    'draft.set': ({ key, value }: Params<'draft.set'>) => {
      this.drafts.set(key, value)
      return { ok: true as const }
    },
  }

  private change(id: string, change: Partial<ExperimentLine>) {
    const experiment = this.experiments.get(id)!
    experiment.line = { ...experiment.line, ...change }
    this.say({ type: 'experiment', line: experiment.line })
    return { ok: true as const }
  }

  private run(spec: ExperimentSpec) {
    const id = `e${this.experiments.size + 1}`
    const runs: RunSummary[] = []
    for (const m of spec.methods) {
      const key = m.label ? `${m.id}#${m.label}` : m.id
      for (let seed = 0; seed < spec.evaluation.seeds; seed++) {
        for (const fold of [...Array(spec.evaluation.folds).keys(), 'all' as const]) {
          runs.push({
            id: `${id}/${key}/${seed}/${fold}`,
            experiment: id,
            trial: `${key}/${seed}/${fold}`,
            methodKey: key,
            method: m,
            seed,
            repeat: 0,
            fold,
            status: 'queued',
            runtime: null,
            seconds: null,
            parameters: null,
            done: 0,
            of: 1,
            metrics: {},
            blobs: { model: null, predictions: null },
            error: null,
          })
        }
      }
    }
    const line: ExperimentLine = {
      id,
      name: spec.name,
      createdAt: new Date(Date.UTC(2026, 10, 20, 10, this.experiments.size)).toISOString(),
      status: 'queued',
      dataHash: spec.data.hash!,
      dataName: this.tables.get(spec.data.hash!)?.dataset.name ?? 'data',
      protocol: spec.evaluation.protocol,
      methods: spec.methods.map((m) => m.id),
      trials: { of: runs.length, done: 0, failed: 0, stopped: 0 },
      secondsLeft: runs.length * 0.8,
      binned: false,
    }
    this.experiments.set(id, { line, spec, runs })
    this.say({ type: 'experiment', line })
    void this.work(id)
    return { id, trials: runs.length }
  }

  private async work(id: string) {
    const experiment = this.experiments.get(id)!
    this.change(id, { status: 'running' })
    const pace = this.options.pace ?? 0
    for (let r = 0; r < experiment.runs.length; r++) {
      let summary: RunSummary = { ...experiment.runs[r], status: 'running', runtime: 'native', of: 20 }
      const events: RunEvent[] = []
      this.events.set(summary.id, events)
      const emit = (event: Record<string, unknown>) => {
        const full = { trial: summary.trial, seq: events.length, ...event } as RunEvent
        events.push(full)
        this.say({ type: 'events', experiment: id, run: summary.id, events: [full] })
      }
      emit({ type: 'start', runtime: 'native', dataHash: experiment.line.dataHash })
      const scale = 1 + 0.2 * Math.sin(r)
      for (let step = 1; step <= 20; step++) {
        if (pace) await wait(pace)
        while (experiment.line.status === 'paused') await wait(20)
        if (experiment.line.status === 'stopped') return
        emit({
          type: 'metric',
          name: 'loss',
          split: 'train',
          task: null,
          step,
          value: scale * Math.exp(-step / 6) + 0.1,
        })
        emit({
          type: 'metric',
          name: 'loss',
          split: 'inner',
          task: null,
          step,
          value: scale * Math.exp(-step / 7) + 0.14,
        })
        emit({ type: 'progress', done: step, of: 20 })
        summary = { ...summary, done: step }
        experiment.runs[r] = summary
        if (pace) this.say({ type: 'run', summary })
      }
      const perTask = Object.fromEntries((experiment.spec.data.roles?.targets ?? []).map((y, i) => [y, scale + i / 10]))
      for (const task of Object.keys(perTask))
        emit({ type: 'metric', name: 'rmse', split: 'test', task, step: 20, value: perTask[task] })
      emit({ type: 'end', status: 'done' })
      summary = {
        ...summary,
        status: 'done',
        seconds: 0.4,
        parameters: 4610,
        metrics: { rmse: { value: scale, perTask } },
      }
      experiment.runs[r] = summary
      this.say({ type: 'run', summary })
      const done = r + 1
      this.change(id, {
        trials: { ...experiment.line.trials, done },
        secondsLeft: (experiment.runs.length - done) * 0.8,
      })
    }
    this.change(id, { status: 'done', secondsLeft: 0 })
  }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const sniff = (text: string) => ([';', '\t', ','] as const).find((d) => text.split(/\r?\n/)[0].includes(d)) ?? ','

function cellOf(column: Column, row: number) {
  if (!column.valid[row]) return null
  return column.kind === 'number' ? column.values[row] : column.levels![column.values[row]]
}

function toTable(name: string, header: string[], rows: string[][]): Table {
  const columns = header.map((title, c): Column => {
    const cells = rows.map((row) => (row[c] ?? '').trim())
    const valid = Uint8Array.from(cells, (cell) => (MISSING.includes(cell) ? 0 : 1))
    if (cells.every((cell, i) => !valid[i] || Number.isFinite(Number(cell)))) {
      return {
        name: title,
        kind: 'number',
        values: Float64Array.from(cells, (cell, i) => (valid[i] ? Number(cell) : NaN)),
        valid,
      }
    }
    const levels = [...new Set(cells.filter((_, i) => valid[i]))]
    const code = new Map(levels.map((level, i) => [level, i]))
    const kind = levels.length <= Math.max(20, cells.length / 4) ? 'category' : 'text'
    return {
      name: title,
      kind,
      levels,
      values: Int32Array.from(cells, (cell, i) => (valid[i] ? code.get(cell)! : 0)),
      valid,
    }
  })
  return { hash: `hash-of-${name}`, rows: rows.length, columns }
}
