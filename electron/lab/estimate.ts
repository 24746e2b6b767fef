import type { Trial } from '../../core/experiment.ts'
import type { TaskSetSummary } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import type { RuntimeKind } from './pool.ts'
import type { Workspace } from './workspace/workspace.ts'

/** Seconds before the first step and seconds per unit of work, from one core of an ordinary machine. */
const BUILT_IN = {
  baseline: { start: 0.003, unit: 2e-9 },
  classical: { start: 0.005, unit: 2e-9 },
  multitask: { start: 0.08, unit: 3e-11 },
  metalearning: { start: 0.2, unit: 3e-11 },
}
const SLOWER: Record<RuntimeKind, number> = { native: 1, wasm: 4, reference: 100 }
/** A learned factor counts like this many seconds of built-in experience. */
const PRIOR = 0.05

/**
 * How long a trial takes: the method's own measure of work, times the speed built in for its family, times how much
 * longer or shorter finished runs of this workspace took than that said (per method; else over its family).
 */
export class Estimator {
  private readonly workspace: Workspace
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

  private builtIn(trial: Trial, summary: TaskSetSummary, runtime: RuntimeKind): number {
    const m = method(trial.method.id)
    const { start, unit } = BUILT_IN[m.family]
    const work = m.work(summary, paramsOf(m, trial.method.params))
    return start + work * unit * (m.family === 'multitask' || m.family === 'metalearning' ? SLOWER[runtime] : 1)
  }

  private factor(id: string, runtime: RuntimeKind): number {
    const own = this.learned.get(`${id}/${runtime}`)
    const family = method(id).family
    const sum = own ?? { said: 0, took: 0 }
    if (!own)
      for (const [key, { said, took }] of this.learned) {
        const [other, where] = key.split('/')
        if (where !== runtime || method(other).family !== family) continue
        sum.said += said
        sum.took += took
      }
    return (sum.took + PRIOR) / (sum.said + PRIOR)
  }
}
