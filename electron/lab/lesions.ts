import { drops } from '../../core/brain/lesion.ts'
import type { Result } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'
import type { Trial } from '../../core/experiment.ts'
import { wholeFold } from '../../core/frame.ts'
import type { Model, NetworkView } from '../../core/method.ts'
import { score } from '../../core/predictions.ts'
import { defaultMetric, metricOf, type Metric } from '../../core/stats/metrics.ts'
import { testOf } from '../../core/testing.ts'
import { trialData, type TrialData } from '../../core/trialData.ts'
import { cannotDo } from './cannot.ts'
import type { Subject } from './modelWork.ts'
import { taskSetOf } from './sets.ts'
import type { SharedData } from './shared.ts'

type Unit = { layer: string; unit: number }
type Rows = { data: SharedData; trial: Trial }

/** Units that are silenced one after another, at most. */
const MOST_UNITS = 512
const HIDDEN = ['trunk', 'tower', 'expert']

/** What a lesion starts from: asked for again and again while a person clicks through units. */
type Bench = { of: string; data: TrialData; before: Map<string, number | null>; metric: Metric }
let bench: Bench | null = null

async function benchFor({ key, model }: Subject, { data, trial }: Rows): Promise<Bench> {
  const of = `${key}/${data.key}/${trial.id}`
  if (bench?.of === of) return bench
  const set = taskSetOf(data)
  const rows = trialData(trial, set)
  const metric = metricOf(defaultMetric(set.tasks.map((task) => task.kind))) as Metric
  bench = { of, data: rows, metric, before: await figures(model, rows, metric) }
  return bench
}

/** The figures of every task with some units silenced, beside those of the whole network. */
export async function lesion(
  subject: Subject,
  { silence, ...rows }: Rows & { silence: Unit[] },
): Promise<Result<'run.lesion'>> {
  const { silenced, view } = silenceable(subject)
  checkUnits(view, silence)
  const { data, before, metric } = await benchFor(subject, rows)
  const after = silence.length ? await figures(silenced(silence), data, metric) : before
  return {
    metric: metric.id,
    better: metric.better,
    rows: data.test ? 'test' : 'training',
    perTask: [...before].map(([task, value]) => ({ task, before: value, after: after.get(task) ?? null })),
  }
}

/** What each task loses by each hidden unit. */
export async function service(subject: Subject, rows: Rows): Promise<Result<'run.service'>> {
  const { silenced, view } = silenceable(subject)
  const units = hiddenUnits(subject.methodKey, view)
  const { data, before, metric } = await benchFor(subject, rows)
  const tasks = [...before.keys()]
  const shares: (number | null)[] = []
  for (const unit of units) {
    const after = await figures(silenced([unit]), data, metric)
    const pairs = tasks.map((task) => ({ task, before: before.get(task) ?? null, after: after.get(task) ?? null }))
    const lost = new Map(drops(pairs, metric.better).map(({ task, share }) => [task, share]))
    for (const task of tasks) shares.push(sixFigures(lost.get(task) ?? null))
  }
  return { metric: metric.id, rows: data.test ? 'test' : 'training', tasks, units, shares }
}

const sixFigures = (share: number | null) => (share === null ? null : Number(share.toPrecision(6)))

function silenceable({ model, methodKey }: Subject): { silenced: (units: Unit[]) => Model; view: NetworkView } {
  const view = model.network?.()
  if (!view) throw cannotDo(methodKey, 'show a network', 'Take a run of a neural network.')
  if (!model.silence) throw cannotDo(methodKey, 'go on with a part of it silenced', 'Take a run of a neural network.')
  return { silenced: (units) => model.silence!(units), view }
}

/** Test rows; of a model that was fitted on every row, the rows it learned from. */
async function figures(model: Model, { train, inner, test }: TrialData, metric: Metric) {
  const asked = test ?? [{ support: null, query: wholeFold({ train, inner }) }]
  return score(await testOf(model, train, inner, asked), metric)
}

/** Every hidden unit, layer by layer. */
function hiddenUnits(methodKey: string, { layers }: NetworkView): Unit[] {
  const units = layers
    .filter(({ kind }) => HIDDEN.includes(kind))
    .flatMap(({ id, units }) => Array.from({ length: units }, (_, unit) => ({ layer: id, unit })))
  if (units.length && units.length <= MOST_UNITS) return units
  throw new UserError({
    code: 'service.units',
    who: `Method ${methodKey}`,
    rule: `Between one and ${MOST_UNITS} hidden units can be silenced one after another.`,
    got: `${units.length} of them`,
    remedy: 'Take a network with fewer units; single units can still be silenced in the diagram.',
  })
}

function checkUnits(network: NetworkView, silence: Unit[]): void {
  for (const { layer, unit } of silence) {
    const found = network.layers.find((each) => each.id === layer)
    if (found && unit < found.units) continue
    throw new UserError({
      code: 'lesion.unknown-unit',
      who: 'Lesion',
      rule: found
        ? `Layer "${layer}" has the units 0 to ${found.units - 1}.`
        : `The layers are ${network.layers.map((each) => each.id).join(', ')}.`,
      got: `unit ${unit} of layer "${layer.slice(0, 100)}"`,
      remedy: 'Take a unit of the diagram.',
    })
  }
}
