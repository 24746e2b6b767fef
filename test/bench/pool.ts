import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Roles } from '../../core/data/roles.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { openSample } from '../../electron/lab/importers/samples.ts'
import { type Flight, type Job, newFlag, Pool } from '../../electron/lab/pool.ts'
import { createLab } from '../../electron/lab/service.ts'
import { taskSetOf } from '../../electron/lab/sets.ts'
import { type SharedData, shareTable } from '../../electron/lab/shared.ts'

/**
 * `node test/bench/pool.ts [rounds]`: how much sooner two workers finish eight trials of about five seconds than one, the
 * processor time that both take, how long the start of a trial on a warm worker takes, and what trials of some
 * milliseconds cost one by one and in pieces. The first experiment of a lab is not counted: it warms the workers.
 */
const rounds = Number(process.argv[2] ?? 5)
const folder = mkdtempSync(join(tmpdir(), 'engram-pool-'))
type OpenLab = Awaited<ReturnType<typeof createLab>>

const long = (iterations: number, repeats: number, seed: number) =>
  ExperimentSpec.parse({
    data: { generator: 'sine' },
    methods: [{ id: 'maml', params: { iterations } }],
    evaluation: { protocol: 'few-shot', shots: 10, episodes: 10, repeats, seed },
    metrics: ['rmse'],
    twins: false,
  })
const roles = Roles.parse({ targets: ['Miles_per_Gallon'], ignore: ['Name'] })
const short = (repeats: number) =>
  ExperimentSpec.parse({
    data: { sample: 'cars', roles },
    methods: [{ id: 'ridge' }],
    evaluation: { protocol: 'k-fold', folds: 100, repeats, seed: 1 },
    metrics: ['rmse'],
    twins: false,
  })

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const spread = (values: number[], digits = 2) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`

/** Hears of the end; asking for it would take time from the workers. */
async function timed(lab: OpenLab, spec: ExperimentSpec) {
  const [begun, cpu] = [performance.now(), process.cpuUsage()]
  let hear: (status: string) => void = () => {}
  const ended = new Promise<string>((resolve) => (hear = resolve))
  const off = lab.on((notice) => {
    if (notice.type === 'experiment' && ['done', 'failed', 'stopped'].includes(notice.line.status))
      hear(notice.line.status)
  })
  const { trials } = await lab.call('experiment.run', { spec })
  const status = await ended
  off()
  if (status !== 'done') throw new Error(`internal: ${status}`)
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: (performance.now() - begun) / 1000, processor: (user + system) / 1e6, trials }
}

async function withLab<T>(workers: number, work: (lab: OpenLab) => Promise<T>) {
  const workspacePath = join(folder, `${workers}-${performance.now()}.engram`)
  const lab = await createLab({ workspacePath, host: 'cli', workers, runtime: 'native' })
  try {
    await timed(lab, long(200, 1, 9))
    return await work(lab)
  } finally {
    await lab.close()
  }
}

const ratios: number[] = []
const more: number[] = []
for (let round = 0; round < rounds; round++) {
  const one = await withLab(1, (lab) => timed(lab, long(8000, 7, round + 10)))
  const two = await withLab(2, (lab) => timed(lab, long(8000, 7, round + 10)))
  ratios.push(one.seconds / two.seconds)
  more.push(two.processor / one.processor)
  const each = ({ seconds, processor }: typeof one) => `${seconds.toFixed(1)} s (processor ${processor.toFixed(1)})`
  console.log(`${one.trials} trials: one worker ${each(one)}, two ${each(two)}`)
}
if (rounds > 0) {
  console.log(`two workers are ${spread(ratios)} times as fast as one`)
  console.log(`and take ${spread(more)} times the processor time`)
}

const { table } = await openSample('cars')
const data: SharedData = { key: 'cars', kind: 'table', table: shareTable(table), roles }
const jobs: Job[] = expand(short(4), taskSetOf(data)).map((trial) => ({
  run: trial.id,
  trial,
  resume: null,
  known: -1,
}))
const pool = new Pool(1)
const fly = async (some: Job[]) => {
  const flight: Flight = { data, jobs: some, runtime: 'native', flag: newFlag(), programs: [], limit: 4 * 2 ** 30 }
  const begun = performance.now()
  await pool.fly(flight, () => {})
  return performance.now() - begun
}
/** Milliseconds a trial. */
const inPieces = async (of: number) => {
  let ms = 0
  for (let from = 0; from < jobs.length; from += of) ms += await fly(jobs.slice(from, from + of))
  return ms / jobs.length
}
await inPieces(16)
const starts: number[] = []
for (let k = 0; k < 300; k++) starts.push(await fly([]))
console.log(`a warm worker begins and ends a flight without trials in ${spread(starts)} ms`)
const [single, pieces]: number[][] = [[], []]
for (let k = 0; k < 5; k++) {
  single.push(await inPieces(1))
  pieces.push(await inPieces(16))
}
console.log(
  `${jobs.length} trials of ridge: ${spread(single)} ms each one by one, ${spread(pieces)} ms in pieces of 16`,
)
await pool.close()
rmSync(folder, { recursive: true, force: true })
