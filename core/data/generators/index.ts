import { UserError } from '../../errors.ts'
import type { Rng } from '../../rng.ts'
import { buildTaskSet } from '../buildTaskSet.ts'
import { hashColumns } from '../hash.ts'
import { Roles } from '../roles.ts'
import type { Column, Table } from '../table.ts'
import type { TaskGenerator } from '../generator.ts'
import type { TaskSet } from '../taskSet.ts'
import { gaussianProcess } from './gaussianProcess.ts'
import { harmonic } from './harmonic.ts'
import type { DataGenerator } from './kind.ts'
import { linear } from './linear.ts'
import { relatedLinear } from './relatedLinear.ts'
import { sharedCauses } from './sharedCauses.ts'
import { sine } from './sine.ts'

/** Every generator that a spec may name. */
export const generators: DataGenerator[] = [
  sine,
  linear,
  harmonic,
  gaussianProcess,
  relatedLinear,
  sharedCauses,
] as DataGenerator[]

export function generatorOf(id: string): DataGenerator {
  const found = generators.find((generator) => generator.id === id)
  if (found) return found
  throw new UserError({
    code: 'generator.unknown',
    who: 'data.generator',
    rule: `It must be one of ${generators.map((generator) => generator.id).join(', ')}.`,
    got: `"${id}"`,
    remedy: 'Correct the name.',
  })
}

export function generatorParams(generator: DataGenerator, params: unknown): unknown {
  const parsed = generator.params.safeParse(params ?? {})
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new UserError({
    code: 'generator.params',
    who: `data.params.${issue.path.join('.')} of generator "${generator.id}"`,
    rule: issue.message,
    got: JSON.stringify(params).slice(0, 100),
    remedy: 'Leave it out for the default.',
  })
}

/**
 * A generator's data as a task set: `rows` rows of each of `tasks` tasks with a task column "task", and the generator
 * itself for methods that draw fresh tasks. The same rng key gives the same table.
 */
export function generatorTaskSet(id: string, params: unknown, rng: Rng, tasks?: number, rows?: number): TaskSet {
  const generator = generatorOf(id)
  const checked = generatorParams(generator, params)
  const shape = { tasks: tasks ?? generator.shape.tasks, rows: rows ?? generator.shape.rows }
  if (generator.generator) {
    const source = generator.generator(checked)
    const set = buildTaskSet(
      sampled(source, rng, shape.tasks, shape.rows),
      Roles.parse({ targets: [source.target], task: 'task' }),
    )
    return { ...set, generator: source }
  }
  if (!generator.table) throw new Error(`internal: generator ${id} makes nothing`)
  const made = generator.table(checked, rng, shape.rows)
  return buildTaskSet(tableOf(made.columns, shape.rows), Roles.parse(made.roles))
}

/** Tasks drawn from a generator as one table with a task column. */
function sampled(source: TaskGenerator, rng: Rng, tasks: number, rows: number): Table {
  const batch = source.sample(rng, tasks, rows, 0)
  const n = tasks * rows
  const all = () => new Uint8Array(n).fill(1)
  const columns: Column[] = [
    {
      name: 'task',
      kind: 'category',
      values: Int32Array.from({ length: n }, (_, i) => Math.floor(i / rows)),
      levels: Array.from({ length: tasks }, (_, task) => String(task + 1)),
      valid: all(),
    },
    ...source.features.map((name, f): Column => ({
      name,
      kind: 'number',
      values: Float64Array.from({ length: n }, (_, i) => batch.supportX[i * source.features.length + f]),
      valid: all(),
    })),
    { name: source.target, kind: 'number', values: Float64Array.from(batch.supportY), valid: all() },
  ]
  return tableOf(columns, n)
}

const tableOf = (columns: Column[], rows: number): Table => ({ hash: hashColumns(rows, columns), rows, columns })
