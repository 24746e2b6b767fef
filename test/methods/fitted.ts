import type { TaskSet, View } from '../../core/data/taskSet.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Model } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'

/** The model that a method learns from every row of a view, no row kept back. */
export async function fitted(id: string, params: Record<string, unknown>, train: View): Promise<Model> {
  const m = method(id)
  const fit = m.fit(
    { train, inner: null, rng: rng(1), runtime: referenceRuntime(), resume: null, episodes: null },
    paramsOf(m, params),
  )
  for (let next = await fit.next(); ; next = await fit.next()) if (next.done) return next.value
}

/** Every row and task of a set. */
export const whole = (set: TaskSet): View => ({
  set,
  rows: Int32Array.from({ length: set.table.rows }, (_, i) => i),
  tasks: Int32Array.from(set.tasks, (_, k) => k),
})
