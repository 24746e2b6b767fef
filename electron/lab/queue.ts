import type { ExperimentLine, Notice } from '../../core/contract.ts'
import { toErrorJson } from '../../core/errors.ts'
import type { RunEvent, RunStatus } from '../../core/events.ts'
import type { TaskSetSummary } from '../../core/method.ts'
import { type Active, ENDED, ended, flies, type InFlight, newActive, summaryOf, track, type Tracked } from './active.ts'
import type { Estimator } from './estimate.ts'
import {
  type Batch,
  type Flight,
  type Heard,
  type Job,
  newFlag,
  type Outcome,
  PAUSE,
  type Pool,
  type RuntimeKind,
  STOP,
} from './pool.ts'
import { News } from './news.ts'
import type { SharedData } from './shared.ts'
import { BEAT } from './workspace/leases.ts'
import type { ExperimentRow, RunRow } from './workspace/records.ts'
import type { Workspace } from './workspace/workspace.ts'

/** Trials that take less than this together (seconds) go to a worker in one piece. */
const PIECE = 0.15
const MAX_PIECE = 16
/** Milliseconds between two looks at what other processes wrote. */
const LOOK = 1_000

export type QueueContext = {
  workspace: Workspace
  pool: Pool
  estimator: Estimator
  runtime(): Promise<RuntimeKind>
  load(row: ExperimentRow): { data: SharedData; summary: TaskSetSummary }
  notify(notice: Notice): void
}

/**
 * What is to be trained, in order: experiments as they were asked for, trials in the order of `expand`. Everything
 * that happens is written first and told afterwards. On opening, what was running or queued goes on from its last
 * checkpoint; a run that has none starts again and says the same events.
 */
export class Queue {
  private readonly c: QueueContext
  private readonly active = new Map<string, Active>()
  private inFlight = 0
  private closing = false
  private held = false
  private complaint = ''
  private kind: RuntimeKind = 'native'
  private timers: NodeJS.Timeout[] = []
  private seen = 0
  private readonly news: News

  constructor(context: QueueContext) {
    this.c = context
    this.news = new News(context.notify)
  }

  /** Takes up what earlier processes left and keeps the leases alive. */
  start(resume: boolean): void {
    const { workspace } = this.c
    if (workspace.readOnly) return
    if (resume) this.guard(() => this.adopt())
    const every = (ms: number, what: () => void) => this.timers.push(setInterval(() => this.guard(what), ms).unref())
    every(BEAT, () => this.beat())
    every(LOOK, () => this.look(resume))
  }

  /** While nothing can be saved no further trial is begun, so that what waits in memory stays small. */
  hold(held: boolean): void {
    this.held = held
    if (!held) this.pump()
  }

  /** A new experiment whose rows are already in the workspace and leased to this process. */
  add(id: string): void {
    const row = this.c.workspace.records.experiment(id)
    if (!row) throw new Error(`internal: experiment ${id} is not in the workspace`)
    this.enlist(row)
    this.pump()
  }

  async pause(id: string): Promise<void> {
    const active = this.active.get(id)
    if (active?.status === 'queued' || active?.status === 'running') this.raise(active, PAUSE, 'paused')
    await this.setStatus(id, ['queued', 'running'], 'paused')
  }

  async resume(id: string): Promise<void> {
    const { workspace } = this.c
    await this.setStatus(id, ['paused'], 'queued')
    const active = this.active.get(id)
    if (active?.status === 'paused') {
      active.status = 'queued'
      for (const run of active.runs.values()) if (run.status === 'paused') run.status = 'queued'
    }
    if (!active) {
      let mine = false
      await workspace.writer.add(() => void (mine = workspace.leases.take(id)))
      const row = workspace.records.experiment(id)
      if (mine && row?.status === 'queued') this.enlist(row)
    }
    this.pump()
  }

  async stop(id: string): Promise<void> {
    const { workspace } = this.c
    const active = this.active.get(id)
    if (active) {
      this.raise(active, STOP, 'stopped')
      const waiting = [...active.runs.values()].filter((run) => !ended(run) && !flies(active, run))
      for (const run of waiting) run.status = 'stopped'
      await workspace.writer.add(() => waiting.forEach((run) => this.endRun(run)))
      for (const run of waiting) this.tell(run)
      await this.setStatus(id, ['queued', 'running', 'paused'], 'stopped')
      this.settle(active)
      return
    }
    // Of another process, which will see it; or of none: then nobody else ends its runs.
    const runs = workspace.leases.elsewhere(id) ? [] : workspace.records.runs(id).filter((run) => !ended(run))
    await workspace.writer.add(() => runs.forEach((run) => this.endRun({ ...run, status: 'stopped' })))
    await this.setStatus(id, ['queued', 'running', 'paused'], 'stopped')
  }

