import { LabApi } from '../../../core/contract.ts'
import type { Call, Dataset, ExperimentLine, Lab, Network, RunSummary } from '../../../core/contract.ts'
import { summarise } from '../../../core/data/summary.ts'
import type { Table } from '../../../core/data/table.ts'
import type { RunEvent } from '../../../core/events.ts'
import { ExperimentSpec } from '../../../core/experiment.ts'
import type { Relations } from '../../../core/relations/relations.ts'
import { rng } from '../../../core/rng.ts'
import type { Comparison, Difference } from '../../../core/stats/comparison.ts'

/**
 * A lab made of figures that were thought up: same shapes and checks as the real one, no files, no training. Two
 * experiments stand in it: `cars` (two targets) and `school` (139 tasks). `?units=` in the address of the page sets
 * the width of the network, for the measurement of the brain view.
 */
const METHODS = ['mean', 'ridge', 'single-task-mlp', 'pooled-mlp', 'hard-sharing'] as const
const NAMES: Record<string, string> = {
  mean: 'Mean',
  ridge: 'Ridge',
  'single-task-mlp': 'Single-task MLP',
  'pooled-mlp': 'Pooled MLP',
  'hard-sharing': 'Hard sharing',
}
const QUALITY: Record<string, number> = {
  mean: 1,
  ridge: 0.72,
  'single-task-mlp': 0.64,
  'pooled-mlp': 0.69,
  'hard-sharing': 0.57,
}

const TASKS: Record<string, string[]> = {
  cars: ['Miles_per_Gallon', 'Acceleration'],
  school: Array.from({ length: 139 }, (_, i) => `exam@school=${i + 1}`),
}
const FOLDS = 5

/** Three families of schools that help each other, measured in pairs and estimated; nothing of the cars. */
function relations(id: string): Relations | null {
  if (id !== 'school') return null
  const tasks = TASKS[id]
  const n = tasks.length
  const draw = rng('stage/relations')
  const true0 = (at: number) => (at % (n + 1) === 0 ? null : Math.floor(at / n) % 3 === (at % n) % 3 ? 0.1 : -0.1)
  const effect = Array.from({ length: n * n }, (_, at) => {
    const value = true0(at)
    return value === null ? null : value + 0.08 * draw.normal()
  })
  const shifted = (by: number) => effect.map((value) => (value === null ? null : value + by))
  const family = (f: number) => tasks.map((_, k) => k).filter((k) => k % 3 === f)
  const order = [0, 1, 2].flatMap(family)
  return {
    method: 'hard-sharing',
    methods: ['hard-sharing'],
    tasks: tasks.map((task, k) => ({ id: task, kind: 'regression', rows: 20 + k })),
    fits: { done: 9000, of: 9730, refused: 1 },
    reasons: ['Training rows: must hold at least one measured target.'],
    interval: { rule: 'nadeau-bengio', n: 5 },
    measured: [{ design: 'pairs', effect, low: shifted(-0.12), high: shifted(0.12), pooled: effect, settled: 7000, chance: 959 }],
    estimate: { looks: 100, runs: 5, gain: effect.map((value) => value && value / 1000), cosine: effect },
    order,
    groups: [
      { from: 'pairs', exact: false, groups: [0, 1, 2].map(family), predicted: 0.1, checked: { mean: 0.08, ci95: [0.05, 0.11] } },
      { from: 'gain', exact: false, groups: [0, 1, 2].map(family), predicted: null, checked: { mean: 0.07, ci95: null } },
    ],
    agreement: [{ estimate: 'gain', measured: 'pairs', rho: 0.71, ci95: [0.6, 0.8], pairs: n * (n - 1), tasks: n }],
  } // prettier-ignore
}

function carsTable(): Table {
  const draw = rng('stage/cars')
  const rows = 120
  const numbers = (name: string, of: (row: number) => number) => ({
    name,
    kind: 'number' as const,
    values: Float64Array.from({ length: rows }, (_, row) => of(row)),
    valid: new Uint8Array(rows).fill(1),
  })
  const horse = Float64Array.from({ length: rows }, () => 60 + Math.abs(draw.normal()) * 60)
  const weight = horse.map((h) => 1500 + 12 * h + 200 * draw.normal())
  return {
    hash: 'cars-hash',
    rows,
    columns: [
      numbers('Horsepower', (r) => Math.round(horse[r])),
      numbers('Weight_in_lbs', (r) => Math.round(weight[r])),
      numbers('Miles_per_Gallon', (r) => Math.round(10 * (48 - weight[r] / 120 + draw.normal())) / 10),
      numbers('Acceleration', (r) => Math.round(10 * (22 - horse[r] / 20 + draw.normal())) / 10),
    ],
  }
}

