import type { z } from 'zod'
import type { RunSummary } from '../../../core/contract.ts'
import type { UserErrorJson } from '../../../core/errors.ts'
import type { RunEvent, RunStatus } from '../../../core/events.ts'
import type { ExperimentSpec, Trial } from '../../../core/experiment.ts'
import type { Db } from './open.ts'
import { sha256, squeeze, type Packed } from './blobs.ts'
import { zstdDecompressSync } from 'node:zlib'

export type ExperimentRow = {
  id: string
  n: number
  name: string
  createdAt: string
  status: RunStatus
  spec: ExperimentSpec
  dataHash: string
  dataName: string
  binned: boolean
  looks: number
}
export type RunRow = RunSummary & { n: number; position: number; trialSpec: Trial }
type Metrics = z.infer<typeof RunSummary>['metrics']
type Raw = Record<string, string | number | null>

/**
 * Experiments, their runs and events. Reading is direct; everything that writes runs inside a transaction of the
 * writer. Events are numbered per run and inserted once: the same event written twice is one event.
 */
export class Records {
  private readonly db: Db

  constructor(db: Db) {
    this.db = db
  }

  addExperiment(row: Omit<ExperimentRow, 'n' | 'binned' | 'looks' | 'status'>, trials: Trial[]): void {
    this.db
      .prepare(
        `INSERT INTO experiments (id, n, name, created_at, status, spec, data_hash, data_name)
         VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM experiments), ?, ?, 'queued', ?, ?, ?)`,
      )
      .run(row.id, row.name, row.createdAt, JSON.stringify(row.spec), row.dataHash, row.dataName)
    const insert = this.db.prepare(
      `INSERT INTO runs (id, experiment, position, trial, status) VALUES (?, ?, ?, ?, 'queued')`,
    )
    trials.forEach((trial, i) => insert.run(`${row.id}-${i + 1}`, row.id, i, JSON.stringify(trial)))
  }

  experiment(id: string): ExperimentRow | null {
    const raw = this.db.prepare('SELECT * FROM experiments WHERE id = ?').get(id) as Raw | undefined
    return raw ? experimentRow(raw) : null
  }

  experiments(): ExperimentRow[] {
    return (this.db.prepare('SELECT * FROM experiments ORDER BY n DESC').all() as Raw[]).map(experimentRow)
  }

