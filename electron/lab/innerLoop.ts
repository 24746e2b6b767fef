import { innerMap, type InnerMap } from '../../core/brain/innerLoop.ts'
import { innerRows } from '../../core/brain/innerRows.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { UserError, type UserErrorJson } from '../../core/errors.ts'
import type { Trial } from '../../core/experiment.ts'
import { readModel } from '../../core/saved.ts'
import { taskSetOf } from './sets.ts'
import type { SharedData } from './shared.ts'
import type { RuntimeKind } from './pool.ts'

/** A look at the inner loop of a trained model, as it is asked of the analyst's thread. */
export type Look = {
  data: SharedData
  trial: Trial
  model: Uint8Array
  runtime: RuntimeKind
  /** null: the method's own, ten at most. */
  steps: number | null
  tasks: number
}
/** `cannot`: the model has no inner loop. Errors lose their class between threads. */
export type Looked = { map: InnerMap } | { cannot: true } | { error: UserErrorJson }

const MOST = 10

export async function lookInside({ data, trial, model: bytes, steps, tasks }: Look, runtime: Runtime): Promise<Looked> {
  try {
    const { about, model } = readModel(bytes, runtime)
    if (!model.innerLoop) return { cannot: true }
    const { support, query, rows } = innerRows(trial, taskSetOf(data), tasks)
    const own = about.method.params.adaptSteps
    const loop = await model.innerLoop(support, query)
    return { map: await innerMap(loop, steps ?? (typeof own === 'number' ? Math.min(MOST, own) : 1), rows) }
  } catch (error) {
    if (error instanceof UserError) return { error: error.json }
    throw error
  }
}
