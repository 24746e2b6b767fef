import { innerMap, type InnerMap } from '../../core/brain/innerLoop.ts'
import { innerRows } from '../../core/brain/innerRows.ts'
import type { Trial } from '../../core/experiment.ts'
import { cannotDo } from './cannot.ts'
import type { Subject } from './modelWork.ts'
import { taskSetOf } from './sets.ts'
import type { SharedData } from './shared.ts'

/** `steps` null: the method's own, ten at most. */
type Look = { data: SharedData; trial: Trial; steps: number | null; tasks: number }

const MOST = 10

/** A look at the inner loop of a trained model. */
export async function lookInside({ about, model, methodKey }: Subject, look: Look): Promise<InnerMap> {
  if (!model.innerLoop)
    throw cannotDo(methodKey, 'learn a task by an inner loop', 'Take a run of a meta-learner, such as MAML.')
  const { support, query, rows } = innerRows(look.trial, taskSetOf(look.data), look.tasks)
  const own = about.method.params.adaptSteps
  const loop = await model.innerLoop(support, query)
  return innerMap(loop, look.steps ?? (typeof own === 'number' ? Math.min(MOST, own) : 1), rows)
}
