import type { Runtime } from '../../core/engine/runtime.ts'
import type { Trial } from '../../core/experiment.ts'
import { narrowedSummary, subsetsOf } from '../../core/relations/subsets.ts'
import type { Method, TaskSetSummary } from '../../core/method.ts'
import { method, methods, paramsOf } from '../../core/methods.ts'
import { searchable } from '../../core/search.ts'
import { fitsOf } from '../../core/tuning/schedule.ts'
import { machineSpeed } from './machineSpeed.ts'
import type { MachineSpeed } from './machineSpeed.ts'
import type { RuntimeKind } from './pool.ts'
import { sha256 } from './workspace/blobs.ts'
import type { Workspace } from './workspace/workspace.ts'

/** Seconds before the first step and seconds per unit of work, on one core of an ordinary machine. */
const BUILT_IN = {
  /** Solved in plain code. */
  closed: { start: 0.015, unit: 2e-9 },
  /** Trained step by step by the runtime. */
  network: { start: 0.05, unit: 5e-11 },
  episodes: { start: 0.2, unit: 4e-11 },
}
type Way = keyof typeof BUILT_IN
const wayOf = (m: Method): Way => (!m.can.resume ? 'closed' : m.family === 'metalearning' ? 'episodes' : 'network')
/** Against native; known better once this machine was measured. */
const SLOWER: Record<RuntimeKind, number> = { native: 1, wasm: 4, reference: 100 }
/** Before any trial: a worker that begins, and the programs of a method that is trained. */
const WORKER = 0.8
const PROGRAMS = 0.15
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

/**
 * A fit on some of the tasks, like the one before: seconds before its first step, of which all programs are there, and to
 * pick out, encode and ask its rows, which no other fit shares, by number in them.
 */
const NEXT_START: Record<Way, number> = { closed: 0.004, network: 0.03, episodes: 0.03 }
const PER_CELL = 9e-8

/** Rows of each related task over those of a usual task of the set; null where nobody counted. */
function weightsOf({ taskRows }: TaskSetSummary, names: readonly string[] | undefined): number[] | null {
  if (!taskRows?.length) return null
  const mean = taskRows.reduce((sum, { rows }) => sum + rows, 0) / taskRows.length
  const wanted = names && new Set(names)
  return taskRows.flatMap(({ id, rows }) => (!wanted || wanted.has(id) ? [rows / (mean || 1)] : []))
}

/** Fits on subsets are many and small: what they take is learned apart. */
const nameOf = ({ method: { id }, relations }: Trial) => (relations ? `${id} on subsets` : id)

/** What was not learned yet counts like this many seconds of experience. */
const PRIOR = 0.05
/**
 * The same for what other methods took: runs of hundredths of a second say more of what stands around a fit than of
 * fits, and must not make hours of a method that was never run.
 */
const ALIKE_PRIOR = 2
type Sum = { said: number; took: number }
const nothing: Sum = { said: 0, took: 0 }

/** Of all rows, those that a trial is fitted on. */
function shareOf({ fold, evaluation: { protocol, folds, testFraction } }: Trial): number {
  if (fold === 'all') return 1
  return protocol === 'k-fold' ? 1 - 1 / folds : protocol === 'holdout' ? 1 - testFraction : 0.9
}

/**
 * How long a trial takes: the method's own measure of work, times the speed built in for its way of learning, times
 * how much longer or shorter things take here: what a short measurement of this machine says, corrected by finished
 * runs of this workspace of the same way of learning, of the same method, and of the same method on the same data.
 */
export class Estimator {
  private readonly workspace: Workspace
  /** What was worked out before: the trials of one method on one data set cost the same. */
  private readonly known = new WeakMap<TaskSetSummary, Map<string, number>>()
  private readonly names = new WeakMap<TaskSetSummary, string>()
  private readonly learned = new Map<string, Sum>()
  private machine: MachineSpeed | null = null

  constructor(workspace: Workspace) {
    this.workspace = workspace
    for (const { method, runtime, units, seconds } of workspace.records.speeds())
      this.learned.set(`${method}/${runtime}`, { said: units, took: seconds })
  }

  /** Measures this machine, once. */
  async measure(runtime: Runtime): Promise<void> {
    if (runtime.kind !== 'reference') this.machine ??= await machineSpeed(runtime)
  }

  /** Seconds on one worker. */
  seconds(trial: Trial, summary: TaskSetSummary, runtime: RuntimeKind): number {
    return this.builtIn(trial, summary, runtime) * this.factor(trial, summary, runtime)
  }

  /** Seconds before the trials of these methods: `cold` where no worker has begun yet. */
  before(ids: readonly string[], cold: boolean): number {
    const trained = new Set(ids.filter((id) => wayOf(method(id)) !== 'closed'))
    return ((cold ? WORKER : 0) + PROGRAMS * trained.size) * (this.machine?.plain ?? 1)
  }

