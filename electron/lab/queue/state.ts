import type { Notice } from '../../../core/contract.ts'
import type { TaskSetSummary } from '../../../core/method.ts'
import type { Estimator } from '../estimate.ts'
import type { Pool, RuntimeKind } from '../pool.ts'
import type { ProgramShelf } from '../programs.ts'
import type { SharedData } from '../shared.ts'
import type { ExperimentRow } from '../workspace/records.ts'
import type { Workspace } from '../workspace/workspace.ts'
import type { Active } from './active.ts'

export type QueueContext = {
  workspace: Workspace
  pool: Pool
  estimator: Estimator
  programs: ProgramShelf
  /** Bytes that this process may take. */
  limit: number
  runtime(): Promise<RuntimeKind>
  load(row: ExperimentRow): { data: SharedData; summary: TaskSetSummary }
  notify(notice: Notice): void
}

/** What the parts of the queue share. */
export type QueueState = QueueContext & {
  /** The experiments that this process runs, by id. */
  active: Map<string, Active>
  /** What computes; known once the first piece is handed out. */
  kind: RuntimeKind
  closing: boolean
}
