import { architectureOf } from './architecture.ts'
import type { LayerGroup } from './sketch.ts'
import { unitsIn } from './sketch.ts'
import type { Perceptron } from './perceptron.ts'
import { silencedWeights, unknownUnit } from './perceptronView.ts'

/**
 * The same network with the output of these units at zero: an input then stands at its mean. Without a design their
 * outgoing weights become zero, which is the same; else `alive` says which units still speak.
 */
export function silenced(net: Perceptron, units: { layer: string; unit: number }[]): Perceptron {
  const { plan, theta } = net
  const { layers } = architectureOf(plan)
  if (!layers) return { ...net, theta: silencedWeights(plan, theta, units) }
  const alive = net.alive?.slice() ?? new Float32Array(unitsIn(layers)).fill(1)
  for (const { layer, unit } of units) alive[placeOf(layers, layer, unit)] = 0
  return { ...net, alive }
}

function placeOf(groups: LayerGroup[], layer: string, unit: number): number {
  let from = 0
  for (const { ids, units } of groups) {
    const k = ids.indexOf(layer)
    if (k >= 0 && unit >= 0 && unit < units) return from + k * units + unit
    from += ids.length * units
  }
  throw unknownUnit(layer, unit)
}