  /** Learns from a finished run; inside a transaction. */
  learn(trial: Trial, summary: TaskSetSummary, runtime: RuntimeKind, seconds: number): void {
    const said = this.builtIn(trial, summary, runtime)
    for (const name of [nameOf(trial), this.onData(nameOf(trial), summary)]) {
      const sum = this.learned.get(`${name}/${runtime}`) ?? nothing
      this.learned.set(`${name}/${runtime}`, { said: sum.said + said, took: sum.took + seconds })
      this.workspace.records.addSpeed(name, runtime, said, seconds)
    }
  }

  /** A method on these very data. */
  private onData(id: string, summary: TaskSetSummary): string {
    const name = this.names.get(summary) ?? sha256(Buffer.from(JSON.stringify(summary))).slice(0, 16)
    this.names.set(summary, name)
    return `${id}@${name}`
  }

  private builtIn(trial: Trial, summary: TaskSetSummary, runtime: RuntimeKind): number {
    const { id, params } = trial.method
    const own = this.known.get(summary) ?? new Map<string, number>()
    this.known.set(summary, own)
    const share = shareOf(trial)
    const curve = trial.fold === 'all' ? [] : trial.evaluation.rowCurve
    const key = `${runtime}/${id}/${share}/${JSON.stringify([params, trial.tune, curve, trial.relations])}`
    const rows = Math.max(1, Math.round(share * summary.rows))
    const fits = fitsOfTrial(trial.tune, id) + (curve.length ? smallerFits(trial.evaluation, summary) : 0)
    const seconds =
      own.get(key) ??
      (trial.relations
        ? this.fitsOnSubsets(trial, summary, runtime)
        : this.work(id, params, { ...summary, rows }, runtime) * fits)
    own.set(key, seconds)
    return seconds
  }

  /** A part of the transfer matrix: fits on fewer tasks, of as many rows as these have on average. */
  private fitsOnSubsets(trial: Trial, summary: TaskSetSummary, runtime: RuntimeKind): number {
    const { from, to, designs, tasks } = trial.relations!
    const subsets = subsetsOf(tasks?.length ?? summary.tasks, designs).slice(from, to)
    const weights = weightsOf(summary, tasks)
    const sizes = new Map<number, { count: number; weight: number }>()
    for (const subset of subsets) {
      const { count, weight } = sizes.get(subset.length) ?? { count: 0, weight: 0 }
      const own = subset.reduce((sum, t) => sum + (weights?.[t] ?? 1), 0)
      sizes.set(subset.length, { count: count + 1, weight: weight + own })
    }
    const { id, params } = trial.method
    const unwatched = 'watchConflict' in params ? { ...params, watchConflict: false } : params
    const whole = { ...summary, rows: Math.max(1, Math.round(shareOf(trial) * summary.rows)) }
    const start = NEXT_START[wayOf(method(id))]
    return [...sizes].reduce((sum, [size, { count, weight }]) => {
      const own = narrowedSummary(whole, size, weight / count)
      return sum + count * (this.work(id, unwatched, own, runtime, start) + PER_CELL * own.rows * (own.features + 1))
    }, 0)
  }

  /** `start`: seconds before the first step, where it is not the usual. */
  private work(
    id: string,
    params: Trial['method']['params'],
    summary: TaskSetSummary,
    runtime: RuntimeKind,
    start: number = BUILT_IN[wayOf(method(id))].start,
  ): number {
    const m = method(id)
    const way = wayOf(m)
    const { unit } = BUILT_IN[way]
    const work = m.work(summary, paramsOf(m, params))
    return start + work * unit * (way === 'closed' ? 1 : SLOWER[runtime])
  }

  private factor(trial: Trial, summary: TaskSetSummary, runtime: RuntimeKind): number {
    const { id } = trial.method
    const way = wayOf(method(id))
    const alike = { ...nothing }
    for (const other of methods) {
      const learned = wayOf(other) === way ? this.learned.get(`${other.id}/${runtime}`) : undefined
      alike.said += learned?.said ?? 0
      alike.took += learned?.took ?? 0
    }
    const here = way === 'closed' ? this.machine?.plain : this.machine && this.machine.network / SLOWER[runtime]
    const own = [...new Set([id, nameOf(trial)]), this.onData(nameOf(trial), summary)]
    const names = own.map((name) => this.learned.get(`${name}/${runtime}`) ?? nothing)
    const ofAlike = (alike.took + ALIKE_PRIOR * (here ?? 1)) / (alike.said + ALIKE_PRIOR)
    return names.reduce((factor, { said, took }) => (took + PRIOR * factor) / (said + PRIOR), ofAlike)
  }
}
