import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { Column } from '../../core/data/table.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import type { Trial } from '../../core/experiment.ts'
import { readRecord, readWatched } from '../../core/relations/record.ts'
import { relationsOf } from '../../core/relations/relations.ts'
import { relatedTasks, subsetsOf } from '../../core/relations/subsets.ts'
import { rng } from '../../core/rng.ts'
import { train } from '../../core/run.ts'

const number = (name: string, values: number[]): Column => ({
  name,
  kind: 'number',
  values: Float64Array.from(values),
  valid: new Uint8Array(values.length).fill(1),
})

/** Three sites with few noisy rows of eight inputs: A and B follow the same line, C the opposite one. */
export function contradicting(each = 28, noise = 2): TaskSet {
  const random = rng('contradicting')
  const rows = 3 * each
  const site = Array.from({ length: rows }, (_, i) => i % 3)
  const x = Array.from({ length: 8 }, () => Array.from({ length: rows }, () => random.normal()))
  const line = [2, -1, 1.5, 1, -2, 0.5, 1, -1]
  const y = site.map((s, i) => {
    const value = line.reduce((sum, w, j) => sum + w * x[j][i], 0)
    return (s === 2 ? -value : value) + noise * random.normal()
  })
  const columns: Column[] = [
    ...x.map((values, j) => number(`x${j + 1}`, values)),
    {
      name: 'site',
      kind: 'category',
      levels: ['A', 'B', 'C'],
      values: Int32Array.from(site),
      valid: new Uint8Array(rows).fill(1),
    },
    number('yield', y),
  ]
  return buildTaskSet({ hash: 'made', rows, columns }, Roles.parse({ targets: ['yield'], task: 'site' }))
}

export const specOf = (methods: unknown[], more: object = {}): ExperimentSpec =>
  ExperimentSpec.parse({
    data: { hash: 'made' },
    methods,
    evaluation: { folds: 4 },
    relations: { designs: ['pairs', 'leave-one-out'] },
    twins: false,
    ...more,
  })

/** Every event of a trial, with the bytes of its blobs. */
export async function eventsOf(trial: Trial, set: TaskSet, runtime: Runtime, resume: Uint8Array | null = null) {
  const all = []
  for await (const emitted of train(trial, set, runtime, resume)) all.push(emitted)
  return all
}

/** Runs all trials one after another and says what they found. */
export async function relate(spec: ExperimentSpec, set: TaskSet, runtime: Runtime) {
  const designs = spec.relations!.designs
  const tasks = relatedTasks(set, spec.relations!.tasks)
  const trials = expand(spec, set).filter(({ fold }) => fold !== 'all')
  const parts = []
  const watched = []
  for (const trial of trials) {
    const events = await eventsOf(trial, set, runtime)
    const end = events.at(-1)!.event
    if (end.type !== 'end' || end.status !== 'done') throw new Error(JSON.stringify(end))
    const bytes = events.find(({ event }) => event.type === 'blob' && event.role === 'trace')?.bytes
    if (!bytes) continue
    const { repeat, fold, seed } = trial
    if (trial.relations)
      parts.push({ repeat, fold: fold as number, seed, record: readRecord(bytes, subsetsOf(tasks.length, designs)) })
    else watched.push(readWatched(bytes))
  }
  return relationsOf({
    method: trials[0].methodKey,
    methods: [trials[0].methodKey],
    tasks: tasks.map((k) => ({ id: set.tasks[k].id, kind: set.tasks[k].kind, rows: 0 })),
    designs,
    evaluation: spec.evaluation,
    parts,
    watched,
    trials: trials.flatMap(({ relations }) => (relations ? [relations] : [])),
  })
}
