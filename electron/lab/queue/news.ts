import type { ExperimentLine, Notice, RunSummary } from '../../../core/contract.ts'
import type { RunEvent } from '../../../core/events.ts'

/**
 * What is told after a commit, gathered: one notice of events per run, the latest state of each run and experiment,
 * and that only where it says something new. Events come before the state they lead to.
 */
export class News {
  private readonly notify: (notice: Notice) => void
  private readonly fresh = new Map<string, { experiment: string; events: RunEvent[] }>()
  private readonly runs = new Map<string, RunSummary>()
  private readonly lines = new Map<string, ExperimentLine>()
  private readonly said = new Map<string, string>()
  private due = false

  constructor(notify: (notice: Notice) => void) {
    this.notify = notify
  }

  events(experiment: string, run: string, emitted: { event: RunEvent }[]): void {
    const own = this.fresh.get(run) ?? { experiment, events: [] }
    for (const { event } of emitted) own.events.push(event)
    this.fresh.set(run, own)
    this.schedule()
  }

  run(summary: RunSummary): void {
    this.runs.set(summary.id, summary)
    this.schedule()
  }

  experiment(line: ExperimentLine): void {
    this.lines.set(line.id, line)
    this.schedule()
  }

  /** After everything of the same commit was gathered. */
  private schedule(): void {
    if (this.due) return
    this.due = true
    setImmediate(() => {
      this.due = false
      this.flush()
    })
  }

  flush(): void {
    const events = [...this.fresh]
    const runs = [...this.runs.values()]
    const lines = [...this.lines.values()]
    for (const map of [this.fresh, this.runs, this.lines]) map.clear()
    for (const [run, { experiment, events: list }] of events)
      this.notify({ type: 'events', experiment, run, events: list })
    for (const summary of runs) this.notify({ type: 'run', summary })
    for (const line of lines) {
      const text = JSON.stringify(line)
      if (this.said.get(line.id) === text) continue
      this.said.set(line.id, text)
      this.notify({ type: 'experiment', line })
    }
  }
}