const cars = carsTable()
const dataset: Dataset = {
  hash: cars.hash,
  name: 'cars.csv',
  addedAt: '2026-01-01T08:00:00Z',
  roles: {
    targets: ['Miles_per_Gallon', 'Acceleration'],
    task: null,
    group: null,
    split: null,
    weight: null,
    ignore: [],
  },
  summary: summarise(cars),
}

function line(id: string): ExperimentLine {
  return {
    id,
    name: id === 'cars' ? 'Cars, two targets' : 'Exam scores of 139 schools',
    createdAt: '2026-01-02T09:00:00Z',
    status: 'done',
    dataHash: `${id}-hash`,
    dataName: id === 'cars' ? 'cars.csv' : 'school.csv',
    protocol: 'k-fold',
    methods: [...METHODS],
    trials: { of: METHODS.length * (FOLDS + 1), done: METHODS.length * (FOLDS + 1), failed: 0, stopped: 0 },
    secondsLeft: null,
    binned: false,
  }
}

const error = (id: string, method: string, task: string, fold: number | 'all') =>
  QUALITY[method] * (1 + 0.18 * rng(`${id}/${task}`).normal()) + 0.03 * rng(`${id}/${method}/${task}/${fold}`).normal()

function runs(id: string): RunSummary[] {
  return METHODS.flatMap((method) =>
    [...Array(FOLDS).keys(), 'all' as const].map((fold): RunSummary => {
      const perTask = Object.fromEntries(
        TASKS[id].map((task) => [task, fold === 'all' ? null : error(id, method, task, fold)]),
      )
      const values = Object.values(perTask).filter((v) => v !== null)
      return {
        id: `${id}-${method}-${fold}`,
        experiment: id,
        trial: `${method}/1/${fold}`,
        methodKey: method,
        method: { id: method, params: {} },
        seed: 1,
        repeat: 0,
        fold,
        status: 'done',
        runtime: 'native',
        seconds: 0.2 + 3 * QUALITY[method],
        parameters: method === 'mean' ? 2 : 1240,
        done: 100,
        of: 100,
        metrics: fold === 'all' ? {} : { rmse: { value: values.reduce((a, b) => a + b, 0) / values.length, perTask } },
        blobs: { model: `model-${method}`, predictions: null },
        error: null,
      }
    }),
  )
}

function estimate(values: number[]) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const sd = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / Math.max(1, values.length - 1))
  const half = 1.96 * sd * Math.sqrt(1 / values.length + 0.25)
  return { mean, ci95: [mean - half, mean + half] as [number, number], n: values.length }
}

function compare(ids: string[], baseline?: string): Comparison {
  const id = ids[0]
  const all = runs(id).filter((run) => run.fold !== 'all')
  const of = (method: string, task: string) =>
    all.filter((run) => run.methodKey === method).map((run) => run.metrics.rmse.perTask[task] as number)
  const against = baseline ?? 'single-task-mlp'
  const differences: Difference[] = METHODS.filter((m) => m !== against).flatMap((method) => {
    const of1 = (task: string | null): Difference => {
      const tasks = task === null ? TASKS[id] : [task]
      const folds = Array.from({ length: FOLDS }, (_, fold) =>
        tasks.reduce((sum, t) => sum + (of(against, t)[fold] - of(method, t)[fold]) / tasks.length, 0),
      )
      const { mean, ci95 } = estimate(folds)
      const smallest = 0.03
      const call =
        ci95[0] > 0
          ? 'helps'
          : ci95[1] < 0
            ? 'hurts'
            : ci95[0] > -smallest && ci95[1] < smallest
              ? 'no-useful-difference'
              : 'not-settled'
      return { method, against, task, raw: mean, effect: mean * 0.9, ci95, smallest, call }
    }
    return [of1(null), ...TASKS[id].map(of1)]
  })
  return {
    differs: ids.length > 1 ? { field: 'data', values: ['cars.csv (7c1e)', 'school.csv (90ab)'] } : null,
    metric: 'rmse',
    metrics: ['rmse', 'mae', 'r2'],
    better: 'lower',
    tasks: TASKS[id].map((task, i) => ({ id: task, kind: 'regression', rows: 60 + ((i * 37) % 150) })),
    interval: { rule: 'nadeau-bengio', unit: 'folds', n: FOLDS, approximate: true },
    baseline: against,
    methods: METHODS.map((key) => ({
      key,
      id: key,
      label: NAMES[key],
      params: {},
      role: key === 'mean' || key === 'ridge' ? 'baseline' : key === 'hard-sharing' ? 'chosen' : 'twin',
      together: key.startsWith('pooled') || key === 'hard-sharing',
      overall: estimate(all.filter((run) => run.methodKey === key).map((run) => run.metrics.rmse.value as number)),
      perTask: Object.fromEntries(TASKS[id].map((task) => [task, estimate(of(key, task))])),
      runs: { done: FOLDS + 1, failed: 0, stopped: 0, pending: 0 },
      seconds: 4 * QUALITY[key],
      parameters: key === 'mean' ? 2 : 1240,
      allRun: `${id}-${key}-all`,
    })),
    differences,
    looks: 3,
    complete: true,
    warnings: id === 'school' ? [{ code: 'few-rows', text: 'Seven tasks have fewer than 20 rows.' }] : [],
  }
}

