import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ExperimentSpec } from '../../core/experiment.ts'
import { createLab } from '../../electron/lab/service.ts'

/**
 * `node test/bench/pool.ts [rounds]`: how much sooner two workers finish eight trials of about five seconds than one,
 * and what a trial of some milliseconds costs beside its work. The first experiment of a lab is not counted: it warms
 * the workers.
 */
const rounds = Number(process.argv[2] ?? 5)
const folder = mkdtempSync(join(tmpdir(), 'engram-pool-'))

const long = (iterations: number, repeats: number, seed: number) =>
  ExperimentSpec.parse({
    data: { generator: 'sine' },
    methods: [{ id: 'maml', params: { iterations } }],
    evaluation: { protocol: 'few-shot', shots: 10, episodes: 10, repeats, seed },
    metrics: ['rmse'],
    twins: false,
  })
const short = (repeats: number) =>
  ExperimentSpec.parse({
    data: { sample: 'cars', roles: { targets: ['Miles_per_Gallon'], ignore: ['Name'] } },
    methods: [{ id: 'ridge' }],
    evaluation: { protocol: 'k-fold', folds: 100, repeats, seed: 1 },
    metrics: ['rmse'],
    twins: false,
  })

async function timed(lab: Awaited<ReturnType<typeof createLab>>, spec: ExperimentSpec) {
  const begun = performance.now()
  const { id, trials } = await lab.call('experiment.run', { spec })
  for (;;) {
    const { line, runs } = await lab.call('experiment.get', { id })
    if (['done', 'failed', 'stopped'].includes(line.status)) {
      const inside = runs.reduce((sum, run) => sum + (run.seconds ?? 0), 0)
      if (line.status !== 'done') throw new Error(`internal: ${line.status}`)
      return { seconds: (performance.now() - begun) / 1000, inside, trials }
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function withLab<T>(workers: number, work: (lab: Awaited<ReturnType<typeof createLab>>) => Promise<T>) {
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
for (let round = 0; round < rounds; round++) {
  const one = await withLab(1, (lab) => timed(lab, long(8000, 7, round + 10)))
  const two = await withLab(2, (lab) => timed(lab, long(8000, 7, round + 10)))
  ratios.push(one.seconds / two.seconds)
  const each = (one.inside / one.trials).toFixed(1)
  console.log(
    `${one.trials} trials of ${each} s: one worker ${one.seconds.toFixed(1)} s, two ${two.seconds.toFixed(1)} s`,
  )
}
ratios.sort((a, b) => a - b)
console.log(
  `ratio ${ratios[Math.floor(ratios.length / 2)].toFixed(2)} (${ratios[0].toFixed(2)} to ${ratios.at(-1)?.toFixed(2)})`,
)
await withLab(1, async (lab) => {
  await timed(lab, short(1))
  const { seconds, inside, trials } = await timed(lab, short(4))
  const ms = (value: number) => ((1000 * value) / trials).toFixed(2)
  console.log(`${trials} trials of ridge: ${ms(seconds)} ms each by the clock, ${ms(inside)} ms of it inside the trial`)
})
rmSync(folder, { recursive: true, force: true })
