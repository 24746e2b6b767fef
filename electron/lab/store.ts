import type { Roles } from '../../core/data/roles.ts'
import type { Table } from '../../core/data/table.ts'
import { measuredTasks } from '../../core/data/measuredTasks.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { unexplained } from '../../core/data/unexplained.ts'
import { UserError } from '../../core/errors.ts'
import type { DataRef } from '../../core/experiment.ts'
import { summaryOf } from '../../core/expand.ts'
import type { TaskSetSummary } from '../../core/method.ts'
import { taskSetOf } from './sets.ts'
import { shareTable, tableOf, type SharedData, type SharedTable } from './shared.ts'
import { sha256 } from './workspace/blobs.ts'
import type { Workspace } from './workspace/workspace.ts'

/** What an experiment learns from, ready to use on this thread and to hand to the workers. */
export type Loaded = { data: SharedData; set: TaskSet; summary: TaskSetSummary }

/** Tables and task sets kept in memory: the last few only. */
const KEPT = 3

/** The data sets of a workspace in memory, each once. */
export class Store {
  private readonly workspace: Workspace
  private readonly tables = new Map<string, SharedTable>()
  private readonly sets = new Map<string, Loaded>()

  constructor(workspace: Workspace) {
    this.workspace = workspace
  }

  /** Just imported: no need to read it again. */
  keep(table: Table): void {
    remember(this.tables, table.hash, shareTable(table))
  }

  /** Throws a UserError where the workspace has no such data set, or a damaged one. */
  table(hash: string): Table {
    return tableOf(this.shared(hash))
  }

  private shared(hash: string): SharedTable {
    const kept = this.tables.get(hash)
    if (kept) return kept
    const table = this.workspace.datasets.load(hash)
    if (!table) throw noDataset(hash)
    return remember(this.tables, hash, shareTable(table))
  }

  /** `ref` names a data set by hash with its roles, or a generator. */
  load(ref: DataRef): Loaded {
    const data = this.describe(ref)
    const kept = this.sets.get(data.key)
    if (kept) return kept
    const set = taskSetOf(data)
    const summary = {
      ...summaryOf(set),
      unexplained: unexplained(set),
      taskRows: set.generator ? [] : measuredTasks(set),
    }
    return remember(this.sets, data.key, { data, set, summary })
  }

  /** The same as it goes to a thread. */
  describe(ref: DataRef): SharedData {
    if (ref.generator) {
      const params = ref.params ?? {}
      return { key: generatorHash(ref), kind: 'generator', generator: ref.generator, params }
    }
    const { hash } = ref
    if (!hash) throw new Error('internal: this data has not been resolved')
    const roles = ref.roles as Roles
    return {
      key: `${hash}/${sha256(Buffer.from(JSON.stringify(roles)))}`,
      kind: 'table',
      table: this.shared(hash),
      roles,
    }
  }
}

/** Generated data is named by what generates it. */
export function generatorHash({ generator, params = {} }: DataRef): string {
  const sorted = Object.fromEntries(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)))
  return sha256(Buffer.from(JSON.stringify({ generator, params: sorted })))
}

export function noDataset(hash: string): UserError {
  return new UserError({
    code: 'data.unknown',
    who: 'Data set',
    rule: 'must be in this workspace.',
    got: `the unknown hash ${hash.slice(0, 64)}`,
    remedy: 'Open the file again, or open the workspace that holds it.',
  })
}

function remember<T>(map: Map<string, T>, key: string, value: T): T {
  map.delete(key)
  map.set(key, value)
  if (map.size > KEPT) map.delete(map.keys().next().value as string)
  return value
}
