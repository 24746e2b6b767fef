import { generatedViews } from '../../core/episodeViews.ts'
import { generatorTaskSet } from '../../core/data/generators/index.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import type { Model } from '../../core/method.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'

/**
 * Sine waves by Finn's protocol: networks 1-40-40-1, tasks drawn anew at every step of training, 600 test tasks that are
 * the same for all methods and seeds, the mean squared error over 100 points of each.
 */
export const TEST_TASKS = 600
const QUERIES = 100

export type Tested = {
  method: string
  shots: number
  seed: number
  /** Mean over test tasks of the error after each number of steps. */
  errors: Record<number, number[]>
  /** How many of them ran away within so many steps, and were learned at a lower rate. */
  slowed: Record<number, number>
  trainSeconds: number
}

export type Asked = {
  id: string
  params: Record<string, unknown>
  shots: number
  queries?: number
  seed: number
  steps: readonly number[]
  tasks?: number
  generator?: Record<string, unknown>
}

/** Trains a method and asks it for every test task after each number of steps on its support rows. */
export async function sineErrors(asked: Asked, runtime: Runtime): Promise<Tested> {
  const { id, shots, seed, steps, tasks = TEST_TASKS, generator = {} } = asked
  const m = method(id)
  const set = generatorTaskSet('sine', generator, rng('table'), 2, shots)
  const own = set.generator!
  const rows = Int32Array.from({ length: set.table.rows }, (_, i) => i)
  const train = { set, rows, tasks: Int32Array.from(set.tasks, (_, k) => k) }
  const episodes = { shots, queries: asked.queries ?? shots, ways: 2 }
  const from = process.cpuUsage()
  const going = m.fit(
    { train, inner: null, rng: rng(`sine/${seed}`), runtime, resume: null, episodes },
    paramsOf(m, asked.params),
  )
  let next = await going.next()
  while (!next.done) next = await going.next()
  const used = process.cpuUsage(from)
  const errors: Tested['errors'] = {}
  const slowed: Tested['slowed'] = {}
  for (let first = 0; first < tasks; first += 100) {
    const { support, query } = generatedViews(
      own,
      rng(`test/${shots}/${first}`),
      Math.min(100, tasks - first),
      shots,
      QUERIES,
      first,
    )
    for (const count of steps) {
      const [model] = await next.value.adaptTrace!(support, [count])
      ;(errors[count] ??= []).push(...(await squaredErrors(model, query)))
      slowed[count] = (slowed[count] ?? 0) + (model.slowed?.length ?? 0)
    }
  }
  return { method: id, shots, seed, errors, slowed, trainSeconds: (used.user + used.system) / 1e6 }
}

async function squaredErrors(model: Model, query: Parameters<Model['predict']>[0]): Promise<number[]> {
  const { values } = (await model.predict(query)).targets[0]
  const sums = new Array<number>(query.tasks.length).fill(0)
  const target = query.set.table.columns[query.set.targets[0]].values
  query.rows.forEach((row, i) => (sums[query.set.group![row]] += (values[i] - target[row]) ** 2))
  return sums.map((total) => total / (query.rows.length / query.tasks.length))
}

/** Mean, and half the width of its 95 % interval over tasks. */
export function overTasks(errors: readonly number[]): { mean: number; half: number } {
  const mean = errors.reduce((sum, e) => sum + e, 0) / errors.length
  const variance = errors.reduce((sum, e) => sum + (e - mean) ** 2, 0) / (errors.length - 1)
  return { mean, half: 1.96 * Math.sqrt(variance / errors.length) }
}
