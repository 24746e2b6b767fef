import { UserError } from '../errors.ts'
import type { NetworkLayer, NetworkView } from '../method.ts'
import { elementsOf, headsOf, layerShapes } from './plan.ts'
import type { Plan } from './plan.ts'

/**
 * A plan without a design as the brain view reads it, and lesions of it. Shared: input, trunk layers, one head per task.
 * Stacked: one tower of layers per task.
 */
const ACTIVATION = { regression: 'none', binary: 'sigmoid', multiclass: 'softmax' } as const

/** A layer of the view and where its units stand in the plan: layer l, network g, units from..to. */
type Place = { layer: NetworkLayer; l: number; net: number; from: number }

function places(plan: Plan): Place[] {
  const { hidden, columns, stacked } = plan
  const last = hidden.length + 1
  const found: Place[] = [
    {
      layer: {
        id: 'input',
        kind: 'input',
        units: plan.inputs.length,
        names: plan.inputs,
        activation: 'none',
        task: null,
      },
      l: 0,
      net: 0,
      from: 0,
    },
  ]
  const add = (layer: NetworkLayer, l: number, net: number, from: number) => found.push({ layer, l, net, from })
  if (!stacked)
    hidden.forEach((units, h) =>
      add(
        { id: `trunk${h + 1}`, kind: 'trunk', units, names: null, activation: plan.activation, task: null },
        h + 1,
        0,
        0,
      ),
    )
  let from = 0
  columns.forEach((column, c) => {
    const names = column.width > 1 ? column.classes : [column.target]
    const head = (task: string | null, at: number, net: number) =>
      add(
        {
          id: `head:${task ?? column.target}`,
          kind: 'head',
          units: column.width,
          names,
          activation: ACTIVATION[column.kind],
          task,
        },
        last,
        net,
        at,
      )
    if (stacked) {
      const task = column.tasks?.[0] ?? column.target
      hidden.forEach((units, h) =>
        add(
          { id: `tower${h + 1}:${task}`, kind: 'tower', units, names: null, activation: plan.activation, task },
          h + 1,
          c,
          0,
        ),
      )
      head(task, 0, c)
    } else {
      for (let k = 0; k < headsOf(column); k++) head(column.tasks?.[k] ?? null, from + k * column.width, 0)
      from += headsOf(column) * column.width
    }
  })
  return found
}

/** Offsets of weights and bias of layer l (1 first) of network g in the flat vector, and the layer's two widths. */
function blockOf(plan: Plan, l: number, net: number) {
  const shapes = layerShapes(plan)
  const nets = plan.stacked ? plan.columns.length : 1
  let at = 0
  for (let k = 0; k < 2 * (l - 1); k++) at += elementsOf(shapes[k].shape)
  const [inputs, units] = shapes[2 * (l - 1)].shape.slice(-2)
  return { weights: at + net * inputs * units, bias: at + nets * inputs * units + net * units, inputs, units }
}

export function perceptronView(plan: Plan, theta: Float32Array): NetworkView {
  const all = places(plan)
  const edges = all.slice(1).map(({ layer, l, net, from }) => {
    const before = all.find((p) => p.l === l - 1 && (l === 1 || p.net === net)) as Place
    const block = blockOf(plan, l, net)
    const weights = new Float32Array(block.inputs * layer.units)
    for (let i = 0; i < block.inputs; i++)
      for (let u = 0; u < layer.units; u++)
        weights[i * layer.units + u] = theta[block.weights + i * block.units + from + u]
    const bias = theta.slice(block.bias + from, block.bias + from + layer.units)
    return { from: before.layer.id, to: layer.id, weights, bias }
  })
  return { layers: all.map((place) => place.layer), edges }
}

/**
 * Parameters with the outgoing weights of these units at zero, which is the same as their output being zero: an
 * input then stands at its mean. A head's unit loses its own weights and bias.
 */
export function silencedWeights(
  plan: Plan,
  theta: Float32Array,
  units: { layer: string; unit: number }[],
): Float32Array {
  const all = places(plan)
  const out = theta.slice()
  for (const { layer: id, unit } of units) {
    const place = all.find((p) => p.layer.id === id)
    if (!place || unit < 0 || unit >= place.layer.units) throw unknownUnit(id, unit)
    const { layer, l, net, from } = place
    if (layer.kind === 'head') {
      const block = blockOf(plan, l, net)
      for (let i = 0; i < block.inputs; i++) out[block.weights + i * block.units + from + unit] = 0
      out[block.bias + from + unit] = 0
      continue
    }
    // The inputs are shared by all stacked networks.
    const nets = plan.stacked && l === 0 ? plan.columns.map((_, g) => g) : [net]
    for (const g of nets) {
      const block = blockOf(plan, l + 1, g)
      out.fill(0, block.weights + unit * block.units, block.weights + (unit + 1) * block.units)
    }
  }
  return out
}

export function unknownUnit(layer: string, unit: number): UserError {
  return new UserError({
    code: 'unknown-unit',
    who: 'Lesion',
    rule: 'must name units of the network.',
    got: `unit ${unit} of layer "${layer}"`,
    remedy: 'Choose a unit in the diagram.',
  })
}
