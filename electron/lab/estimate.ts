import type { Trial } from '../../core/experiment.ts'
import type { Method, TaskSetSummary } from '../../core/method.ts'
import { method, methods, paramsOf } from '../../core/methods.ts'
import { searchable } from '../../core/search.ts'
import { fitsOf } from '../../core/tuning/schedule.ts'
import type { RuntimeKind } from './pool.ts'
import type { Workspace } from './workspace/workspace.ts'

/** Seconds before the first step and seconds per unit of work, on one core of an ordinary machine. */
const BUILT_IN = {
  /** Solved in plain code. */
  closed: { start: 0.003, unit: 2e-9 },
  /** Trained step by step by the runtime. */
  network: { start: 0.08, unit: 4e-11 },
  episodes: { start: 0.2, unit: 4e-11 },
}
type Way = keyof typeof BUILT_IN
const wayOf = (m: Method): Way => (m.family === 'metalearning' ? 'episodes' : m.can.resume ? 'network' : 'closed')
const SLOWER: Record<RuntimeKind, number> = { native: 1, wasm: 4, reference: 100 }
/** Fits of a trial in units of one on its whole training fold: inner folds leave a part of it out. */
function fitsOfTrial(tune: Trial['tune'], id: string): number {
  if (!tune) return 1
  const byFolds = searchable(method(id).params).budget === null
  return 1 + fitsOf(tune, byFolds) * (1 - 1 / tune.innerFolds)
}

/** Fits on fewer rows per task in units of one on the whole training fold. */
function smallerFits(
  { rowCurve, protocol }: Trial['evaluation'],
  { rows, tasks, targets, taskColumn }: TaskSetSummary,
) {
  if (protocol === 'few-shot') return 0
  const perTask = taskColumn ? (rows * targets) / tasks : rows
  return rowCurve.reduce((sum, n) => sum + (n < perTask ? n / perTask : 0), 0)
}

/** A learned factor counts like this many seconds of built-in experience. */
const PRIOR = 0.05

/**
 * How long a trial takes: the method's own measure of work, times the speed built in for its way of learning, times
 * how much longer or shorter finished runs of this workspace took than that said (per method; else of the same way).
 */
export class Estimator {
  private readonly workspace: Workspace
  /** What was worked out before: the trials of one method on one data set cost the same. */
  private readonly known = new WeakMap<TaskSetSummary, Map<string, number>>()
  private readonly learned = new Map<string, { said: number; took: number }>()

  constructor(workspace: Workspace) {
    this.workspace = workspace
    for (const { method, runtime, units, seconds } of workspace.records.speeds())
      this.learned.set(`${method}/${runtime}`, { said: units, took: seconds })
  }

  /** Seconds on one worker. */
  seconds(trial: Trial, summary: TaskSetSummary, runtime: RuntimeKind): number {
    return this.builtIn(trial, summary, runtime) * this.factor(trial.method.id, runtime)
  }

  /** Learns from a finished run; inside a transaction. */
  learn(trial: Trial, summary: TaskSetSummary, runtime: RuntimeKind, seconds: number): void {
    const said = this.builtIn(trial, summary, runtime)
    const key = `${trial.method.id}/${runtime}`
    const sum = this.learned.get(key) ?? { said: 0, took: 0 }
    this.learned.set(key, { said: sum.said + said, took: sum.took + seconds })
    this.workspace.records.addSpeed(trial.method.id, runtime, said, seconds)
  }

  private builtIn(
    { method: { id, params }, tune, fold, evaluation }: Trial,
    summary: TaskSetSummary,
    runtime: RuntimeKind,
  ): number {
    const own = this.known.get(summary) ?? new Map<string, number>()
    this.known.set(summary, own)
    const key = `${runtime}/${id}/${JSON.stringify([params, tune, fold === 'all' ? [] : evaluation.rowCurve])}`
    const seconds =
      own.get(key) ??
      this.work(id, params, summary, runtime) *
        (fitsOfTrial(tune, id) + (fold === 'all' ? 0 : smallerFits(evaluation, summary)))
    own.set(key, seconds)
    return seconds
  }

  private work(id: string, params: Trial['method']['params'], summary: TaskSetSummary, runtime: RuntimeKind): number {
    const m = method(id)
    const way = wayOf(m)
    const { start, unit } = BUILT_IN[way]
    const work = m.work(summary, paramsOf(m, params))
    return start + work * unit * (way === 'closed' ? 1 : SLOWER[runtime])
  }

  private factor(id: string, runtime: RuntimeKind): number {
    const own = this.learned.get(`${id}/${runtime}`)
    const sum = own ?? { said: 0, took: 0 }
    if (!own)
      for (const other of methods) {
        const learned = wayOf(other) === wayOf(method(id)) ? this.learned.get(`${other.id}/${runtime}`) : undefined
        sum.said += learned?.said ?? 0
        sum.took += learned?.took ?? 0
      }
    return (sum.took + PRIOR) / (sum.said + PRIOR)
  }
}