function events(run: string): RunEvent[] {
  const draw = rng(`events/${run}`)
  const trial = run
  let seq = 0
  const out: RunEvent[] = [{ trial, seq: seq++, type: 'start', runtime: 'native', dataHash: 'cars-hash' }]
  for (let step = 1; step <= 120; step++)
    for (const split of ['train', 'inner'] as const) {
      const floor = split === 'train' ? 0.3 : 0.42
      const value = floor + Math.exp(-step / 25) + 0.05 * draw.normal() + (split === 'inner' ? step / 900 : 0)
      out.push({ trial, seq: seq++, type: 'metric', name: 'loss', split, task: null, step, value })
    }
  out.push({ trial, seq: seq++, type: 'end', status: 'done' })
  return out
}

function network(): Network {
  const units = Number(new URLSearchParams(globalThis.location?.search ?? '').get('units') ?? 12)
  const inputs = Math.max(6, Math.round(units / 3))
  const draw = rng('stage/network')
  const matrix = (from: number, to: number, scale: number) =>
    Array.from({ length: from * to }, () => (scale * draw.normal()) / Math.sqrt(from))
  const names = ['Horsepower', 'Weight_in_lbs', 'Displacement', 'Cylinders', 'Origin=USA', 'Origin=Japan']
  return {
    layers: [
      { id: 'input', kind: 'input', units: inputs, names: Array.from({ length: inputs }, (_, i) => names[i] ?? `x${i + 1}`), activation: 'linear', task: null }, // prettier-ignore
      { id: 'trunk-1', kind: 'trunk', units, names: null, activation: 'tanh', task: null },
      { id: 'trunk-2', kind: 'trunk', units, names: null, activation: 'tanh', task: null },
      ...TASKS.cars.map((task) => ({
        id: `head-${task}`,
        kind: 'head' as const,
        units: 1,
        names: [task],
        activation: 'linear',
        task,
      })),
    ],
    edges: [
      { from: 'input', to: 'trunk-1', weights: matrix(inputs, units, 1), bias: matrix(1, units, 0.1) },
      { from: 'trunk-1', to: 'trunk-2', weights: matrix(units, units, 1), bias: matrix(1, units, 0.1) },
      ...TASKS.cars.map((task) => ({
        from: 'trunk-2',
        to: `head-${task}`,
        weights: matrix(units, 1, 1.4),
        bias: [0.1],
      })),
    ],
  }
}

