import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import type { Tune } from '../../core/experiment.ts'
import type { TestPredictions } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'
import { readPredictions, train } from '../../core/run.ts'
import { compare } from '../../core/stats/compare.ts'
import { evidenceOf } from '../../core/stats/evidence.ts'
import type { Evidence, RunLike } from '../../core/stats/evidence.ts'
import { average, independent, interval, nadeauBengio, variance } from '../../core/stats/intervals.ts'
import type { Measured } from '../../core/stats/intervals.ts'
import { measureBy } from '../../core/stats/measure.ts'
import type { Measure } from '../../core/stats/measure.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import type { Metric } from '../../core/stats/metrics.ts'
import { verdict, verdictText } from '../../core/stats/verdict.ts'
import { measuredTasks } from '../../core/data/measuredTasks.ts'
import { tableOf } from '../methods/mulan.ts'
import { SHARED } from './engram.ts'

/** Methods on the same random splits of a published table, through the same trials that the lab runs. */
export function readSet(file: string, roles: Record<string, unknown>): TaskSet {
  const lines = readFileSync(join(SHARED, 'data', file), 'utf8')
    .trim()
    .split(/\r?\n/)
  const cells = lines.slice(1).map((line) => line.split(',').map(Number))
  return buildTaskSet(tableOf(lines[0].split(','), cells), Roles.parse(roles))
}

/** 0/1 columns as classes: they are not divided by their spread. */
export const asClasses = (names: string[]) => Object.fromEntries(names.map((name) => [name, 'category']))

/**
 * The test rows of each split. `stratum` [row] says which rows are alike, `wanted` how many of such rows are learned.
 */
export function splitsOf(
  stratum: ArrayLike<number>,
  count: number,
  wanted: (stratum: number, rows: number) => number,
): number[][] {
  const strata = new Map<number, number[]>()
  Array.from(stratum).forEach((s, row) => strata.set(s, [...(strata.get(s) ?? []), row]))
  return Array.from({ length: count }, (_, split) => {
    const random = rng(`proof/${split}`)
    return [...strata].flatMap(([s, rows]) => {
      const order = random.permutation(rows.length)
      return [...order.subarray(wanted(s, rows.length))].map((i) => rows[i])
    })
  })
}

export type Choice = { id: string; label?: string; params?: Record<string, unknown> }

/** How a figure of a table is written: a metric of the lab, moved and stretched; of all tasks' rows at once where asked. */
export type Figure = { metric: Metric; from: number; by: number; joined?: boolean }
/** Share of the variance of all test rows that is explained, in per cent. */
export const EXPLAINED: Figure = { metric: METRICS.r2, from: 0, by: 100, joined: true }
/** Mean over tasks of squared error / variance of the test rows. */
export const NORMALISED: Figure = { metric: METRICS.r2, from: 1, by: -1 }
/** Mean over tasks of the area under the curve. */
export const AUC: Figure = { metric: METRICS.auc, from: 0, by: 1 }

type Splits = { set: TaskSet; splits: number[][]; methods: Choice[]; tune?: Partial<Tune> }
type Trained = { set: TaskSet; spec: ExperimentSpec; runs: RunLike[]; said: Map<string, TestPredictions> }

async function trained({ set, splits, methods, tune }: Splits): Promise<Trained> {
  const spec = ExperimentSpec.parse({
    data: { hash: set.table.hash },
    methods,
    evaluation: { testFolds: splits },
    twins: false,
    tune: tune && { strategy: 'random', ...tune },
  })
  const said = new Map<string, TestPredictions>()
  const runs: RunLike[] = []
  for (const trial of expand(spec, set)) {
    const { id, method, methodKey, seed, repeat, fold } = trial
    if (fold === 'all') continue
    for await (const { event, bytes } of train(trial, set, referenceRuntime())) {
      if (event.type === 'blob' && event.role === 'predictions') said.set(id, readPredictions(bytes as Uint8Array))
      if (event.type === 'end' && event.status !== 'done') throw new Error(JSON.stringify(event.error))
    }
    const about = { experiment: 'e', methodKey, method, seed, repeat, fold, status: 'done' as const }
    runs.push({ id, ...about, seconds: null, parameters: null, metrics: {} })
  }
  return { set, spec, runs, said }
}

