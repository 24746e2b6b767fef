import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { ended, openLab } from './labs.ts'

/**
 * How long runs were said to take, and how long they took: each in a fresh workspace, as the first run ever. Processor
 * time of all of it is compared with the work that was announced, so that other programs disturb it little.
 *
 *   node test/lab/estimates.ts [FROM [TO]]
 */
export type Estimated = { data: string; method: string; said: number; took: number }

const SHARED = path.join(import.meta.dirname, '../../../shared/data')
type Data = { files: string[]; roles: ExperimentSpec['data']['roles'] }
const mulan = (name: string): Data => ({ files: [`mulan-mtr/${name}.arff`], roles: undefined })
const DATA: Record<string, Data> = {
  enb: mulan('enb'),
  edm: mulan('edm'),
  atp1d: mulan('atp1d'),
  wq: mulan('wq'),
  slump: mulan('slump'),
  school: { files: ['school/school.csv'], roles: { targets: ['score'], task: 'school' } as never },
  landmine: { files: ['landmine/landmine.csv'], roles: undefined },
  sleep: { files: ['sleepstudy/sleepstudy.csv'], roles: { targets: ['Reaction'], task: 'Subject' } as never },
}
/** Varied on purpose: small and large, one step and many, plain code and networks. */
export const RUNS: [data: keyof typeof DATA, method: string, params?: object][] = [
  ['enb', 'ridge'],
  ['enb', 'knn'],
  ['enb', 'random-forest'],
  ['enb', 'single-task-mlp'],
  ['enb', 'hard-sharing'],
  ['enb', 'ple'],
  ['enb', 'hard-sharing', { balancer: 'uncertainty', epochs: 60 }],
  ['edm', 'soft-sharing'],
  ['edm', 'regressor-chain'],
  ['atp1d', 'hard-sharing'],
  ['atp1d', 'multi-task-lasso'],
  ['atp1d', 'pls'],
  ['wq', 'single-task-mlp'],
  ['wq', 'mmoe'],
  ['slump', 'cross-stitch'],
  ['slump', 'trace-norm'],
  ['sleep', 'hierarchical-linear'],
  ['sleep', 'hard-sharing'],
  ['sleep', 'maml', { iterations: 500 }],
  ['sleep', 'ridge-head', { iterations: 300 }],
  ['school', 'pooled-ridge-intercepts'],
  ['school', 'hard-sharing'],
  ['school', 'pooled-mlp'],
  ['school', 'mean-regularised'],
  ['landmine', 'logistic'],
  ['landmine', 'single-task-mlp'],
]

export async function estimated([data, method, params = {}]: (typeof RUNS)[number]): Promise<Estimated> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engram-estimates-'))
  const lab = await openLab({ workspacePath: path.join(folder, 'fresh.engram'), workers: 1, host: 'desktop' })
  try {
    const { files, roles } = DATA[data]
    const { hash } = await lab.call('data.open', { files: files.map((file) => ({ path: path.join(SHARED, file) })) })
    const spec = {
      name: `${method} on ${data}`,
      data: { hash, ...(roles ? { roles } : {}) },
      methods: [{ id: method, params }],
      evaluation: { folds: 2 },
      twins: false,
    } as unknown as ExperimentSpec
    const { seconds: said } = await lab.call('experiment.plan', { spec })
    const from = process.cpuUsage()
    const { id } = await lab.call('experiment.run', { spec })
    const { status } = await ended(lab, id)
    if (status !== 'done') throw new Error(`${method} on ${data}: ${status}`)
    const { user, system } = process.cpuUsage(from)
    return { data, method, said, took: (user + system) / 1e6 }
  } finally {
    await lab.close()
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

export const lineOf = ({ data, method, said, took }: Estimated): string =>
  `${data.padEnd(9)} ${method.padEnd(26)} said ${said.toFixed(2).padStart(7)} s  took ${took.toFixed(2).padStart(7)} s  ${(took / said).toFixed(2)}`

if (process.argv[1] === import.meta.filename) {
  const [from = '0', to] = process.argv.slice(2)
  for (const run of RUNS.slice(Number(from), to ? Number(to) : undefined)) console.log(lineOf(await estimated(run)))
  process.exit(0)
}
