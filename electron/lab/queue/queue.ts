import type { ExperimentLine } from '../../../core/contract.ts'
import type { UserError } from '../../../core/errors.ts'
import type { RunStatus } from '../../../core/events.ts'
import { PAUSE, STOP } from '../pool.ts'
import type { ExperimentRow } from '../workspace/records.ts'
import { type Active, ended, flies, newActive } from './active.ts'
import { Complaints } from './complaints.ts'
import { Dispatcher } from './dispatcher.ts'
import { lineOf } from './lines.ts'
import { Recorder } from './recorder.ts'
import type { QueueContext, QueueState } from './state.ts'
import { Takeover } from './takeover.ts'

/**
 * What is to be trained, in order, and what people wish about it. On opening, what was running or queued goes on from
 * its last checkpoint; a run that has none starts again and says the same events.
 */
export class Queue {
  private readonly q: QueueState
  private readonly complaints: Complaints
  private readonly recorder: Recorder
  private readonly dispatcher: Dispatcher
  private readonly takeover: Takeover

  constructor(context: QueueContext) {
    this.q = { ...context, active: new Map(), kind: 'native', closing: false }
    this.complaints = new Complaints(this.q)
    this.recorder = new Recorder(this.q, this.complaints)
    this.dispatcher = new Dispatcher(this.q, this.recorder, this.complaints)
    const taken = (rows: ExperimentRow[]) => {
      for (const row of rows) this.enlist(row)
      this.dispatcher.pump()
    }
    const reactions = { taken, lost: (id: string) => this.lost(id), changed: (row: ExperimentRow) => this.changed(row) }
    this.takeover = new Takeover(this.q, reactions, this.complaints)
  }

  /** Keeps the leases alive; with `resume`, takes up what earlier processes left. */
  start(resume: boolean): void {
    if (!this.q.workspace.readOnly) this.takeover.start(resume)
  }

  /** Results cannot be saved (`error`), or can again (null): meanwhile no further trial is begun. */
  saving(error: UserError | null): void {
    this.dispatcher.hold(error !== null)
    if (error) this.complaints.about('saving', error)
    else this.complaints.well('saving')
  }

  /** A new experiment whose rows are already in the workspace and leased to this process. */
  add(id: string): void {
    const row = this.q.workspace.records.experiment(id)
    if (!row) throw new Error(`internal: experiment ${id} is not in the workspace`)
    this.enlist(row)
    this.dispatcher.pump()
  }

  async pause(id: string): Promise<void> {
    const active = this.q.active.get(id)
    if (active?.status === 'queued' || active?.status === 'running') raise(active, PAUSE, 'paused')
    await this.recorder.setStatus(id, ['queued', 'running'], 'paused')
  }

  async resume(id: string): Promise<void> {
    const { writer, leases, records } = this.q.workspace
    await this.recorder.setStatus(id, ['paused'], 'queued')
    const active = this.q.active.get(id)
    if (active?.status === 'paused') {
      active.status = 'queued'
      for (const run of active.runs.values()) if (run.status === 'paused') run.status = 'queued'
    }
    if (!active) {
      let mine = false
      await writer.add(() => void (mine = leases.take(id)))
      const row = records.experiment(id)
      if (mine && row?.status === 'queued') this.enlist(row)
    }
    this.dispatcher.pump()
  }

  async stop(id: string): Promise<void> {
    const { leases, records } = this.q.workspace
    const active = this.q.active.get(id)
    if (active) raise(active, STOP, 'stopped')
    // Of another process, which will see it; or of none: then nobody else ends its runs.
    const runs = active ? [...active.runs.values()] : leases.elsewhere(id) ? [] : records.runs(id)
    const waiting = runs.filter((run) => !ended(run) && !(active && flies(active, run)))
    await this.recorder.end(waiting, { status: 'stopped' })
    await this.recorder.setStatus(id, ['queued', 'running', 'paused'], 'stopped')
    if (active) this.recorder.settle(active)
  }

  line(row: ExperimentRow): ExperimentLine {
    return lineOf(this.q, row)
  }

  /** Ends without losing anything: what runs is set down at its next yield and goes on when the workspace opens. */
  async close(): Promise<void> {
    const { q } = this
    q.closing = true
    this.takeover.stop()
    for (const { flights } of q.active.values()) for (const { flag } of flights) Atomics.store(flag, 0, PAUSE)
    await q.pool.close()
    if (q.workspace.readOnly) return
    const { leases, writer } = q.workspace
    const release = writer.add(() => {
      for (const id of q.active.keys()) leases.release(id)
    })
    writer.flush()
    // A lease that cannot be given back ends by itself.
    await release.catch(() => {})
  }

  private enlist(row: ExperimentRow): void {
    if (!this.q.active.has(row.id)) this.q.active.set(row.id, newActive(row, this.q.workspace.records))
  }

  private lost(id: string): void {
    const active = this.q.active.get(id)
    if (!active) return
    active.lost = true
    raise(active, PAUSE, 'paused')
    this.q.active.delete(id)
  }

  private changed(row: ExperimentRow): void {
    const active = this.q.active.get(row.id)
    if (!active) this.recorder.tellLine(row.id)
    else if (row.status === 'paused' && active.status !== 'paused') raise(active, PAUSE, 'paused')
    else if (row.status === 'stopped' && active.status !== 'stopped') this.complaints.watch('status', this.stop(row.id))
  }
}

/** Workers see it at their next yield. */
function raise(active: Active, wish: typeof PAUSE | typeof STOP, status: RunStatus): void {
  active.status = status
  for (const flight of active.flights) Atomics.store(flight.flag, 0, wish)
}
