import { truthOf } from './data/encoding.ts'
import type { TaskSet, View } from './data/taskSet.ts'
import { describeView, plainAnswer, pooledPlain, wholeFold, widthOf } from './frame.ts'
import { addSlowed } from './events.ts'
import type { Slowed } from './events.ts'
import type { Output } from './frame.ts'
import type { Model } from './method.ts'
import type { TargetTest, TestPredictions } from './predictions.ts'
import type { Episode } from './trialData.ts'

/**
 * Asks a model for every test row: at once for known tasks and whole new tasks; after `adapt` on the support rows of
 * each episode where tasks are learned from few rows. A model that cannot adapt predicts as it is.
 */
export const testOf = async (...asked: Parameters<typeof tested>): Promise<TestPredictions> =>
  (await tested(...asked)).predictions

/** The same, and on how many tasks an inner loop ran away; null: on none. */
export async function tested(
  model: Model,
  train: View,
  inner: View | null,
  test: Iterable<Episode>,
): Promise<{ predictions: TestPredictions; slowed: Slowed | null }> {
  const parts: TestPredictions[] = []
  let slowed: Slowed | undefined
  const known = describeView(wholeFold({ train, inner })).outputs
  let number = 0
  for (const { support, query } of test) {
    const ready = support && model.adapt ? await model.adapt(support) : model
    if (support && ready !== model) slowed = addSlowed(slowed, slowedOf(ready, support))
    const said = await ready.predict(query)
    parts.push(besideTruth(query, said.targets, known, number++))
  }
  return { predictions: joined(parts), slowed: slowed?.n ? slowed : null }
}

/** How many of the tasks that a model was shown ran away from it. */
export function slowedOf({ slowed = [] }: Model, { tasks }: View): Slowed {
  return { n: slowed.length, of: tasks.length, kept: slowed.filter(({ factor }) => factor === 0).length }
}

/** Predictions of one query view with the truth; tasks that the view does not ask for are left out. */
function besideTruth(
  { set, rows, tasks }: View,
  said: { target: number; width: number; values: Float64Array }[],
  known: Output[],
  episode: number,
): TestPredictions {
  const place = new Map(Array.from(tasks, (task, k) => [task, k]))
  const targets = set.targets.map((_, target): TargetTest => {
    const { width, values } = said[target]
    const task = Int32Array.from(rows, (row) => place.get(set.taskOf(row, target)) ?? -1)
    const observed = Uint8Array.from(rows, (row, i) => (task[i] >= 0 ? set.observed[target * set.table.rows + row] : 0))
    const truth = Float64Array.from(rows, (row, i) => (observed[i] ? truthOf(set, row, target) : NaN))
    return { width, task, truth, observed, values }
  })
  return {
    tasks: Array.from(tasks, (k) => {
      const { id, target, kind, classes } = set.tasks[k]
      return { id, target, kind, classes: classes ?? null, plain: plainOf(set, k, known) }
    }),
    rows,
    episode: new Int32Array(rows.length).fill(episode),
    weight: set.weight && Float64Array.from(rows, (row) => (set.weight as Float64Array)[row]),
    targets,
  }
}

/** What the training rows alone say of a task; of a new task, what they say of its target. */
function plainOf(set: TaskSet, task: number, known: Output[]): number[] {
  const own = known.find((output) => output.task === set.tasks[task].id)
  const target = set.table.columns[set.targets[set.tasks[task].target]].name
  const values = own ? plainAnswer(own) : pooledPlain(known, target)
  if (!values)
    return new Array<number>(widthOf(set.tasks[task]) + (set.tasks[task].kind === 'binary' ? 1 : 0)).fill(NaN)
  return set.tasks[task].kind === 'binary' ? [1 - values[0], values[0]] : values
}

/** Episodes after each other. Tasks of the same id are one task. */
function joined(parts: TestPredictions[]): TestPredictions {
  if (parts.length === 1) return parts[0]
  const tasks = [...new Map(parts.flatMap((part) => part.tasks).map((task) => [task.id, task])).values()]
  const place = new Map(tasks.map((task, k) => [task.id, k]))
  const ints = (pick: (part: TestPredictions) => Int32Array) => Int32Array.from(parts.flatMap((p) => [...pick(p)]))
  const floats = (pick: (part: TestPredictions) => Float64Array) =>
    Float64Array.from(parts.flatMap((p) => [...pick(p)]))
  return {
    tasks,
    rows: ints((p) => p.rows),
    episode: ints((p) => p.episode),
    weight: parts[0].weight && floats((p) => p.weight as Float64Array),
    targets: parts[0].targets.map(({ width }, t) => ({
      width,
      task: ints((p) => p.targets[t].task.map((k) => (k < 0 ? -1 : (place.get(p.tasks[k].id) as number)))),
      truth: floats((p) => p.targets[t].truth),
      observed: Uint8Array.from(parts.flatMap((p) => [...p.targets[t].observed])),
      values: floats((p) => p.targets[t].values),
    })),
  }
}
