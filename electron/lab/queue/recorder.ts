import type { UserErrorJson } from '../../../core/errors.ts'
import type { RunStatus } from '../../../core/events.ts'
import type { Batch, Heard, Outcome } from '../pool.ts'
import type { RunRow } from '../workspace/records.ts'
import { type Active, ended, type InFlight, summaryOf, track, type Tracked } from './active.ts'
import type { Complaints } from './complaints.ts'
import { lineOf } from './lines.ts'
import { News } from './news.ts'
import type { QueueState } from './state.ts'

/** What workers say and people wish, set down: everything that happens is written first and told afterwards. */
export class Recorder {
  private readonly q: QueueState
  private readonly complaints: Complaints
  private readonly news: News

  constructor(state: QueueState, complaints: Complaints) {
    this.q = state
    this.complaints = complaints
    this.news = new News(state.notify)
  }

  /** A worker's batch: events into the runs, the runs and their events into the workspace. */
  hear(active: Active, flight: InFlight, batch: Batch): void {
    if (active.lost) return
    const { workspace, estimator } = this.q
    const built = this.q.programs.add(batch.programs)
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
    const written = workspace.writer.add(() => {
      for (const { run, emitted } of fresh) this.write(run.n, emitted)
      for (const run of rows) {
        if (ended(run)) this.endRun(run)
        else workspace.records.updateRun(run)
      }
      for (const [run, { seconds }] of learned)
        estimator.learn(run.trialSpec, active.loaded!.summary, this.q.kind, seconds)
      built.save()
    }, true)
    const told = written.then(() => {
      for (const { run, emitted } of fresh) this.news.events(active.id, run.id, emitted)
      for (const run of rows) this.news.run(summaryOf(run))
      if (rows.some(ended)) this.tellLine(active.id)
    })
    this.complaints.watch('results', told)
  }

  /** Ends runs that no worker has. */
  async end(runs: RunRow[], how: { status: RunStatus; error?: UserErrorJson }, keep = false): Promise<void> {
    for (const run of runs) Object.assign(run, how)
    await this.q.workspace.writer.add(() => runs.forEach((run) => this.endRun(run)), keep)
    for (const run of runs) this.news.run(summaryOf(run))
  }

  /** When nothing of an experiment is left to do, its status says how it went. */
  settle(active: Active): void {
    const runs = [...active.runs.values()]
    if (active.flights.size || active.lost || active.settled || !runs.every(ended)) return
    const any = (status: RunStatus) => runs.some((run) => run.status === status)
    const status: RunStatus = any('stopped') ? 'stopped' : any('done') ? 'done' : 'failed'
    active.settled = true
    const { records, leases, writer } = this.q.workspace
    const written = writer.add(() => {
      records.setStatus(active.id, status)
      leases.release(active.id)
      this.q.workspace.tidy()
    }, true)
    // An end is told at once: somebody waits for it.
    writer.flush()
    const told = written.then(() => {
      this.q.active.delete(active.id)
      this.tellLine(active.id)
    })
    this.complaints.watch('results', told)
  }

  /** A status that somebody wishes, unless the experiment has gone on meanwhile. */
  async setStatus(id: string, from: RunStatus[], to: RunStatus): Promise<void> {
    const { records, writer } = this.q.workspace
    await writer.add(() => {
      const row = records.experiment(id)
      if (row && from.includes(row.status)) records.setStatus(id, to)
    })
    this.tellLine(id)
  }

  /** Only where it says something new. */
  tellLine(id: string): void {
    // What is written last is written while the workspace closes.
    if (this.q.closing) return
    const row = this.q.workspace.records.experiment(id)
    if (row) this.news.experiment(lineOf(this.q, row))
  }

  private write(run: number, emitted: Heard[]): void {
    const { records, blobs } = this.q.workspace
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
    const { records } = this.q.workspace
    records.updateRun(run)
    records.dropCheckpoint(run.n)
  }
}