  /** The experiment as lists show it. */
  line(row: ExperimentRow): ExperimentLine {
    const counts = this.c.workspace.records.counts(row.id)
    const of = Object.values(counts).reduce((sum, n) => sum + n, 0)
    return {
      id: row.id,
      name: row.name,
      createdAt: row.createdAt,
      status: row.status,
      dataHash: row.dataHash,
      dataName: row.dataName,
      protocol: row.spec.evaluation.protocol,
      methods: row.spec.methods.map((m) => (m.label ? `${m.id}#${m.label}` : m.id)),
      trials: { of, done: counts.done ?? 0, failed: counts.failed ?? 0, stopped: counts.stopped ?? 0 },
      secondsLeft: ENDED.includes(row.status) ? 0 : this.secondsLeft(row.id),
      binned: row.binned,
    }
  }

  /** Ends without losing anything: what runs is set down at its next yield and goes on when the workspace opens. */
  async close(): Promise<void> {
    this.closing = true
    for (const timer of this.timers) clearInterval(timer)
    for (const active of this.active.values()) for (const flight of active.flights) Atomics.store(flight.flag, 0, PAUSE)
    await this.c.pool.close()
    const { workspace } = this.c
    if (workspace.readOnly) return
    const release = workspace.writer.add(() => {
      for (const id of this.active.keys()) workspace.leases.release(id)
    })
    workspace.writer.flush()
    await release.catch(() => {})
  }

  private enlist(row: ExperimentRow): void {
    if (this.active.has(row.id)) return
    this.active.set(row.id, newActive(row, this.c.workspace.records))
  }

  /** Takes over experiments that are due and that no living process runs. */
  private adopt(): void {
    const { workspace } = this.c
    const due = workspace.records
      .experiments()
      .filter(({ id, status }) => (status === 'queued' || status === 'running') && !this.active.has(id))
    if (!due.length) return
    const mine = workspace.writer.now(() => due.filter(({ id }) => workspace.leases.take(id)))
    for (const row of mine.sort((a, b) => a.n - b.n)) this.enlist(row)
    this.pump()
  }

  /** What fails beside any call (a drive that is gone, a damaged page) is told, once, and ends nothing. */
  private guard(what: () => void): void {
    try {
      what()
      this.complaint = ''
    } catch (error) {
      this.complain(error)
    }
  }

  private complain(thrown: unknown): void {
    const error = toErrorJson(this.c.workspace.explain(thrown))
    if (error.got !== this.complaint) this.c.notify({ type: 'fault', error })
    this.complaint = error.got
  }

  private pump(): void {
    const begin = (kind: RuntimeKind) => {
      this.kind = kind
      while (!this.closing && !this.held && this.inFlight < this.c.pool.workers) {
        const next = this.nextPiece()
        if (!next) return
        this.fly(next.active, next.runs)
      }
    }
    this.c
      .runtime()
      .then(begin)
      .catch((error: unknown) => this.complain(error))
  }

  private nextPiece(): { active: Active; runs: Tracked[] } | null {
    for (const active of [...this.active.values()].sort((a, b) => a.n - b.n)) {
      if (active.lost || (active.status !== 'queued' && active.status !== 'running')) continue
      const waiting = [...active.runs.values()].filter((run) => run.status === 'queued' && !flies(active, run))
      if (!waiting.length || !this.load(active)) continue
      const most = Math.min(MAX_PIECE, Math.ceil(waiting.length / this.c.pool.workers))
      const runs = [waiting[0]]
      let seconds = this.estimate(active, waiting[0])
      while (runs.length < most && (seconds += this.estimate(active, waiting[runs.length])) < PIECE)
        runs.push(waiting[runs.length])
      return { active, runs }
    }
    return null
  }

