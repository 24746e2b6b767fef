import type { Call, Notice, Result } from '../../core/contract.ts'
import type { LabApi } from '../../core/contract.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import type { z } from 'zod'
import type { Estimator } from './estimate.ts'
import type { Pool, RuntimeKind } from './pool.ts'
import type { ProgramShelf } from './programs.ts'
import type { Queue } from './queue/queue.ts'
import type { Store } from './store.ts'
import type { Workspace } from './workspace/workspace.ts'

export type Host = 'desktop' | 'browser' | 'cli'

export type LabOptions = {
  /** The `.engram` file; made if it is not there. */
  workspacePath: string
  host: Host
  /** Threads that train; default: one per core, fewer where memory is small. */
  workers?: number
  /** Default: native, or WebAssembly where native cannot be loaded. */
  runtime?: RuntimeKind | 'auto'
  onNotice?: (notice: Notice) => void
  /** Go on with what was queued or running when the workspace was last open; default: not for the command line. */
  resume?: boolean
  /** How often the lab's process ended abnormally since the host started it: from 2 on WebAssembly is used. */
  crashes?: number
  /** Bytes that this process may take; default: see `memoryLimit`. */
  memoryLimit?: number
  /** The file of an upload; undefined where there is no such upload. */
  uploads?: (id: string) => string | undefined
}

/** What belongs to one open workspace. */
export type Session = {
  workspace: Workspace
  store: Store
  estimator: Estimator
  programs: ProgramShelf
  pool: Pool
  limit: number
  queue: Queue
}

/** What every area of the service needs. */
export type Context = Session & {
  options: LabOptions
  /** Of this thread, for using models; training has one runtime per worker. */
  runtime(): Promise<Runtime>
  notify(notice: Notice): void
}

type Checked<C extends Call> = z.output<(typeof LabApi)[C]['params']>
export type Handler<C extends Call> = (params: Checked<C>) => Promise<Result<C>> | Result<C>
export type Handlers<C extends Call> = { [K in C]: Handler<K> }