  /** Status -> number of runs. */
  counts(experiment: string): Partial<Record<RunStatus, number>> {
    const rows = this.db
      .prepare('SELECT status, count(*) AS n FROM runs WHERE experiment = ? GROUP BY status')
      .all(experiment) as { status: RunStatus; n: number }[]
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]))
  }

  setStatus(experiment: string, status: RunStatus): void {
    this.db.prepare('UPDATE experiments SET status = ? WHERE id = ?').run(status, experiment)
  }

  rename(experiment: string, name: string): void {
    this.db.prepare('UPDATE experiments SET name = ? WHERE id = ?').run(name, experiment)
  }

  bin(experiment: string, binned: boolean): void {
    this.db.prepare('UPDATE experiments SET binned = ? WHERE id = ?').run(binned ? 1 : 0, experiment)
  }

  look(experiment: string): void {
    this.db.prepare('UPDATE experiments SET looks = looks + 1 WHERE id = ?').run(experiment)
  }

  run(id: string): RunRow | null {
    const raw = this.db.prepare('SELECT * FROM runs WHERE id = ?').get(id) as Raw | undefined
    return raw ? runRow(raw) : null
  }

  runs(experiment: string): RunRow[] {
    return (this.db.prepare('SELECT * FROM runs WHERE experiment = ? ORDER BY position').all(experiment) as Raw[]).map(
      runRow,
    )
  }

  updateRun(run: RunSummary & { n: number }): void {
    this.db
      .prepare(
        `UPDATE runs SET status = ?, runtime = ?, seconds = ?, parameters = ?, done = ?, "of" = ?, metrics = ?,
         model = ?, predictions = ?, error = ?, found = ? WHERE n = ?`,
      )
      .run(
        run.status,
        run.runtime,
        run.seconds,
        run.parameters,
        run.done,
        run.of,
        JSON.stringify(run.metrics),
        run.blobs.model,
        run.blobs.predictions,
        run.error ? JSON.stringify(run.error) : null,
        JSON.stringify(run.found ?? {}),
        run.n,
      )
  }

  /** Events in order; those that are there already are left as they are. */
  addEvents(run: number, events: RunEvent[]): void {
    const next = this.lastSeq(run) + 1
    const fresh = events.filter((event) => event.seq >= next)
    if (!fresh.length) return
    if (fresh.some((event, i) => event.seq !== next + i))
      throw new Error(`internal: events of run ${run} do not follow on ${next - 1}`)
    const body = fresh.map(({ trial: _trial, seq: _seq, ...event }) => event)
    const { packed, bytes } = squeeze(Buffer.from(JSON.stringify(body)))
    this.db
      .prepare('INSERT INTO events (run, seq, n, packed, bytes) VALUES (?, ?, ?, ?, ?)')
      .run(run, next, fresh.length, packed, bytes)
  }

  /** Number of the last event of a run, -1 where there is none. */
  lastSeq(run: number): number {
    const row = this.db
      .prepare('SELECT seq + n - 1 AS last FROM events WHERE run = ? ORDER BY seq DESC LIMIT 1')
      .get(run)
    return (row as { last: number } | undefined)?.last ?? -1
  }

  /** Events of a run from number `since` on, at most `limit`. */
  events(run: { n: number; trial: string }, since = 0, limit = Infinity): RunEvent[] {
    const rows = this.db
      .prepare('SELECT seq, packed, bytes FROM events WHERE run = ? AND seq + n > ? ORDER BY seq')
      .iterate(run.n, since) as IterableIterator<{ seq: number; packed: number; bytes: Buffer }>
    const events: RunEvent[] = []
    for (const { seq, packed, bytes } of rows) {
      const body = JSON.parse((packed ? zstdDecompressSync(bytes) : bytes).toString()) as object[]
      body.forEach((event, i) => {
        if (seq + i >= since && events.length < limit)
          events.push({ trial: run.trial, seq: seq + i, ...event } as RunEvent)
      })
      if (events.length >= limit) break
    }
    return events
  }

  putCheckpoint(run: number, seq: number, hash: string, { packed, bytes }: Packed): void {
    this.db
      .prepare('INSERT OR REPLACE INTO checkpoints (run, seq, hash, packed, bytes) VALUES (?, ?, ?, ?, ?)')
      .run(run, seq, hash, packed, bytes)
  }

  /** The newest checkpoint; null where there is none, or a damaged one: the run then starts again. */
  checkpoint(run: number): { seq: number; bytes: Uint8Array } | null {
    const row = this.db.prepare('SELECT seq, hash, packed, bytes FROM checkpoints WHERE run = ?').get(run) as
      { seq: number; hash: string; packed: number; bytes: Buffer } | undefined
    if (!row) return null
    const bytes = new Uint8Array(row.packed ? zstdDecompressSync(row.bytes) : row.bytes)
    return sha256(bytes) === row.hash ? { seq: row.seq, bytes } : null
  }

  dropCheckpoint(run: number): void {
    this.db.prepare('DELETE FROM checkpoints WHERE run = ?').run(run)
  }

  /** Events and checkpoint of a run that starts anew. */
  forget(run: number): void {
    this.db.prepare('DELETE FROM events WHERE run = ?').run(run)
    this.dropCheckpoint(run)
  }

  speeds(): { method: string; runtime: string; units: number; seconds: number; runs: number }[] {
    return this.db.prepare('SELECT * FROM speeds').all() as ReturnType<Records['speeds']>
  }

  addSpeed(method: string, runtime: string, units: number, seconds: number): void {
    this.db
      .prepare(
        `INSERT INTO speeds (method, runtime, units, seconds, runs) VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE
         SET units = units + excluded.units, seconds = seconds + excluded.seconds, runs = runs + 1`,
      )
      .run(method, runtime, units, seconds)
  }
}

function experimentRow(raw: Raw): ExperimentRow {
  return {
    id: raw.id as string,
    n: raw.n as number,
    name: raw.name as string,
    createdAt: raw.created_at as string,
    status: raw.status as RunStatus,
    spec: JSON.parse(raw.spec as string) as ExperimentSpec,
    dataHash: raw.data_hash as string,
    dataName: raw.data_name as string,
    binned: raw.binned === 1,
    looks: raw.looks as number,
  }
}

function runRow(raw: Raw): RunRow {
  const trial = JSON.parse(raw.trial as string) as Trial
  return {
    n: raw.n as number,
    position: raw.position as number,
    trialSpec: trial,
    id: raw.id as string,
    experiment: raw.experiment as string,
    trial: trial.id,
    methodKey: trial.methodKey,
    method: trial.method,
    seed: trial.seed,
    repeat: trial.repeat,
    fold: trial.fold,
    status: raw.status as RunStatus,
    runtime: raw.runtime as string | null,
    seconds: raw.seconds as number | null,
    parameters: raw.parameters as number | null,
    done: raw.done as number,
    of: raw.of as number,
    metrics: JSON.parse(raw.metrics as string) as Metrics,
    blobs: { model: raw.model as string | null, predictions: raw.predictions as string | null },
    error: raw.error ? (JSON.parse(raw.error as string) as UserErrorJson) : null,
    found: JSON.parse(raw.found as string) as RunSummary['found'],
    ...(trial.relations ? { relations: { from: trial.relations.from, to: trial.relations.to } } : {}),
  }
}