  /** Reads the data of an experiment; where that fails every run of it fails and says why. */
  private load(active: Active): boolean {
    if (active.loaded) return true
    const { workspace } = this.c
    try {
      active.loaded = this.c.load(workspace.records.experiment(active.id) as ExperimentRow)
      return true
    } catch (error) {
      const json = toErrorJson(error)
      const runs = [...active.runs.values()].filter((run) => !ended(run))
      for (const run of runs) Object.assign(run, { status: 'failed', error: json })
      void workspace.writer
        .add(() => runs.forEach((run) => this.endRun(run)), true)
        .then(() => runs.forEach((run) => this.tell(run)))
        .catch(() => {})
      this.settle(active)
      return false
    }
  }

  private fly(active: Active, runs: Tracked[]): void {
    const { pool } = this.c
    const flight: InFlight = { flag: newFlag(), runs: new Set(runs.map((r) => r.id)) }
    active.flights.add(flight)
    this.inFlight++
    if (active.status === 'queued') {
      active.status = 'running'
      void this.setStatus(active.id, ['queued'], 'running').catch(() => {})
    }
    const jobs: Job[] = runs.map((run) => {
      const resume = this.resumption(run)
      return { run: run.id, trial: run.trialSpec, resume, known: run.seq }
    })
    const task: Flight = { data: active.loaded!.data, jobs, runtime: this.kind, flag: flight.flag }
    void pool
      .fly(task, (batch) => this.hear(active, flight, batch))
      .catch((error: unknown) => this.crashed(active, flight, runs, error))
      .finally(() => {
        active.flights.delete(flight)
        this.inFlight--
        this.settle(active)
        this.pump()
      })
  }

  /** The last checkpoint. Of another runtime it would not give the same events: then the run starts anew. */
  private resumption(run: Tracked): Job['resume'] {
    const { records, writer } = this.c.workspace
    const checkpoint = records.checkpoint(run.n)
    if (!run.runtime) return null
    if (run.runtime.split(' ')[0] === this.kind) return checkpoint
    void writer.add(() => records.forget(run.n), true)
    Object.assign(run, {
      runtime: null,
      seconds: null,
      done: 0,
      of: 0,
      metrics: {},
      blobs: { model: null, predictions: null },
    })
    return null
  }

  private hear(active: Active, flight: InFlight, batch: Batch): void {
    if (active.lost) return
    const { workspace, estimator } = this.c
    const { records } = workspace
    const changed = new Set<Tracked>()
    const fresh: { run: Tracked; emitted: Heard[] }[] = []
    for (const { run: id, emitted } of batch.emitted) {
      const run = active.runs.get(id)
      if (!run) continue
      run.status = 'running'
      changed.add(run)
      // A run that was taken up again says once more what is known already.
      const news = emitted.filter(({ event }) => event.seq > run.seq)
      for (const { event } of news) track(run, event)
      if (news.length) fresh.push({ run, emitted: news })
    }
    const learned: [Tracked, Outcome][] = []
    for (const outcome of batch.outcomes) {
      const run = active.runs.get(outcome.run)
      if (!run) continue
      run.seconds = (run.seconds ?? 0) + outcome.seconds
      run.parameters = outcome.parameters ?? run.parameters
      if (outcome.how === 'paused') run.status = active.status === 'paused' ? 'paused' : 'queued'
      else if (run.status === 'done') learned.push([run, outcome])
      flight.runs.delete(run.id)
      changed.add(run)
    }
    // Rows go on changing: what is written and told is how they are now.
    const rows = [...changed].map((run) => structuredClone(run))
    void workspace.writer
      .add(() => {
        for (const { run, emitted } of fresh) this.write(run.n, emitted)
        for (const run of rows) {
          if (ended(run)) this.endRun(run)
          else records.updateRun(run)
        }
        for (const [run, { seconds }] of learned)
          estimator.learn(run.trialSpec, active.loaded!.summary, this.kind, seconds)
      }, true)
      .then(() => {
        for (const { run, emitted } of fresh) this.news.events(active.id, run.id, emitted)
        for (const run of rows) this.tell(run)
        if (rows.some(ended)) this.tellLine(active.id)
      })
      .catch(() => {})
  }

  private write(run: number, emitted: Heard[]): void {
    const { records, blobs } = this.c.workspace
    records.addEvents(
      run,
      emitted.map(({ event }) => event),
    )
    for (const { event, blob } of emitted) {
      if (event.type !== 'blob' || !blob) continue
      if (event.role === 'checkpoint') records.putCheckpoint(run, event.seq, event.hash, blob)
      else blobs.putPacked(event.hash, blob)
    }
  }

