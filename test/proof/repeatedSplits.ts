import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import type { Tune } from '../../core/experiment.ts'
import { cellsByTask } from '../../core/predictions.ts'
import type { TestPredictions } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'
import { readPredictions, train } from '../../core/run.ts'
import { average, independent, interval, nadeauBengio, variance } from '../../core/stats/intervals.ts'
import { METRICS } from '../../core/stats/metrics.ts'
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
type Run = { set: TaskSet; splits: number[][]; methods: Choice[]; tune?: Partial<Tune> }

/** [method][split] */
export async function figures(
  { set, splits, methods, tune }: Run,
  figure: (said: TestPredictions) => number,
): Promise<Map<string, number[]>> {
  const spec = ExperimentSpec.parse({
    data: { hash: set.table.hash },
    methods,
    evaluation: { testFolds: splits },
    twins: false,
    tune: tune && { strategy: 'random', ...tune },
  })
  const found = new Map<string, number[]>()
  for (const trial of expand(spec, set)) {
    if (trial.fold === 'all') continue
    let value: number | null = null
    for await (const { event, bytes } of train(trial, set, referenceRuntime())) {
      if (event.type === 'blob' && event.role === 'predictions') value = figure(readPredictions(bytes as Uint8Array))
      if (event.type === 'end' && event.status !== 'done') throw new Error(JSON.stringify(event.error))
    }
    const key = trial.methodKey
    found.set(key, [...(found.get(key) ?? []), value as number])
  }
  return found
}

/** Share of the variance of all test rows that is explained, in per cent. */
export function explained(said: TestPredictions): number {
  const cells = cellsByTask(said)
  const truth = cells.flatMap((c) => [...c.truth])
  const wrong = cells.reduce((sum, c) => sum + c.truth.reduce((own, y, i) => own + (y - c.prediction[i]) ** 2, 0), 0)
  const centre = average(truth)
  return 100 * (1 - wrong / truth.reduce((sum, y) => sum + (y - centre) ** 2, 0))
}

/** Mean over tasks of squared error / variance of the test rows. */
export const normalisedError = (said: TestPredictions): number =>
  average(
    cellsByTask(said).map(({ truth, prediction }) => {
      const centre = average([...truth])
      const wrong = truth.reduce((sum, y, i) => sum + (y - prediction[i]) ** 2, 0)
      return wrong / truth.reduce((sum, y) => sum + (y - centre) ** 2, 0)
    }),
  )

/** Mean over tasks of the area under the curve. */
export const meanAuc = (said: TestPredictions): number =>
  average(cellsByTask(said).map((cells) => METRICS.auc.compute(cells) as number))

/**
 * The mean difference of two methods over splits, with the interval that the lab gives repeated splits (Nadeau and
 * Bengio, by test rows over training rows) and the one that would hold if splits were independent of each other.
 */
export function difference(a: number[], b: number[], ratio: number) {
  const values = a.map((value, i) => value - b[i])
  const [m, free] = [nadeauBengio(values, ratio)!, independent(values)!]
  return { mean: m.mean, corrected: interval(m)!, independent: interval(free)! }
}

export function print(title: string, found: Map<string, number[]>, digits: number): void {
  const rows = [...found].map(
    ([key, values]) =>
      `| ${key} | ${average(values).toFixed(digits)} | ${Math.sqrt(variance(values)).toFixed(digits)} |`,
  )
  process.stdout.write(`\n${title}\n| method | mean | sd over splits |\n|---|---|---|\n${rows.join('\n')}\n`)
}

export function printDifference(what: string, d: ReturnType<typeof difference>, digits: number): void {
  const text = ([low, high]: [number, number]) => `[${low.toFixed(digits)}, ${high.toFixed(digits)}]`
  process.stdout.write(
    `${what}: ${d.mean.toFixed(digits)} ${text(d.corrected)}, were splits independent ${text(d.independent)}\n`,
  )
}
