import type { Call, Lab, Notice, Params, Result } from '../../core/contract.ts'
import { LabApi } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'

/** A lab with ready answers, each checked by the contract: commands are tested without data or workers. */
export type CannedLab = Lab & {
  calls: [Call, unknown][]
  close(): Promise<void>
  closed: boolean
  status: 'done' | 'failed'
}

const column = (name: string) => ({
  name,
  kind: 'number' as const,
  why: { code: 'all-numbers' as const, params: {}, text: 'All values are numbers.' },
  missing: 0,
  distinct: 3,
  distinctExact: true,
  numbers: { min: 0, max: 2, mean: 1, sd: 0.8, integers: true },
  top: null,
  histogram: { edges: [0, 2], counts: [3] },
  examples: ['0', '1'],
})
const dataset = {
  hash: 'abc',
  name: 'enb.arff',
  addedAt: '2026-01-01T00:00:00Z',
  roles: null,
  summary: { hash: 'abc', rows: 3, columns: [column('X1'), column('产量')], sample: [], warnings: [] },
}
const run = (method: string, fold: number | 'all', value: number | null) => ({
  id: `run-${method}-${fold}`,
  experiment: 'e1',
  trial: `${method}/1/${fold}`,
  methodKey: method,
  method: { id: method, params: {} },
  seed: 1,
  repeat: 0,
  fold,
  status: 'done' as const,
  runtime: 'reference',
  seconds: 0.5,
  parameters: 3,
  done: 1,
  of: 1,
  metrics: value === null ? {} : { rmse: { value, perTask: { 产量: value } } },
  blobs: { model: null, predictions: null },
  error: null,
})
const estimate = (mean: number) => ({ mean, ci95: [mean - 1, mean + 1] as [number, number], n: 2 })
const figures = (key: string, mean: number) => ({
  key,
  id: key,
  label: key,
  params: {},
  role: 'chosen' as const,
  together: false,
  overall: estimate(mean),
  perTask: { 产量: estimate(mean) },
  runs: { done: 2, failed: 0, stopped: 0, pending: 0 },
  seconds: 1,
  parameters: 3,
  allRun: null,
})

