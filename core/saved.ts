import { z } from 'zod'
import { InputsFrom } from './data/classEpisodes.ts'
import type { TaskGenerator } from './data/generator.ts'
import type { TaskSet } from './data/taskSet.ts'
import type { Runtime } from './engine/runtime.ts'
import { UserError } from './errors.ts'
import { MethodChoice } from './experiment.ts'
import type { Trial } from './experiment.ts'
import type { Model } from './method.ts'
import { method } from './methods.ts'
import { FittedScale } from './transforms/scale.ts'
import { inOwnUnit } from './transforms/transformed.ts'
import { damaged, pack, take, unpack } from './pack.ts'

/**
 * The model blob of a trial: which method made it, from which columns and for which tasks, and the method's own bytes.
 * It holds no row of the data, except where rows are the model: nearest neighbours, and methods for few-shot classes (class
 * means, prototypes, MAML for classes), which keep the labelled rows of the tasks they were shown.
 */
const Heading = z.object({
  kind: z.literal('model'),
  method: MethodChoice,
  /** Targets that the method learned on another scale. */
  scales: z.array(FittedScale).optional(),
  parameters: z.int().nonnegative(),
  /** Input columns with the levels they had, in order. */
  features: z.array(z.object({ name: z.string(), kind: z.string(), levels: z.array(z.string()).nullable() })),
  targets: z.array(z.object({ name: z.string(), classes: z.array(z.string()).nullable() })),
  tasks: z.array(
    z.object({
      id: z.string(),
      target: z.int().nonnegative(),
      group: z.string().nullable(),
      kind: z.enum(['regression', 'binary', 'multiclass']),
    }),
  ),
  /**
   * Where its tasks were drawn from classes: how many in each, and where inputs come from. `learned`: it knows new classes
   * by now, those of its target.
   */
  drawn: z.object({ ways: z.int().min(2), from: InputsFrom, learned: z.literal(true).optional() }).optional(),
})
export type ModelAbout = z.infer<typeof Heading>

/** `source`: where its tasks were drawn from. */
export function saveModel(trial: Trial, set: TaskSet, model: Model, source?: TaskGenerator): Uint8Array {
  const about: ModelAbout = {
    kind: 'model',
    method: trial.method,
    ...(model.scales?.length ? { scales: [...model.scales] } : {}),
    parameters: model.parameters,
    features: inputsOf(set, source?.from),
    targets: set.targets.map((c, t) => ({
      name: set.table.columns[c].name,
      classes: set.tasks.find((task) => task.target === t)?.classes ?? null,
    })),
    tasks: tasksIn(set),
    ...(source?.from && source.classes ? { drawn: { ways: source.classes.length, from: source.from } } : {}),
  }
  return pack(about, { model: model.save() })
}

/** Where images are what is learned from, no column is. */
function inputsOf({ features, table }: TaskSet, from?: InputsFrom): ModelAbout['features'] {
  if (from && 'image' in from) return []
  return features.map((c) => {
    const { name, kind, levels } = table.columns[c]
    return { name, kind, levels: levels ?? null }
  })
}

/** A model that has learned further tasks, as a blob of its own: `set` names the tasks that it knows now. */
export function saveAdapted(about: ModelAbout, set: TaskSet, model: Model): Uint8Array {
  return pack({ ...about, parameters: model.parameters, tasks: tasksIn(set) }, { model: model.save() })
}

const tasksIn = (set: TaskSet): ModelAbout['tasks'] =>
  set.tasks.map(({ id, target, group, kind }) => ({
    id,
    target,
    group: group === null ? null : (set.groups as string[])[group],
    kind,
  }))

/** The model of a model blob, and what it is about. Throws a UserError `damaged-pack`. */
export function readModel(bytes: Uint8Array, runtime: Runtime): { about: ModelAbout; model: Model } {
  const packed = unpack(bytes)
  const parsed = Heading.safeParse(packed.header)
  if (!parsed.success) throw damaged('something else than a model')
  const about = parsed.data
  const own = method(about.method.id)
  const inside = take(packed, 'model', 'u8')
  try {
    return { about, model: inOwnUnit(own.load(inside, runtime), about.scales ?? []) }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw damaged('a model whose parts do not fit together')
  }
}