export type Found = { evidence: Map<string, Evidence>; measure: Measure; figure: Figure; trained: Trained }

export async function figures(about: Splits, figure: Figure): Promise<Found> {
  const done = await trained(about)
  const { set, spec, runs, said } = done
  const shown = figure.joined ? new Map([...said].map(([run, own]) => [run, asOneTask(own)])) : said
  const predictions = (run: RunLike) => shown.get(run.id) ?? null
  const { metric } = figure
  const keys = [...new Set(runs.map((run) => run.methodKey))]
  const own = (key: string) => runs.filter((run) => run.methodKey === key)
  const evidence = new Map(keys.map((key) => [key, evidenceOf(key, own(key), metric, predictions)]))
  const all = { evaluation: spec.evaluation, evidence: [...evidence.values()], blocks: null, rows: set.table.rows }
  return { evidence, measure: measureBy({ ...all, metric, predictions }), figure, trained: done }
}

/** What the lab says of these runs, headline first. */
export function saidOf({ trained: { set, spec, runs, said } }: Found, metric: string): string[] {
  const comparison = compare({
    experiments: [{ id: 'e', name: 'proof', dataHash: set.table.hash, spec, runs, rows: set.table.rows }],
    tasks: measuredTasks(set),
    predictions: (run) => said.get(run.id) ?? null,
    metric,
    looks: 1,
  })
  return verdictText(verdict(comparison), 'en')
}

const asOneTask = (said: TestPredictions): TestPredictions => ({
  ...said,
  tasks: [{ ...said.tasks[0], id: 'all', plain: [0] }],
  targets: said.targets.map((target) => ({ ...target, task: target.task.map((task) => Math.min(task, 0)) })),
})

/** The figures of a method, split by split. */
export const valuesOf = ({ evidence, figure }: Found, key: string): number[] =>
  [...evidence.get(key)!.folds.values()].map((tasks) => figure.from + figure.by * average([...tasks.values()]))

export const meanOf = (found: Found, key: string): number => average(valuesOf(found, key))

/**
 * The mean difference of two methods over splits with the interval that the lab gives, Nadeau and Bengio's (by test rows
 * over training rows), and the one that would hold if splits were independent of each other.
 */
export function difference(found: Found, key: string, base: string) {
  const { measure, figure, evidence } = found
  const other = valuesOf(found, base)
  const values = valuesOf(found, key).map((value, i) => value - other[i])
  const own = measure.of(evidence.get(key)!, evidence.get(base)!, null)!
  const ours: Measured = { ...own, mean: figure.by * own.mean, se: Math.abs(figure.by) * own.se }
  return {
    mean: average(values),
    lab: interval(ours)!,
    corrected: interval(nadeauBengio(values, measure.ratio)!)!,
    independent: interval(independent(values)!)!,
  }
}
export type Compared = ReturnType<typeof difference>

export function print(title: string, found: Found, digits: number): void {
  const rows = [...found.evidence.keys()].map((key) => {
    const values = valuesOf(found, key)
    return `| ${key} | ${average(values).toFixed(digits)} | ${Math.sqrt(variance(values)).toFixed(digits)} |`
  })
  const { rule, n } = found.measure.rule
  process.stdout.write(
    `\n${title}; ${rule}, ${n}\n| method | mean | sd over splits |\n|---|---|---|\n${rows.join('\n')}\n`,
  )
}

export function printDifference(what: string, d: Compared, digits: number): void {
  const text = ([low, high]: [number, number]) => `[${low.toFixed(digits)}, ${high.toFixed(digits)}]`
  process.stdout.write(
    `${what}: ${d.mean.toFixed(digits)} ${text(d.lab)}; Nadeau and Bengio ${text(d.corrected)}, independent ${text(d.independent)}\n`,
  )
}
