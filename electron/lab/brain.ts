import { drops } from '../../core/brain/lesion.ts'
import type { Network } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'
import { wholeFold } from '../../core/frame.ts'
import type { Model, NetworkView } from '../../core/method.ts'
import { score } from '../../core/predictions.ts'
import { defaultMetric, metricOf, type Metric } from '../../core/stats/metrics.ts'
import { testOf } from '../../core/testing.ts'
import { trialData, type TrialData } from '../../core/trialData.ts'
import type { Context, Handlers } from './context.ts'
import { needRun } from './experiments.ts'
import { cannotDo, trainedBytes, trainedModel, type Trained } from './models.ts'

type Calls = 'run.network' | 'run.lesion' | 'run.service' | 'run.innerLoop'

/** Units that are silenced one after another, at most. */
const MOST_UNITS = 512
const HIDDEN = ['trunk', 'tower', 'expert']

/** What a lesion starts from: asked for again and again while a person clicks through units. */
type Bench = { run: string; trained: Trained; data: TrialData; before: Map<string, number | null>; metric: Metric }

export function brainCalls(c: Context): Handlers<Calls> {
  let bench: Promise<Bench> | null = null
  let benchOf = ''
  const benchFor = (id: string): Promise<Bench> => {
    if (bench && benchOf === id) return bench
    bench = makeBench(c, id)
    benchOf = id
    bench.catch(() => (benchOf = ''))
    return bench
  }
  return {
    async 'run.network'({ run: id }) {
      const { run, model } = await trainedModel(c, id)
      return toJson(networkOf(run, model))
    },

    async 'run.innerLoop'({ run: id, steps, tasks }) {
      const run = needRun(c, id)
      const { experiment, bytes } = trainedBytes(c, run)
      const looked = await c.pool.lookInside({
        data: c.store.load(experiment.spec.data).data,
        trial: run.trialSpec,
        model: bytes,
        runtime: (await c.runtime()).kind,
        steps: steps ?? null,
        tasks,
      })
      if ('map' in looked) return looked.map
      if ('error' in looked) throw new UserError(looked.error)
      throw cannotDo(run, 'learn a task by an inner loop', 'Take a run of a meta-learner, such as MAML.')
    },

    async 'run.lesion'({ run: id, silence }) {
      const { trained, data, before, metric } = await benchFor(id)
      const { run, model } = trained
      checkUnits(networkOf(run, model), silence)
      if (!model.silence) throw cannotDo(run, 'go on with a part of it silenced', 'Take a run of a neural network.')
      const after = silence.length ? await figures(model.silence(silence), data, metric) : before
      return {
        metric: metric.id,
        better: metric.better,
        rows: data.test ? 'test' : 'training',
        perTask: [...before].map(([task, value]) => ({ task, before: value, after: after.get(task) ?? null })),
      }
    },

    async 'run.service'({ run: id }) {
      const { trained, data, before, metric } = await benchFor(id)
      const { run, model } = trained
      const units = hiddenUnits(run, networkOf(run, model))
      if (!model.silence) throw cannotDo(run, 'go on with a part of it silenced', 'Take a run of a neural network.')
      const tasks = [...before.keys()]
      const shares: (number | null)[] = []
      for (const unit of units) {
        const after = await figures(model.silence([unit]), data, metric)
        const pairs = tasks.map((task) => ({ task, before: before.get(task) ?? null, after: after.get(task) ?? null }))
        const lost = new Map(drops(pairs, metric.better).map(({ task, share }) => [task, share]))
        shares.push(
          ...tasks.map((task) => lost.get(task) ?? null).map((share) => (share === null ? null : short(share))),
        )
      }
      return { metric: metric.id, rows: data.test ? 'test' : 'training', tasks, units, shares }
    },
  }
}

/** Every hidden unit, layer by layer. */
function hiddenUnits(run: Trained['run'], { layers }: NetworkView): { layer: string; unit: number }[] {
  const units = layers
    .filter(({ kind }) => HIDDEN.includes(kind))
    .flatMap(({ id, units }) => Array.from({ length: units }, (_, unit) => ({ layer: id, unit })))
  if (units.length && units.length <= MOST_UNITS) return units
  throw new UserError({
    code: 'service.units',
    who: `Method ${run.methodKey}`,
    rule: `Between one and ${MOST_UNITS} hidden units can be silenced one after another.`,
    got: `${units.length} of them`,
    remedy: 'Take a network with fewer units; single units can still be silenced in the diagram.',
  })
}

async function makeBench(c: Context, id: string): Promise<Bench> {
  const trained = await trainedModel(c, id)
  const { set } = c.store.load(trained.experiment.spec.data)
  const data = trialData(trained.run.trialSpec, set)
  const metric = metricOf(defaultMetric(set.tasks.map((task) => task.kind))) as Metric
  return { run: id, trained, data, metric, before: await figures(trained.model, data, metric) }
}

/** Test rows; of a model that was fitted on every row, the rows it learned from. */
async function figures(model: Model, { train, inner, test }: TrialData, metric: Metric) {
  const asked = test ?? [{ support: null, query: wholeFold({ train, inner }) }]
  return score(await testOf(model, train, inner, asked), metric)
}

function networkOf(run: Trained['run'], model: Model): NetworkView {
  const network = model.network?.()
  if (network) return network
  throw cannotDo(run, 'show a network', 'Take a run of a neural network.')
}

function checkUnits(network: NetworkView, silence: { layer: string; unit: number }[]): void {
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

function toJson({ layers, edges }: NetworkView): Network {
  return {
    layers,
    edges: edges.map(({ from, to, weights, bias }) => ({
      from,
      to,
      weights: Array.from(weights, short),
      bias: bias && Array.from(bias, short),
    })),
  }
}

/** Six figures are more than a diagram shows, and keep a large network within one message. */
const short = (value: number) => Number(value.toPrecision(6))
