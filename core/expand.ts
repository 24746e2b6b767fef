import { usedRows } from './data/fold.ts'
import { makeFolds } from './data/splits.ts'
import type { TaskSet } from './data/taskSet.ts'
import { UserError } from './errors.ts'
import type { Evaluation, ExperimentSpec, MethodChoice, Trial } from './experiment.ts'
import type { Method, TaskSetSummary } from './method.ts'
import { method, paramsOf } from './methods.ts'
import { METRIC_IDS, metricOf, metricsFor } from './stats/metrics.ts'
import { companionsOf, learnsTogether, roleOf, type Role } from './stats/twins.ts'
import { checkRelations, nothingToRelate } from './relations/refusals.ts'
import { partsOf, subsetsOf } from './relations/subsets.ts'
import { classesAreTasks } from './data/classParts.ts'
import { fitEncoder } from './data/encoding.ts'
import { checkScales } from './transforms/transformed.ts'
import { searchedNames } from './tuning/configurations.ts'

/**
 * Spec to trials: baselines first so that a first verdict stands early, then the twins that every multi-task run is
 * compared with, then what the person chose; each on every fold, repeat and seed. Last, one trial per method on all
 * rows, whose model predict, export and Brain use.
 */
export function expand(spec: ExperimentSpec, set: TaskSet): Trial[] {
  const { evaluation } = spec
  const metrics = spec.metrics.length ? spec.metrics.map(checkMetric) : metricsFor(set.tasks.map((task) => task.kind))
  if (spec.transforms) checkScales(set, spec.transforms)
  const choices = withTwins(spec, set)
  const folds = makeFolds(set, evaluation)
  const seeds = Array.from({ length: evaluation.seeds }, (_, i) => evaluation.seed + i)
  const trials: Trial[] = []
  const add = (choice: Keyed, seed: number, repeat: number, fold: number | 'all') =>
    trials.push({
      id: `${choice.key}/${seed}/${fold === 'all' ? 'all' : `${repeat}.${fold}`}`,
      methodKey: choice.key,
      method: choice.method,
      seed,
      repeat,
      fold,
      evaluation,
      metrics,
      ...(spec.transforms ? { transforms: spec.transforms } : {}),
      ...(spec.tune && choice.searched.length ? { tune: { ...spec.tune, parameters: choice.searched } } : {}),
    })
  for (const choice of choices)
    for (const seed of seeds) for (const { repeat, fold } of folds) add(choice, seed, repeat, fold)
  for (const choice of choices) add(choice, evaluation.seed, 0, 'all')
  return [...trials, ...relationTrials(spec, set, choices, trials)]
}

/** After everything else: the transfer matrix of each chosen method that learns tasks together, part by part. */
function relationTrials(spec: ExperimentSpec, set: TaskSet, choices: Keyed[], trials: Trial[]): Trial[] {
  const { relations } = spec
  if (!relations) return []
  const tasks = checkRelations(spec, set)
  const parts = partsOf(subsetsOf(tasks.length, relations.designs).length)
  const measured = choices.filter(({ role, method: { id } }) => role === 'chosen' && learnsTogether(id))
  if (!measured.length) throw nothingToRelate(spec)
  return measured.flatMap(({ key }) =>
    trials
      .filter((trial) => trial.methodKey === key && trial.fold !== 'all')
      .flatMap(({ tune: _tune, ...trial }) =>
        parts.map((part, k) => ({
          ...trial,
          id: `${trial.id}/relations-${k + 1}`,
          relations: { ...relations, ...part },
        })),
      ),
  )
}

/** `searched`: the parameters that tuning may look for, those that nobody set. */
export type Keyed = { key: string; role: Role; method: MethodChoice; searched: string[] }

/** The methods of an experiment in the order they run, each with its key and why it is there. */
export function withTwins(spec: ExperimentSpec, set: TaskSet): Keyed[] {
  const summary = summaryOf(set, spec.evaluation)
  const chosen = spec.methods.map((choice) => {
    const m = method(choice.id)
    const why = cannot(m, summary, spec.evaluation)
    if (why) throw why
    return { choice: { ...choice, params: paramsOf(m, choice.params) }, searched: searchedNames(m, choice.params) }
  })
  const ids = chosen.map(({ choice }) => choice.id)
  const twins = spec.twins ? twinsOf(spec, ids, summary) : []
  const order = { baseline: 0, twin: 1, chosen: 2 }
  const all = [...twins, ...chosen].map(({ choice, searched }) => ({
    role: roleOf(choice.id, ids),
    method: choice,
    searched,
  }))
  all.sort((a, b) => order[a.role] - order[b.role])
  return keyed(all)
}

function twinsOf(spec: ExperimentSpec, chosen: string[], summary: TaskSetSummary): Chosen[] {
  return companionsOf(chosen.map(method))
    .filter((m) => !cannot(m, summary, spec.evaluation))
    .map((m) => {
      const set = sharedParams(m, spec.methods)
      return { choice: { id: m.id, params: paramsOf(m, set) }, searched: searchedNames(m, set) }
    })
}