export function createCannedLab(): CannedLab {
  const listeners = new Set<(notice: Notice) => void>()
  const line = () => ({
    id: 'e1',
    name: 'energy',
    createdAt: '2026-01-01T00:00:00Z',
    status: lab.status,
    dataHash: 'abc',
    dataName: 'enb.arff',
    protocol: 'k-fold',
    methods: ['ridge', 'mean'],
    trials: { of: 4, done: 4, failed: 0, stopped: 0 },
    secondsLeft: null,
    binned: false,
  })
  let spec: Params<'experiment.run'>['spec']
  const answers: { [C in Call]?: (params: never) => unknown } = {
    'data.open': ({ files }: Params<'data.open'>) => {
      for (const listener of listeners) listener({ type: 'import', job: 'import', phase: 'read', done: 1, of: 2 })
      const missing = files.find((file) => 'path' in file && file.path.includes('missing'))
      const remedy = 'Check the name.'
      if (missing) throw new UserError({ code: 'no-file', who: 'File', rule: 'exists.', got: 'none', remedy })
      return dataset
    },
    'data.openSample': () => ({ ...dataset, roles: { targets: ['产量'] } }),
    'data.setRoles': () => ({ ok: true }),
    'tasks.nearest': () => ({
      ways: [
        {
          by: 'lines',
          tasks: [
            {
              task: 'a',
              nearest: [
                { task: 'b', distance: 0.5 },
                { task: 'c', distance: 1.25 },
              ],
            },
          ],
        },
      ],
    }),
    'experiment.enough': () => ({
      why: null,
      advice: {
        chance: 0.2,
        rival: 'lines',
        probe: {
          tasks: 9,
          rows: 20,
          shots: 5,
          inputs: 3,
          errors: { level: 1, alone: 0.5, line: 0.6, curve: 0.6, lines: 0.3, curves: 0.31 },
          gain: -0.03,
          se: 0.05,
          between: 0.4,
        },
      },
      record: {
        n: 20,
        advice: { hits: 16, brier: 0.15 },
        always: { hits: 10, brier: 0.5 },
        never: { hits: 10, brier: 0.5 },
        ci95: [0.58, 0.92],
      },
    }),
    'data.describe': () => ({
      described: [
        { target: '产量', task: null, rows: 3, figures: { nr_inst: 3, one_nn: 0.123456 } },
        { target: '产量', task: 'site=北', rows: 2, figures: { nr_inst: 2 } },
      ],
    }),
    'data.check': ({ roles }: Params<'data.check'>) => ({
      findings: [
        {
          code: 'duplicate-rows',
          text: '1 of 3 rows repeats an earlier one.',
          params: {},
          weight: 'leak',
          columns: [],
          rows: [0, 2],
          remedies: roles.targets?.includes('产量') ? [{ kind: 'duplicates', how: 'drop' }] : [],
        },
      ],
      looked: 2,
      rows: 3,
    }),
    'data.list': () => ({
      datasets: [{ hash: 'abc', name: 'enb.arff', rows: 3, columns: 2, addedAt: '2026-01-01T00:00:00Z' }],
    }),
    'templates.list': () => ({
      templates: [
        { id: 'cars', title: 'Cars', question: 'How far does a gallon go?', kind: 'sample', file: null },
        { id: 'sine', title: 'Sines', question: 'Curves.', kind: 'generator', file: null },
      ],
    }),
    'templates.spec': ({ id }: Params<'templates.spec'>) => {
      if (id !== 'cars')
        throw new UserError({
          code: 'unknown-template',
          who: 'Template',
          rule: 'must be cars.',
          got: id,
          remedy: 'Check the name.',
        })
      return { spec: { name: 'proposed', data: { hash: 'abc', roles: {} }, methods: [{ id: 'ridge' }] } }
    },
    'methods.list': () => ({
      methods: [{ id: 'maml', name: 'MAML', family: 'metalearning', about: 'A.', cite: 'Finn', can: {}, schema: {} }],
    }),
    'experiment.plan': (params: Params<'experiment.plan'>) => ({
      trials: 4,
      seconds: 2,
      workers: 1,
      spec: params.spec,
      perMethod: [],
      warnings: [
        { code: 'w', text: 'A warning of the plan.', params: {}, weight: 'leak', columns: [], rows: [], remedies: [] },
      ],
    }),
    'experiment.run': (params: Params<'experiment.run'>) => {
      spec = params.spec
      setTimeout(() => {
        for (const listener of listeners) {
          listener({
            type: 'run',
            summary: LabApi['experiment.get'].result.shape.runs.element.parse(run('ridge', 0, 2)),
          })
          listener({ type: 'experiment', line: line() })
        }
      }, 20)
      return { id: 'e1', trials: 4 }
    },
    'experiment.get': () => ({
      line: {
        ...line(),
        status: lab.calls.filter(([name]) => name === 'experiment.get').length > 1 ? lab.status : 'running',
      },
      spec: spec ?? { data: { hash: 'abc' }, methods: [{ id: 'ridge' }] },
      runs: [run('ridge', 0, 2), run('ridge', 1, 4), run('ridge', 'all', null)],
    }),
    'experiment.list': () => ({ experiments: [line()] }),
    'experiment.compare': ({ metric = 'rmse' }: Params<'experiment.compare'>) => ({
      differs: null,
      metric,
      metrics: ['rmse', 'mae'],
      better: 'lower',
      tasks: [{ id: '产量', kind: 'regression', rows: 3 }],
      interval: { rule: 'nadeau-bengio', unit: 'folds', n: 2, approximate: true },
      baseline: 'mean',
      methods: [figures('ridge', metric === 'rmse' ? 3 : 2.5), figures('mean', 5)],
      differences: [
        {
          method: 'ridge',
          against: 'mean',
          task: '产量',
          raw: 2,
          effect: 1.9,
          ci95: [1, 2.8],
          smallest: 0.1,
          call: 'helps',
        },
      ],
      looks: 1,
      complete: true,
      warnings: [],
    }),
    'experiment.report': () => ({ html: '<!doctype html><title>Report</title>' }),
    'run.predict': () => ({
      rows: 2,
      columns: ['产量'],
      preview: [],
      csv: 'csv-blob',
      deviations: [{ target: '产量', column: '产量 sd', scale: 'log' as const }],
      warnings: [],
    }),
    'run.innerLoop': ({ steps = 1 }: Params<'run.innerLoop'>) => ({
      steps,
      rows: 'drawn',
      tasks: [{ id: 'sine=1', path: [[0, 0], [1, 0]], losses: [2.5, 0.5], pull: 1, inPlane: 1 }], // prettier-ignore
      variance: [1, 0],
      agreement: 1,
      directions: [{ kind: 'mean-pull', at: [1, 0], length: 1 }],
      cosines: [],
      slowed: [{ task: 'sine=1', factor: 0.25 }],
      map: { x: [0, 1], y: [0, 1], before: [[1, 1], [1, 1]], after: null }, // prettier-ignore
    }),
    'run.export': () => ({ name: 'model.onnx', mime: 'application/octet-stream', blob: 'onnx-blob' }),
    blob: ({ hash, offset = 0 }: Params<'blob'>) => {
      const whole = Buffer.from(hash === 'csv-blob' ? '产量\n1\n2\n' : 'onnx bytes that come in pieces')
      return { bytes: whole.subarray(offset, offset + 7).toString('base64'), size: whole.length }
    },
  }
  const lab: CannedLab = {
    calls: [],
    closed: false,
    status: 'done',
    async call<C extends Call>(name: C, params: Params<C>): Promise<Result<C>> {
      lab.calls.push([name, params])
      const respond = answers[name]
      if (!respond) throw new Error(`internal: the canned lab knows no ${name}`)
      const checked = LabApi[name].params.parse(params)
      return LabApi[name].result.parse(respond(checked as never)) as Result<C>
    },
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      lab.closed = true
    },
  }
  return lab
}
