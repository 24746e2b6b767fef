import type { Evaluation } from './experiment.ts'
import type { EpisodeBatch, TaskGenerator } from './data/generator.ts'
import type { Column } from './data/table.ts'
import type { Task, TaskSet, View } from './data/taskSet.ts'
import { UserError } from './errors.ts'
import type { Rng } from './rng.ts'

export type SupportQuery = { support: View; query: View }

/** Episodes of a held-out task are averaged within the task, so a few are enough. */
const EPISODES_PER_TASK = 5

/**
 * Few-shot episodes of a view's tasks: in each, `shots` rows of every task-column level are the support set and up to
 * `queries` of the others are asked for; rows in which no target is measured are neither. Levels of a single row are left
 * out; short ones keep one row to ask for.
 *
 * Along a curve the same rows are asked for at every number of shots: those behind the first `reserve`, of short levels
 * behind what `queries` leave over; a level is left out where that is less than `shots`.
 */
export function episodesOf(
  view: View,
  { shots, queries, supportOrder }: Pick<Evaluation, 'shots' | 'queries' | 'supportOrder'>,
  random: Rng,
  reserve?: number,
): SupportQuery[] {
  const byGroup = rowsByGroup(view)
  const before = supportOrder === undefined ? null : orderBy(view.set, supportOrder)
  // Rows in a given order are the same in every episode.
  return Array.from({ length: before ? 1 : EPISODES_PER_TASK }, (_, episode) => {
    const support: number[] = []
    const query: number[] = []
    for (const [group, own] of byGroup) {
      if (own.length < 2) continue
      const order = before
        ? [...own].sort(before)
        : Array.from(random.split(`${episode}/${group}`).permutation(own.length), (i) => own[i])
      const labelled = Math.min(shots, own.length - 1)
      const from = reserve === undefined ? labelled : Math.min(reserve, Math.max(1, own.length - queries))
      if (from < labelled || (reserve !== undefined && labelled < shots)) continue
      support.push(...order.slice(0, labelled))
      query.push(...order.slice(from, from + queries))
    }
    return {
      support: { ...view, rows: Int32Array.from(support).sort() },
      query: { ...view, rows: Int32Array.from(query).sort() },
    }
  })
}

/** The rows of each level in which a target is measured. */
function rowsByGroup({ set, rows }: View): Map<number, number[]> {
  const byGroup = new Map<number, number[]>()
  const measured = (row: number) => set.targets.some((_, target) => set.observed[target * set.table.rows + row])
  for (const row of rows) {
    if (!measured(row)) continue
    const group = set.group ? set.group[row] : 0
    if (group < 0) continue
    const own = byGroup.get(group)
    if (own) own.push(row)
    else byGroup.set(group, [row])
  }
  return byGroup
}

/** Compares rows by a column; those without a value stand last, and equal ones in the order of the file. */
function orderBy({ table }: TaskSet, name: string): (a: number, b: number) => number {
  const column = table.columns.find((own) => own.name === name)
  if (!column || column.kind !== 'number')
    throw new UserError({
      code: 'support-order',
      who: 'evaluation.supportOrder',
      rule: 'must name a column of numbers.',
      got: `"${name}"`,
      remedy: `Name one of ${table.columns
        .filter((own) => own.kind === 'number')
        .slice(0, 8)
        .map((own) => own.name)
        .join(', ')}, or leave it out.`,
    })
  const { values, valid } = column
  return (a, b) => valid[b] - valid[a] || (valid[a] ? values[a] - values[b] : 0) || a - b
}

/** `tasks` fresh tasks of a generator, numbered from `first`, as a task set with its support and query rows. */
export function generatedViews(
  generator: TaskGenerator,
  random: Rng,
  tasks: number,
  shots: number,
  queries: number,
  first: number,
): SupportQuery {
  const batch = generator.sample(random, tasks, shots, queries)
  const set = setOfBatch(generator, batch, random.key, first)
  const per = batch.shots + batch.queries
  const all = Int32Array.from(set.tasks, (_, k) => k)
  const pick = (from: number, count: number): View => ({
    set,
    tasks: all,
    rows: Int32Array.from({ length: tasks * count }, (_, i) => Math.floor(i / count) * per + from + (i % count)),
  })
  return { support: pick(0, batch.shots), query: pick(batch.shots, batch.queries) }
}

/** Rows task after task, support before query. */
function setOfBatch(generator: TaskGenerator, batch: EpisodeBatch, key: string, first: number): TaskSet {
  const { tasks, shots, queries, features } = batch
  const { classes } = generator
  const per = shots + queries
  const rows = tasks * per
  const valid = new Uint8Array(rows).fill(1)
  const read = (f: number, width: number, support: Float32Array, query: Float32Array) =>
    Float64Array.from({ length: rows }, (_, row) => {
      const task = Math.floor(row / per)
      const i = row % per
      return i < shots ? support[(task * shots + i) * width + f] : query[(task * queries + i - shots) * width + f]
    })
  const number = (name: string, values: Float64Array): Column => ({ name, kind: 'number', values, valid })
  const columns: Column[] = [
    ...generator.features.map((name, f) => number(name, read(f, features, batch.supportX, batch.queryX))),
    classes
      ? {
          name: generator.target,
          kind: 'category',
          values: Int32Array.from(read(0, 1, batch.supportY, batch.queryY)),
          levels: classes,
          valid,
        }
      : number(generator.target, read(0, 1, batch.supportY, batch.queryY)),
  ]
  const group = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / per))
  const groups = Array.from({ length: tasks }, (_, task) => String(first + task))
  return {
    table: { hash: `${generator.id}/${key}`, rows, columns },
    features: generator.features.map((_, f) => f),
    targets: [generator.features.length],
    tasks: groups.map((level, g) => ({ id: `${generator.id}=${level}`, target: 0, group: g, ...kindOf(classes) })),
    taskOf: (row) => group[row],
    observed: valid,
    group,
    groups,
    blocks: null,
    split: null,
    weight: null,
    generator,
  }
}

function kindOf(classes: string[] | undefined): Pick<Task, 'kind' | 'classes'> {
  return classes ? { kind: classes.length === 2 ? 'binary' : 'multiclass', classes } : { kind: 'regression' }
}