const drafts = new Map<string, unknown>()
const answers: { [C in Call]?: (params: never) => unknown } = {
  'lab.info': () => ({
    version: '0.1.0',
    host: 'browser',
    runtime: { kind: 'native', version: '1.30', why: null },
    workers: 2,
    cores: 2,
    platform: 'linux',
    workspace: { path: '/tmp/stage.engram', name: 'stage', readOnly: false },
  }),
  'settings.get': () => ({ settings: {} }),
  'settings.set': () => ({ ok: true }),
  'data.list': () => ({
    datasets: [{ hash: cars.hash, name: dataset.name, rows: cars.rows, columns: 4, addedAt: dataset.addedAt }],
  }),
  'data.get': () => dataset,
  'data.rows': ({ from, count }: { from: number; count: number }) => ({
    rows: Array.from({ length: Math.max(0, Math.min(count, cars.rows - from)) }, (_, i) =>
      cars.columns.map((column) => column.values[from + i]),
    ),
  }),
  'data.samples': () => ({ samples: [] }),
  'data.generators': () => ({ generators: [] }),
  'templates.list': () => ({ templates: [] }),
  'methods.list': () => ({
    methods: METHODS.map((id) => ({
      id,
      name: NAMES[id],
      family: 'multitask',
      about: '',
      cite: '',
      can: { network: id !== 'mean' },
      schema: {},
    })),
  }),
  'experiment.list': () => ({ experiments: ['cars', 'school'].map(line) }),
  'experiment.get': ({ id }: { id: string }) => ({
    line: line(id),
    spec: ExperimentSpec.parse({ name: id, data: { hash: `${id}-hash` }, methods: METHODS.map((m) => ({ id: m })) }),
    runs: runs(id),
  }),
  'experiment.compare': ({ ids, baseline }: { ids: string[]; baseline?: string }) => compare(ids, baseline),
  'experiment.relations': ({ id }: { id: string }) => ({ relations: relations(id) }),
  'experiment.plan': ({ spec }: { spec: ExperimentSpec }) => ({
    trials: 60,
    seconds: 90,
    workers: 2,
    spec,
    perMethod: [],
    relations: { fits: 5000, seconds: 160 },
    warnings: [],
  }),
  'run.service': () => {
    const units = network().layers.flatMap(({ id, kind, units: count }) =>
      kind === 'trunk' ? Array.from({ length: count }, (_, unit) => ({ layer: id, unit })) : [],
    )
    const random = rng('stage/service')
    return { metric: 'rmse', rows: 'test', tasks: TASKS.cars, units, shares: units.flatMap(() => TASKS.cars.map(() => 0.1 * random.normal())) } // prettier-ignore
  },
  'experiment.report': () => ({ html: '<!doctype html><title>Report</title>' }),
  'run.events': ({ run, since }: { run: string; since: number }) => ({ events: events(run).slice(since), more: false }),
  'run.network': () => network(),
  'run.lesion': ({ silence }: { silence: { layer: string; unit: number }[] }) => ({
    metric: 'rmse',
    better: 'lower',
    rows: 'training',
    perTask: TASKS.cars.map((task, i) => ({
      task,
      before: 0.5 + 0.1 * i,
      after: silence.reduce(
        (sum, u) => sum + Math.abs(rng(`${u.layer}/${u.unit}/${i}`).normal()) * 0.08,
        0.5 + 0.1 * i,
      ),
    })),
  }),
  'run.predict': () => ({
    rows: 40,
    columns: ['row', 'Miles_per_Gallon', 'Acceleration', 'Acceleration sd'],
    preview: Array.from({ length: 5 }, (_, i) => [i + 1, 18.2 + i, 15.1 - i / 3, 0.4 + i / 10]),
    csv: 'csv-blob',
    deviations: [{ target: 'Acceleration', column: 'Acceleration sd', scale: null }],
    warnings: [
      {
        code: 'predict.unknown-levels',
        text: 'Origin: the model never saw "Korea".',
        params: { column: 'Origin', levels: '"Korea"' },
      },
    ],
  }),
  'run.export': ({ format }: { format: string }) => ({ name: `run.${format}`, mime: 'text/plain', blob: 'csv-blob' }),
  blob: () => ({ bytes: btoa('row,Miles_per_Gallon,Acceleration\r\n1,18.2,15.1\r\n'), size: 49 }),
  'draft.get': ({ key }: { key: string }) => ({ value: drafts.get(key) ?? null }),
  'draft.set': ({ key, value }: { key: string; value: unknown }) => (drafts.set(key, value), { ok: true }),
}

export function fakeLab(): Lab {
  return {
    async call(name, params) {
      const asked = LabApi[name].params.parse(params)
      const answer = answers[name]
      if (!answer) throw new Error(`internal: the stage has no ${name}`)
      return LabApi[name].result.parse(answer(asked as never)) as never
    },
    on: () => () => {},
  }
}
