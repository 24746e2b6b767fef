import type { NetworkLayer, NetworkView } from '../../../core/method.ts'
import type { TrunkOfTasks } from '../../../core/brain/trunks.ts'
import { listed, t } from '../../i18n/index.ts'

/** A unit in words: its own name where it has one, else its layer and place. */
export function unitName(network: NetworkView, layerId: string, unit: number): string {
  const layer = network.layers.find((other) => other.id === layerId)
  if (!layer) return layerId
  const own = layer.names?.[unit]
  if (layer.kind === 'head') {
    const task = layer.task ?? own ?? layer.id
    return own && layer.units > 1 ? `${task}, ${own}` : task
  }
  return own ?? t('brain.unit', { layer: layerName(network, layer), n: unit + 1 })
}

/** "Trunk 2", "Tower 1": numbered within their kind, towers within their task. */
export function layerName(network: NetworkView, layer: NetworkLayer): string {
  if (layer.kind === 'input' || layer.kind === 'head') return t(`brain.layer.${layer.kind}`)
  const alike = network.layers.filter((other) => other.kind === layer.kind && other.task === layer.task)
  return t(`brain.layer.${layer.kind}`, { n: alike.indexOf(layer) + 1 })
}

/** Names of tasks in a line, at most. */
const NAMED = 24

/** "Trunk 1 → Trunk 3: A, B." of a network that parts. */
export function saidOfTrunk(network: NetworkView, { layers, tasks }: TrunkOfTasks): string {
  const path = layers.flatMap((id) => network.layers.filter((layer) => layer.id === id))
  const names = path.map((layer) => layerName(network, layer)).join(' \u2192 ')
  const some = listed(tasks.slice(0, NAMED))
  const said = tasks.length > NAMED ? t('brain.andMore', { tasks: some, n: tasks.length - NAMED }) : some
  return t('brain.trunkOf', { trunk: names, tasks: said })
}
