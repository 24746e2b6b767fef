import type { RunSummary } from '../contract.ts'
import type { MethodChoice } from '../experiment.ts'
import { meanOf, score, type TestPredictions } from '../predictions.ts'
import type { Metric } from './metrics.ts'

/** What the runs of one method say about one metric, fold by fold, averaged over training seeds. */

export type RunLike = Pick<
  RunSummary,
  | 'id'
  | 'experiment'
  | 'methodKey'
  | 'method'
  | 'seed'
  | 'repeat'
  | 'fold'
  | 'status'
  | 'seconds'
  | 'parameters'
  | 'metrics'
  | 'found'
>
/** The decoded predictions of a run, or null where they are not kept. Asked for at most once per run and comparison. */
export type Predictions = (run: RunLike) => TestPredictions | null

export type Evidence = {
  key: string
  method: MethodChoice
  runs: RunLike[]
  /** Finished runs with a test figure. */
  tested: RunLike[]
  /** Fold id ("repeat.fold") to task to figure. */
  folds: Map<string, Map<string, number>>
  /** Training seed to the figure over all folds and tasks. */
  seeds: Map<number, number | null>
}

export const foldId = (run: RunLike) => `${run.repeat}.${run.fold}`

export function evidenceOf(key: string, runs: RunLike[], metric: Metric, predictions: Predictions): Evidence {
  const tested = runs.filter((run) => run.status === 'done' && run.fold !== 'all')
  const perRun = new Map(tested.map((run) => [run, figuresOf(run, metric, predictions)]))
  const gathered = new Map<string, Map<string, number[]>>()
  for (const [run, figures] of perRun) {
    const fold = gathered.get(foldId(run)) ?? new Map<string, number[]>()
    gathered.set(foldId(run), fold)
    for (const [task, value] of figures) fold.set(task, [...(fold.get(task) ?? []), value])
  }
  const folds = new Map<string, Map<string, number>>()
  for (const [fold, tasks] of gathered) {
    folds.set(fold, new Map([...tasks].map(([task, values]) => [task, meanOf(values) as number])))
  }
  const seeds = new Map<number, number | null>()
  for (const seed of new Set(tested.map((run) => run.seed))) {
    const own = [...perRun].filter(([run]) => run.seed === seed)
    seeds.set(seed, meanOf(own.map(([, figures]) => meanOf([...figures.values()]))))
  }
  return { key, method: runs[0].method, runs, tested, folds, seeds }
}

/** Task to figure, undefined ones left out; from the predictions where the run did not record the metric. */
function figuresOf(run: RunLike, metric: Metric, predictions: Predictions): Map<string, number> {
  const recorded = run.metrics[metric.id]?.perTask
  const figures = recorded ? Object.entries(recorded) : [...(asked(run, metric, predictions) ?? [])]
  return new Map(figures.filter((entry): entry is [string, number] => entry[1] !== null))
}

function asked(run: RunLike, metric: Metric, predictions: Predictions) {
  const said = predictions(run)
  return said && score(said, metric)
}

/** Units (folds, groups, tasks) to figure: of one task, or the mean over the tasks of a fold. */
export function byFold(
  e: Evidence,
  task: string | null,
  tasks: ReadonlySet<string> | null = null,
): Map<string, number> {
  const out = new Map<string, number>()
  for (const [fold, figures] of e.folds) {
    const values =
      task === null ? [...figures].flatMap(([id, v]) => (!tasks || tasks.has(id) ? [v] : [])) : [figures.get(task)]
    const value = meanOf(values.map((v) => v ?? null))
    if (value !== null) out.set(fold, value)
  }
  return out
}

/** Task to its mean over folds. */
export function byTask(e: Evidence): Map<string, number> {
  const values = new Map<string, number[]>()
  for (const figures of e.folds.values())
    for (const [task, value] of figures) values.set(task, [...(values.get(task) ?? []), value])
  return new Map([...values].map(([task, own]) => [task, meanOf(own) as number]))
}

/** Tasks that others have a figure for on a fold that this method was tested on too, while it has none anywhere. */
export function lacking(e: Evidence, all: readonly Evidence[]): string[] {
  const own = byTask(e)
  const others = all.flatMap((other) =>
    [...e.folds.keys()].flatMap((fold) => [...(other.folds.get(fold)?.keys() ?? [])]),
  )
  return [...new Set(others)].filter((task) => !own.has(task))
}

/**
 * Unit to figure of a, or to the difference a - b on the units that both have. Over tasks, only tasks that both have
 * figures for are averaged.
 */
export function paired(
  a: Evidence,
  b: Evidence | null,
  figures: (e: Evidence, shared: ReadonlySet<string> | null) => Map<string, number>,
): Map<string, number> {
  if (!b) return figures(a, null)
  const tasksOfB = byTask(b)
  const shared = new Set([...byTask(a).keys()].filter((task) => tasksOfB.has(task)))
  const other = figures(b, shared)
  const own = [...figures(a, shared)].filter(([unit]) => other.has(unit))
  return new Map(own.map(([unit, value]) => [unit, value - (other.get(unit) as number)]))
}
