import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { generatorTaskSet } from '../../core/data/generators/index.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { rng } from '../../core/rng.ts'
import type { SharedData } from './shared.ts'
import { tableOf } from './shared.ts'

/** The task set of what was handed over, on whichever thread. */
export function taskSetOf(data: SharedData): TaskSet {
  if (data.kind === 'table') return buildTaskSet(tableOf(data.table), data.roles)
  return generatorTaskSet(data.generator, data.params, rng(`generator/${data.generator}`))
}
