import { existsSync } from 'node:fs'
import type { Lab, RunSummary } from '../../core/contract.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import type { Comparison } from '../../core/stats/comparison.ts'
import type { Output } from './output.ts'
import { folderOf, parseSpec, readSpec, resolveSpec } from './spec.ts'
import { duration } from './table.ts'

/** The spec of a file, or of a template where no such file exists. */
export async function specOf(lab: Lab, named: string): Promise<ExperimentSpec> {
  if (existsSync(named) || /[./\\]/.test(named))
    return resolveSpec(lab, parseSpec(await readSpec(named), named), folderOf(named))
  return (await lab.call('templates.spec', { id: named })).spec
}

export type Finished = { id: string; status: string; runs: RunSummary[]; comparisons: Comparison[] }

/**
 * Runs a resolved spec to its end, telling of progress; the first Ctrl+C stops it and keeps what there is. `confirm`: the
 * cost of relations between tasks, where it asks for them, was agreed to.
 */
export async function runToEnd(
  lab: Lab,
  spec: ExperimentSpec,
  output: Output,
  confirm: boolean = false,
): Promise<Finished> {
  const plan = await lab.call('experiment.plan', { spec })
  for (const warning of plan.warnings) output.note(warning.text)
  output.progress(
    { type: 'plan', trials: plan.trials, seconds: plan.seconds, workers: plan.workers },
    `${plan.trials} trials, about ${duration(plan.seconds)}`,
  )
  let id = ''
  let over = () => {}
  const ended = new Promise<void>((resolve) => (over = resolve))
  const told = new Set<string>()
  const isOver = (status: string) => ['done', 'stopped', 'failed'].includes(status)
  const unsubscribe = lab.on((notice) => {
    if (notice.type === 'experiment' && (!id || notice.line.id === id)) {
      const { line } = notice
      const left = line.secondsLeft === null ? '' : `, about ${duration(line.secondsLeft)} left`
      output.progress(
        { type: 'experiment', id: line.id, status: line.status, trials: line.trials, secondsLeft: line.secondsLeft },
        `${line.trials.done + line.trials.failed} of ${line.trials.of} trials${left}`,
      )
      if (line.id === id && isOver(line.status)) over()
    }
    if (notice.type === 'run' && notice.summary.experiment === id && isOver(notice.summary.status)) {
      const { trial, methodKey, seed, fold, status, seconds } = notice.summary
      if (output.json && !told.has(trial))
        output.progress({ type: 'trial', id: trial, method: methodKey, seed, fold, status, seconds }, '')
      told.add(trial)
    }
    if (notice.type === 'runtime') output.note(`Runtime ${notice.kind}: ${notice.why}`)
  })
  let asked = false
  const stop = () => {
    asked = true
    output.note('Stopping: partial results are kept.')
    if (id) void lab.call('queue.stop', { experiment: id })
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  // A notice may have come before the answer that names the experiment, so its state is also asked for.
  const state = async () => (await lab.call('experiment.get', { id })).line.status
  let timer: NodeJS.Timeout | undefined
  try {
    id = (await lab.call('experiment.run', { spec, ...(confirm ? { confirmed: plan.relations?.fits } : {}) })).id
    // Ctrl+C may have come before there was anything to stop.
    if (asked) await lab.call('queue.stop', { experiment: id })
    if (isOver(await state())) over()
    timer = setInterval(() => void state().then((status) => isOver(status) && over(), over), 2000)
    await ended
  } finally {
    clearInterval(timer)
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    unsubscribe()
  }
  const { line, runs } = await lab.call('experiment.get', { id })
  return { id, status: line.status, runs, comparisons: await compareAll(lab, [id]) }
}

/** The comparison in every metric there is, the experiment's own first. */
export async function compareAll(lab: Lab, ids: string[]): Promise<Comparison[]> {
  const first = await lab.call('experiment.compare', { ids })
  const others = first.metrics.filter((metric) => metric !== first.metric)
  return [first, ...(await Promise.all(others.map((metric) => lab.call('experiment.compare', { ids, metric }))))]
}

/** The stable document of `run --json` (docs: Command line). */
export function runDocument({ id, status, runs, comparisons }: Finished) {
  return {
    experiment: id,
    status,
    runtime: runs.find((run) => run.runtime)?.runtime ?? null,
    trials: runs.map((run) => ({
      id: run.id,
      trial: run.trial,
      method: run.methodKey,
      seed: run.seed,
      repeat: run.repeat,
      fold: run.fold,
      status: run.status,
      seconds: run.seconds,
      metrics: run.metrics,
      ...(run.found?.tuned ? { tuned: run.found.tuned } : {}),
      ...(run.found?.slowed ? { slowed: run.found.slowed } : {}),
      ...(run.error ? { error: run.error } : {}),
    })),
    summary: comparisons.flatMap(({ metric, methods }) =>
      methods.map(({ key, overall, perTask }) => ({
        method: key,
        metric,
        mean: overall.mean,
        ci95: overall.ci95,
        n: overall.n,
        perTask: Object.fromEntries(Object.entries(perTask).map(([task, { mean, ci95 }]) => [task, { mean, ci95 }])),
      })),
    ),
    verdict: comparisons.flatMap(({ metric, differences }) =>
      differences.map(({ task, method, against, effect, ci95, call }) => ({
        task,
        method,
        against,
        metric,
        effect,
        ci95,
        call,
      })),
    ),
  }
}
