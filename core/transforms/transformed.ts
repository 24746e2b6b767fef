import { truthOf } from '../data/encoding.ts'
import type { Column } from '../data/table.ts'
import type { Predictions, TaskSet, View } from '../data/taskSet.ts'
import { UserError } from '../errors.ts'
import type { FitContext, FitEvent, Method, Model } from '../method.ts'
import { inOwnScale } from './express.ts'
import { backward, fitScale, forward, notPositive, type FittedScale, type Scale } from './scale.ts'

/**
 * A method that learns targets on another scale: the scales are fitted on the training rows of each fit (inner folds of a
 * search included), the method sees transformed targets, and all that its model says is in the target's own unit. So
 * scores, tuning and exports need know nothing of it.
 */
export type Scales = Record<string, Scale>

export function onScales(method: Method, scales: Scales): Method {
  return {
    ...method,
    async *fit(context: FitContext, params: unknown): AsyncGenerator<FitEvent, Model> {
      const { fitted, set } = fittedOn(context.train, scales)
      const on = (view: View): View => ({ ...view, set })
      const inner = context.inner && on(context.inner)
      return inOwnUnit(yield* method.fit({ ...context, train: on(context.train), inner }, params), fitted)
    },
  }
}

/** Scales by the rows they were fitted on: the methods of a fold share them, and what is worked out of them. */
const known = new WeakMap<Int32Array, Map<string, { of: TaskSet; fitted: FittedScale[]; set: TaskSet }>>()

function fittedOn(train: View, scales: Scales): { fitted: FittedScale[]; set: TaskSet } {
  const own = known.get(train.rows) ?? new Map<string, { of: TaskSet; fitted: FittedScale[]; set: TaskSet }>()
  known.set(train.rows, own)
  const key = `${JSON.stringify(scales)}/${train.tasks.join(',')}`
  const before = own.get(key)
  if (before?.of === train.set) return before
  const fitted = Object.entries(scales).flatMap(([target, scale]) => {
    const values = measured(train, target)
    return values.length ? [fitScale(target, scale, values)] : []
  })
  const made = { of: train.set, fitted, set: onScale(train.set, fitted) }
  own.set(key, made)
  return made
}

/** The measured values of a target in a view. */
function measured({ set, rows, tasks }: View, name: string): Float64Array {
  const target = set.targets.findIndex((column) => set.table.columns[column].name === name)
  if (target < 0) return new Float64Array(0)
  const wanted = new Set(tasks)
  const here = rows.filter((row) => set.observed[target * set.table.rows + row] && wanted.has(set.taskOf(row, target)))
  return Float64Array.from(here, (row) => truthOf(set, row, target))
}

/** The same set with these targets on their new scale. */
function onScale(set: TaskSet, fitted: readonly FittedScale[]): TaskSet {
  const columns = set.table.columns.map((column, i): Column => {
    const own = set.targets.includes(i) ? fitted.find(({ target }) => target === column.name) : undefined
    if (!own) return column
    return {
      ...column,
      values: Float64Array.from(column.values, (y, row) => (column.valid[row] ? forward(own, y) : 0)),
    }
  })
  return { ...set, table: { ...set.table, columns } }
}

/** A model of transformed targets, speaking in their own unit. */
export function inOwnUnit(model: Model, fitted: readonly FittedScale[]): Model {
  if (!fitted.length) return model
  const adapted = new WeakMap<TaskSet, TaskSet>()
  const on = (view: View): View => {
    const set = adapted.get(view.set) ?? onScale(view.set, fitted)
    adapted.set(view.set, set)
    return { ...view, set }
  }
  const { adapt, adaptTrace, innerLoop, spread, onnx, network, taskNetworks, silence } = model
  return {
    parameters: model.parameters,
    scales: fitted,
    ...(model.slowed && { slowed: model.slowed }),
    save: () => model.save(),
    predict: async (view) => restored(await model.predict(view), view.set, fitted),
    ...(adapt && { adapt: async (support) => inOwnUnit(await adapt.call(model, on(support)), fitted) }),
    ...(adaptTrace && {
      adaptTrace: async (support, steps) =>
        (await adaptTrace.call(model, on(support), steps)).map((each) => inOwnUnit(each, fitted)),
    }),
    // Its losses are those of the scale on which it learned.
    ...(innerLoop && { innerLoop: (support, query) => innerLoop.call(model, on(support), on(query)) }),
    ...(spread && {
      spread: async (view) =>
        restoredSpread(await model.predict(view), await spread.call(model, view), view.set, fitted),
    }),
    ...(onnx && { onnx: () => onnx.call(model, inOwnScale(fitted)) }),
    ...(network && { network: () => network.call(model) }),
    ...(taskNetworks && { taskNetworks: () => taskNetworks.call(model) }),
    ...(silence && { silence: (units) => inOwnUnit(silence.call(model, units), fitted) }),
  }
}

const restored = (said: Predictions, set: TaskSet, fitted: readonly FittedScale[]): Predictions =>
  eachScaled(said, set, fitted, (scale, z) => backward(scale, z))

/** Half the width of the range that z - sd to z + sd becomes: the delta method (|dy/dz| sd) where sd is small. */
const restoredSpread = (said: Predictions, spread: Predictions, set: TaskSet, fitted: readonly FittedScale[]) =>
  eachScaled(spread, set, fitted, (scale, sd, target, i) => {
    const z = said.targets[target].values[i]
    return (backward(scale, z + sd) - backward(scale, z - sd)) / 2
  })

/** Targets with a scale of their own, number by number; NaN stays NaN. */
function eachScaled(
  said: Predictions,
  set: TaskSet,
  fitted: readonly FittedScale[],
  change: (scale: FittedScale, value: number, target: number, at: number) => number,
): Predictions {
  return {
    ...said,
    targets: said.targets.map((own, t) => {
      const { name } = set.table.columns[set.targets[own.target]]
      const scale = fitted.find(({ target }) => target === name)
      if (!scale) return own
      return {
        ...own,
        values: own.values.map((value, i) => (Number.isNaN(value) ? value : change(scale, value, t, i))),
      }
    }),
  }
}

/** Every transform must name a number target whose measured values it takes: said before anything is trained. */
export function checkScales(set: TaskSet, scales: Scales): void {
  for (const [name, scale] of Object.entries(scales)) {
    const target = set.targets.findIndex((column) => set.table.columns[column].name === name)
    const column = set.table.columns[set.targets[target]]
    const refuse = (rule: string, got: string, remedy: string): never => {
      throw new UserError({ code: 'transform.target', who: `transform "${scale}"`, rule, got, remedy })
    }
    if (set.generator)
      refuse('Targets of made-up tasks are drawn anew for every task.', `"${name}"`, 'Leave the transform out.')
    if (target < 0)
      refuse(
        'It is given for a target by its name.',
        `"${name}"`,
        `The targets are: ${set.targets.map((c) => set.table.columns[c].name).join(', ')}.`,
      )
    if (column.kind !== 'number')
      refuse('Only numbers have another scale.', `"${name}", a target of classes`, 'Leave it out for this target.')
    if (scale === 'rank') continue
    for (let row = 0; row < set.table.rows; row++)
      if (set.observed[target * set.table.rows + row] && !(column.values[row] > 0))
        throw notPositive(name, scale, column.values[row])
  }
}