type Chosen = { choice: MethodChoice; searched: string[] }

/** Equal budget: what the person set on the first chosen method that knows it, its twin gets too. */
function sharedParams(twin: Method, chosen: MethodChoice[]): Record<string, unknown> {
  const own = Object.keys(twin.params.parse({}) as Record<string, unknown>)
  const given: Record<string, unknown> = {}
  for (const { params } of [...chosen].reverse())
    for (const [name, value] of Object.entries(params)) if (own.includes(name)) given[name] = value
  return twin.params.safeParse(given).success ? given : {}
}

/** Two choices of one method must differ in label or params; without a label the second is called `id#2`. */
function keyed(choices: Omit<Keyed, 'key'>[]): Keyed[] {
  const seen = new Map<string, string>()
  return choices.map((choice) => {
    const { id, label, params } = choice.method
    let key = label ? `${id}#${label}` : id
    for (let n = 2; seen.has(key); n++) {
      if (label || seen.get(key) === JSON.stringify(params))
        throw new UserError({
          code: 'same-method-twice',
          who: `Method "${key}"`,
          rule: 'must stand once, or differ in its label or parameters.',
          got: 'the same choice twice',
          remedy: 'Remove one of the two, or give it another label.',
        })
      key = `${id}#${n}`
    }
    seen.set(key, JSON.stringify(params))
    return { ...choice, key }
  })
}

/** Why this method cannot do this task set under this protocol, or null where it can. */
export function cannot(m: Method, s: TaskSetSummary, evaluation: Evaluation): UserError | null {
  const refuse = (rule: string, got: string, remedy: string) =>
    new UserError({ code: 'method-cannot', who: `${m.name} (${m.id})`, rule, got, remedy })
  const tasksByRow = s.taskColumn || s.generator
  if (!s.kinds.some((kind) => m.can.kinds.includes(kind)))
    return refuse(
      `answers ${m.can.kinds.join(', ')} targets only.`,
      `only ${[...new Set(s.kinds)].join(', ')} targets`,
      'Choose another method or another target.',
    )
  if (m.can.needsTaskColumn && !tasksByRow)
    return refuse('needs a task column.', 'none', 'Say in the data view which column names the task, or remove it.')
  if (!m.can.taskColumn && tasksByRow)
    return refuse('cannot learn from a task column.', 'one', 'Take the task column out of its role, or remove it.')
  if (!m.can.manyTargets && s.targets > 1)
    return refuse('learns one target.', `${s.targets} targets`, 'Choose one target, or remove it.')
  if (!m.can.missingTargets && s.missingTargets)
    return refuse('needs every target measured.', 'missing cells', 'Choose another method.')
  if (evaluation.protocol === 'new-task' && !m.can.newTask)
    return refuse('cannot predict a task it never saw.', 'protocol "new-task"', 'Choose another method or protocol.')
  if (evaluation.protocol === 'few-shot' && !m.can.adapt && !m.can.newTask)
    return refuse('cannot learn a new task from few rows.', 'protocol "few-shot"', 'Choose another method or protocol.')
  return null
}

export function summaryOf(set: TaskSet, evaluation?: Pick<Evaluation, 'protocol' | 'ways'>): TaskSetSummary {
  const all = { set, rows: usedRows(set), tasks: taskIndices(set) }
  const rows = all.rows.length
  const classes = evaluation !== undefined && classesAreTasks(set, evaluation)
  const ways = evaluation?.ways
  if (evaluation && !classes && !set.features.length) throw onlyImages()
  const image = classes || !set.features.length ? set.table.tensors?.[0] : undefined
  const features = image ? image.shape.slice(1).reduce((all, dim) => all * dim, 1) : fitEncoder(all).names.length
  return {
    rows,
    features,
    targets: set.targets.length,
    tasks: set.tasks.length,
    kinds: classes ? [ways === 2 ? 'binary' : 'multiclass'] : [...new Set(set.tasks.map((task) => task.kind))],
    taskColumn: set.group !== null || classes,
    missingTargets: hasMissing(set, all.rows),
    generator: set.generator !== undefined,
  }
}

function hasMissing({ observed, dropped, targets, table }: TaskSet, rows: Int32Array): boolean {
  if (!dropped) return observed.includes(0)
  return targets.some((_, t) => rows.some((row) => !observed[t * table.rows + row]))
}

function onlyImages(): UserError {
  return new UserError({
    code: 'data.only-images',
    who: 'evaluation.protocol',
    rule: 'Images are learned from in few-shot classification: one target of classes, no task column.',
    got: 'another protocol or task, and no other input column',
    remedy: 'Choose the protocol few-shot, or a table with input columns.',
  })
}

const taskIndices = (set: TaskSet) => Int32Array.from(set.tasks, (_, k) => k)

function checkMetric(id: string): string {
  if (metricOf(id)) return id
  throw new UserError({
    code: 'unknown-metric',
    who: 'Metric',
    rule: `must be one of ${METRIC_IDS.join(', ')}.`,
    got: `"${id}"`,
    remedy: 'Correct its name, or leave metrics out for those that suit the targets.',
  })
}