  private endRun(run: RunRow): void {
    const { records } = this.c.workspace
    records.updateRun(run)
    records.dropCheckpoint(run.n)
  }

  /** A thread ended by itself: the run it was at has failed, those that were not heard to end wait again. */
  private crashed(active: Active, flight: InFlight, runs: Tracked[], error: unknown): void {
    const run = runs[Atomics.load(flight.flag, 1)]
    if (active.lost || !flight.runs.has(run.id)) return
    // What the thread said last is committed with this, in order.
    const seq = run.seq + 1
    const event: RunEvent = { trial: run.trial, seq, type: 'end', status: 'failed', error: toErrorJson(error) }
    const outcome: Outcome = { run: run.id, how: 'ended', seconds: 0, parameters: null }
    this.hear(active, flight, { emitted: [{ run: run.id, emitted: [{ event }] }], outcomes: [outcome] })
    for (const other of runs) if (flight.runs.has(other.id)) other.status = 'queued'
  }

  /** When nothing of an experiment is left to do, its status says how it went. */
  private settle(active: Active): void {
    const runs = [...active.runs.values()]
    if (active.flights.size || active.lost || active.settled || !runs.every(ended)) return
    const any = (status: RunStatus) => runs.some((run) => run.status === status)
    const status: RunStatus = any('stopped') ? 'stopped' : any('done') ? 'done' : 'failed'
    active.settled = true
    const { workspace } = this.c
    void workspace.writer
      .add(() => {
        workspace.records.setStatus(active.id, status)
        workspace.leases.release(active.id)
        workspace.tidy()
      }, true)
      .then(() => {
        this.active.delete(active.id)
        this.tellLine(active.id)
      })
      .catch(() => {})
  }

  private raise(active: Active, wish: typeof PAUSE | typeof STOP, status: RunStatus): void {
    active.status = status
    for (const flight of active.flights) Atomics.store(flight.flag, 0, wish)
  }

  private async setStatus(id: string, from: RunStatus[], to: RunStatus): Promise<void> {
    const { records, writer } = this.c.workspace
    await writer.add(() => {
      const row = records.experiment(id)
      if (row && from.includes(row.status)) records.setStatus(id, to)
    })
    this.tellLine(id)
  }

  private beat(): void {
    const { leases, writer } = this.c.workspace
    if (!this.active.size) return
    const lost: string[] = []
    void writer
      .add(() => {
        for (const [id, { settled }] of this.active) if (!settled && !leases.take(id)) lost.push(id)
      })
      .then(() => {
        for (const id of lost) {
          const active = this.active.get(id)
          if (!active) continue
          active.lost = true
          this.raise(active, PAUSE, 'paused')
          this.active.delete(id)
        }
      })
      .catch(() => {})
  }

  /** Wishes and progress that other processes wrote. */
  private look(resume: boolean): void {
    const { workspace } = this.c
    const version = workspace.dataVersion()
    const news = version !== this.seen
    this.seen = version
    if (resume) this.adopt()
    if (!news) return
    for (const row of workspace.records.experiments()) {
      const active = this.active.get(row.id)
      if (!active) this.tellLine(row.id)
      else if (row.status === 'paused' && active.status !== 'paused') this.raise(active, PAUSE, 'paused')
      else if (row.status === 'stopped' && active.status !== 'stopped') void this.stop(row.id).catch(() => {})
    }
  }

  private estimate(active: Active, run: RunRow): number {
    if (!active.loaded) return 0
    return this.c.estimator.seconds(run.trialSpec, active.loaded.summary, this.kind)
  }

  private secondsLeft(id: string): number | null {
    const active = this.active.get(id)
    if (!active?.loaded) return null
    let sum = 0
    let longest = 0
    for (const run of active.runs.values()) {
      if (ended(run)) continue
      const left = this.estimate(active, run) * (run.of ? Math.max(0, 1 - run.done / run.of) : 1)
      sum += left
      longest = Math.max(longest, left)
    }
    return Math.max(longest, sum / this.c.pool.workers)
  }

  private tell(run: RunRow): void {
    this.news.run(summaryOf(run))
  }

  /** Only where it says something new. */
  private tellLine(id: string): void {
    // What is written last is written while the workspace closes.
    if (this.closing) return
    const row = this.c.workspace.records.experiment(id)
    if (row) this.news.experiment(this.line(row))
  }
}
