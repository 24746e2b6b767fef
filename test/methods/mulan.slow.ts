import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Runtime } from '../../core/engine/runtime.ts'
import type { RunEvent } from '../../core/events.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { fold, train } from '../../core/run.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { haveShared, mulan, MULAN, reference, school } from './mulan.ts'
import type { MulanName } from './mulan.ts'

/** Whole sets with default parameters; prints the lines of docs/figures.md. */
let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

/** Mean over folds of one metric, and processor seconds per trial, per method. */
async function figures(set: TaskSet, methods: string[], evaluation: Record<string, unknown>, metric: string) {
  const spec = ExperimentSpec.parse({
    data: { hash: 'x' },
    methods: methods.map((id) => ({ id })),
    evaluation,
    metrics: [metric],
    twins: false,
  })
  const sums = new Map<string, { value: number; seconds: number; n: number }>()
  for (const trial of expand(spec, set)) {
    if (trial.fold === 'all') continue
    const from = process.cpuUsage()
    const events: RunEvent[] = []
    for await (const { event } of train(trial, set, runtime)) events.push(event)
    const run = fold(events)
    expect(run.error).toBeNull()
    const sum = sums.get(trial.methodKey) ?? { value: 0, seconds: 0, n: 0 }
    sum.value += run.metrics[metric].value!
    // Processor seconds: other programs on the machine do not count.
    const { user, system } = process.cpuUsage(from)
    sum.seconds += (user + system) / 1e6
    sum.n++
    sums.set(trial.methodKey, sum)
  }
  return new Map([...sums].map(([id, { value, seconds, n }]) => [id, { value: value / n, seconds: seconds / n }]))
}

const show = (name: string, got: Awaited<ReturnType<typeof figures>>) =>
  process.stdout.write(
    `| ${name} | ${[...got].map(([id, { value, seconds }]) => `${id} ${value.toFixed(3)} (${seconds.toFixed(2)} s)`).join(' | ')} |\n`,
  )

describe.skipIf(!haveShared)(`Mulan on the given folds${haveShared ? '' : ' (no ../shared data)'}`, () => {
  for (const name of Object.keys(MULAN) as MulanName[])
    it(name, async () => {
      const { testFolds, ridge } = reference(name)
      const methods = ['mean', 'ridge', 'knn', 'single-task-mlp', 'hard-sharing']
      const got = await figures(mulan(name), methods, { testFolds }, 'arrmse')
      show(name, got)
      expect(got.get('mean')!.value).toBeCloseTo(1, 10)
      expect(got.get('ridge')!.value).toBeCloseTo(ridge.arrmse, 6)
      expect(got.get('hard-sharing')!.value).toBeLessThan(1.05 * ridge.arrmse)
      expect(got.get('single-task-mlp')!.value).toBeLessThan(1.05 * ridge.arrmse)
    })

  it('school', async () => {
    const methods = [
      'mean',
      'ridge',
      'pooled-ridge',
      'pooled-ridge-intercepts',
      'pooled-mlp',
      'pooled-mlp-intercepts',
      'single-task-mlp',
      'hard-sharing',
    ]
    const got = await figures(school(), methods, { folds: 4 }, 'rrmse')
    show('school', got)
    expect(got.get('hard-sharing')!.value).toBeLessThan(got.get('ridge')!.value)
    expect(got.get('pooled-mlp-intercepts')!.value).toBeLessThan(got.get('ridge')!.value)
    expect(got.get('hard-sharing')!.seconds).toBeLessThan(10)
  })
})
