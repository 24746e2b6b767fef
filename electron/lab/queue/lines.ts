import type { ExperimentLine } from '../../../core/contract.ts'
import type { ExperimentRow, RunRow } from '../workspace/records.ts'
import { type Active, ENDED, ended } from './active.ts'
import type { QueueState } from './state.ts'

/** The experiment as lists show it. */
export function lineOf(q: QueueState, row: ExperimentRow): ExperimentLine {
  const counts = q.workspace.records.counts(row.id)
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
    secondsLeft: ENDED.includes(row.status) ? 0 : secondsLeft(q, row.id),
    binned: row.binned,
  }
}

/** Seconds that a whole trial is expected to take; 0 before its data are read. */
export function expected(q: QueueState, active: Active, run: RunRow): number {
  return active.loaded ? q.estimator.seconds(run.trialSpec, active.loaded.summary, q.kind) : 0
}

function secondsLeft(q: QueueState, id: string): number | null {
  const active = q.active.get(id)
  if (!active?.loaded) return null
  let sum = 0
  let longest = 0
  for (const run of active.runs.values()) {
    if (ended(run)) continue
    const left = expected(q, active, run) * (run.of ? Math.max(0, 1 - run.done / run.of) : 1)
    sum += left
    longest = Math.max(longest, left)
  }
  return Math.max(longest, sum / q.pool.workers)
}
