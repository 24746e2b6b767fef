import { toErrorJson } from '../../../core/errors.ts'
import type { RunEvent } from '../../../core/events.ts'
import { type Flight, type Job, newFlag, type Outcome } from '../pool.ts'
import type { ExperimentRow } from '../workspace/records.ts'
import { type Active, ended, flies, type InFlight, type Tracked } from './active.ts'
import type { Complaints } from './complaints.ts'
import { expected } from './lines.ts'
import type { Recorder } from './recorder.ts'
import type { QueueState } from './state.ts'

/** Trials that take less than this together (seconds) go to a worker in one piece. */
const PIECE = 0.15
const MAX_PIECE = 16

/** Hands what waits to idle workers: experiments as they were asked for, trials in the order of `expand`. */
export class Dispatcher {
  private readonly q: QueueState
  private readonly recorder: Recorder
  private readonly complaints: Complaints
  private inFlight = 0
  private held = false

  constructor(state: QueueState, recorder: Recorder, complaints: Complaints) {
    this.q = state
    this.recorder = recorder
    this.complaints = complaints
  }

  /** While nothing can be saved no further trial is begun, so that what waits in memory stays small. */
  hold(held: boolean): void {
    this.held = held
    if (!held) this.pump()
  }

  /** Call whenever something may have come to wait, or a worker to idle. */
  pump(): void {
    const begun = this.q.runtime().then((kind) => {
      this.q.kind = kind
      while (!this.q.closing && !this.held && this.inFlight < this.q.pool.workers) {
        const next = this.nextPiece()
        if (!next) return
        this.fly(next.active, next.runs)
      }
    })
    this.complaints.watch('training', begun)
  }

  private nextPiece(): { active: Active; runs: Tracked[] } | null {
    const { workers } = this.q.pool
    for (const active of [...this.q.active.values()].sort((a, b) => a.n - b.n)) {
      if (active.lost || (active.status !== 'queued' && active.status !== 'running')) continue
      const waiting = [...active.runs.values()].filter((run) => run.status === 'queued' && !flies(active, run))
      if (!waiting.length || !this.load(active)) continue
      const most = Math.min(MAX_PIECE, Math.ceil(waiting.length / workers))
      const runs = [waiting[0]]
      let seconds = expected(this.q, active, waiting[0])
      while (runs.length < most && (seconds += expected(this.q, active, waiting[runs.length])) < PIECE)
        runs.push(waiting[runs.length])
      return { active, runs }
    }
    return null
  }

  /** Reads the data of an experiment; where that fails every run of it fails and says why. */
  private load(active: Active): boolean {
    if (active.loaded) return true
    try {
      active.loaded = this.q.load(this.q.workspace.records.experiment(active.id) as ExperimentRow)
      return true
    } catch (error) {
      const runs = [...active.runs.values()].filter((run) => !ended(run))
      this.complaints.watch('results', this.recorder.end(runs, { status: 'failed', error: toErrorJson(error) }, true))
      this.recorder.settle(active)
      return false
    }
  }

  private fly(active: Active, runs: Tracked[]): void {
    const flight: InFlight = { flag: newFlag(), runs: new Set(runs.map((r) => r.id)) }
    active.flights.add(flight)
    this.inFlight++
    if (active.status === 'queued') {
      active.status = 'running'
      this.complaints.watch('status', this.recorder.setStatus(active.id, ['queued'], 'running'))
    }
    const jobs: Job[] = runs.map((run) => {
      const resume = this.resumption(run)
      return { run: run.id, trial: run.trialSpec, resume, known: run.seq }
    })
    const task: Flight = {
      data: active.loaded!.data,
      jobs,
      runtime: this.q.kind,
      flag: flight.flag,
      programs: this.q.programs.all(),
      limit: this.q.limit,
    }
    void this.q.pool
      .fly(task, (batch) => this.recorder.hear(active, flight, batch))
      .catch((error: unknown) => this.crashed(active, flight, runs, error))
      .finally(() => {
        active.flights.delete(flight)
        this.inFlight--
        this.recorder.settle(active)
        this.pump()
      })
  }

  /** The last checkpoint. Of another runtime it would not give the same events: then the run starts anew. */
  private resumption(run: Tracked): Job['resume'] {
    const { records, writer } = this.q.workspace
    const checkpoint = records.checkpoint(run.n)
    if (!run.runtime) return null
    if (run.runtime.split(' ')[0] === this.q.kind) return checkpoint
    this.complaints.watch(
      'results',
      writer.add(() => records.forget(run.n), true),
    )
    Object.assign(run, {
      runtime: null,
      seconds: null,
      done: 0,
      of: 0,
      metrics: {},
      blobs: { model: null, predictions: null },
      found: {},
    })
    return null
  }

  /** A thread ended by itself: the run it was at has failed, those that were not heard to end wait again. */
  private crashed(active: Active, flight: InFlight, runs: Tracked[], error: unknown): void {
    const run = runs[Atomics.load(flight.flag, 1)]
    if (active.lost || !flight.runs.has(run.id)) return
    // What the thread said last is committed with this, in order.
    const seq = run.seq + 1
    const event: RunEvent = { trial: run.trial, seq, type: 'end', status: 'failed', error: toErrorJson(error) }
    const outcome: Outcome = { run: run.id, how: 'ended', seconds: 0, parameters: null }
    this.recorder.hear(active, flight, {
      emitted: [{ run: run.id, emitted: [{ event }] }],
      outcomes: [outcome],
      programs: [],
    })
    for (const other of runs) if (flight.runs.has(other.id)) other.status = 'queued'
  }
}
