import type { ExperimentRow } from '../workspace/records.ts'
import { BEAT } from '../workspace/leases.ts'
import type { Complaints } from './complaints.ts'
import type { QueueState } from './state.ts'

/** Milliseconds between two looks at what other processes wrote. */
const LOOK = 1_000

/** What the queue does when others say so. */
export type Reactions = {
  /** These are ours now, in order. */
  taken(rows: ExperimentRow[]): void
  /** Another process took it over. */
  lost(id: string): void
  /** Another process wrote something about this experiment. */
  changed(row: ExperimentRow): void
}

/**
 * Several processes may have one workspace open. Each experiment is leased to one of them; this takes over what is due
 * and nobody runs, keeps our leases alive, and sees what the others write.
 */
export class Takeover {
  private readonly q: QueueState
  private readonly react: Reactions
  private readonly complaints: Complaints
  private readonly timers: NodeJS.Timeout[] = []
  private seen = 0

  constructor(state: QueueState, react: Reactions, complaints: Complaints) {
    this.q = state
    this.react = react
    this.complaints = complaints
  }

  /** `adopt`: also go on with what processes that ended have left. */
  start(adopt: boolean): void {
    const every = (ms: number, doing: string, what: () => void) => {
      this.timers.push(setInterval(() => this.complaints.guard(doing, what), ms).unref())
    }
    if (adopt) this.complaints.guard('look', () => this.adopt())
    every(BEAT, 'beat', () => this.beat())
    every(LOOK, 'look', () => this.look(adopt))
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer)
  }

  /** Takes over experiments that are due and that no living process runs. */
  private adopt(): void {
    const { workspace, active } = this.q
    const due = workspace.records
      .experiments()
      .filter(({ id, status }) => (status === 'queued' || status === 'running') && !active.has(id))
    if (!due.length) return
    const mine = workspace.writer.now(() => due.filter(({ id }) => workspace.leases.take(id)))
    this.react.taken(mine.sort((a, b) => a.n - b.n))
  }

  private beat(): void {
    const { active } = this.q
    const { leases, writer } = this.q.workspace
    if (!active.size) return
    const lost: string[] = []
    const beaten = writer
      .add(() => {
        for (const [id, { settled }] of active) if (!settled && !leases.take(id)) lost.push(id)
      })
      .then(() => lost.forEach((id) => this.react.lost(id)))
    this.complaints.watch('leases', beaten)
  }

  /** Wishes and progress that other processes wrote. */
  private look(adopt: boolean): void {
    const version = this.q.workspace.dataVersion()
    const news = version !== this.seen
    this.seen = version
    if (adopt) this.adopt()
    if (news) for (const row of this.q.workspace.records.experiments()) this.react.changed(row)
  }
}
