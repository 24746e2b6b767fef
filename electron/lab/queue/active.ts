import type { RunSummary } from '../../../core/contract.ts'
import { addSlowed } from '../../../core/events.ts'
import type { RunEvent, RunStatus } from '../../../core/events.ts'
import type { TaskSetSummary } from '../../../core/method.ts'
import type { SharedData } from '../shared.ts'
import type { ExperimentRow, Records, RunRow } from '../workspace/records.ts'

/** `seq`: number of the last event that was heard, -1 before the first; it has been given to the workspace. */
export type Tracked = RunRow & { seq: number }
export type InFlight = { flag: Int32Array; runs: Set<string> }
/** An experiment that this process runs. `loaded` is read when its first trial is due. */
export type Active = {
  id: string
  n: number
  status: RunStatus
  runs: Map<string, Tracked>
  flights: Set<InFlight>
  loaded: { data: SharedData; summary: TaskSetSummary } | null
  /** Another process took it over: what still comes in is left aside. */
  lost: boolean
  /** Nothing is left to do; it stays here until that is committed, so that nobody takes it up again. */
  settled: boolean
}

export const ENDED: RunStatus[] = ['done', 'stopped', 'failed']
export const ended = (run: { status: RunStatus }) => ENDED.includes(run.status)

/** What a process that died was at waits again, and so does what was paused. */
export function newActive(row: ExperimentRow, records: Records): Active {
  const { evaluation } = row.spec
  const runs = records.runs(row.id).map((run): Tracked => ({
    ...run,
    status: run.status === 'running' || run.status === 'paused' ? 'queued' : run.status,
    // One object for all, so that it is handed over once: it may hold the rows of every fold.
    trialSpec: { ...run.trialSpec, evaluation },
    seq: ended(run) ? -1 : records.lastSeq(run.n),
  }))
  return {
    id: row.id,
    n: row.n,
    status: row.status,
    runs: new Map(runs.map((run) => [run.id, run])),
    flights: new Set(),
    loaded: null,
    lost: false,
    settled: false,
  }
}

/** Whether a worker has this run just now. */
export function flies(active: Active, run: RunRow): boolean {
  return [...active.flights].some((flight) => flight.runs.has(run.id))
}

/** A run row without what only the lab needs. */
export function summaryOf(row: RunRow & { seq?: number }): RunSummary {
  const { n: _n, position: _position, trialSpec: _trialSpec, seq: _seq, ...summary } = row
  return summary
}

/** Not a part of the transfer matrix: it has figures to be compared. */
export const isOneFit = (run: RunSummary) => run.relations === undefined

/** A run is the fold of its events; here without the curves, which are in the events. */
export function track(run: Tracked, event: RunEvent): void {
  run.seq = event.seq
  if (event.type === 'start') Object.assign(run, { status: 'running', runtime: event.runtime })
  else if (event.type === 'progress') {
    run.status = 'running'
    run.done = event.done
    run.of = event.of
  } else if (event.type === 'metric' && event.split === 'test') {
    const figures = (run.metrics[event.name] ??= { value: null, perTask: {} })
    if (event.task === null) figures.value = event.value
    else figures.perTask[event.task] = event.value
  } else if (event.type === 'blob') {
    if (event.role === 'model') run.blobs.model = event.hash
    if (event.role === 'predictions') run.blobs.predictions = event.hash
    if (event.role === 'trace') run.found = { ...run.found, trace: event.hash }
  } else if (event.type === 'tuned') run.found = { ...run.found, tuned: event.tuned }
  else if (event.type === 'slowed') run.found = { ...run.found, slowed: addSlowed(run.found?.slowed, event) }
  else if (event.type === 'end') {
    run.status = event.status
    run.error = event.error ?? null
    if (event.status === 'done') run.done = run.of = run.of || 1
  }
}
