import type { NetworkLayer, NetworkView } from '../method.ts'

/** Layers by longest path from a layer without incoming edges; heads all stand in the last column. */
export function layersByDepth(network: Pick<NetworkView, 'layers' | 'edges'>): NetworkLayer[][] {
  const known = new Map<string, number>()
  const depthOf = (id: string, seen: readonly string[]): number => {
    const depth = known.get(id)
    if (depth !== undefined) return depth
    if (seen.includes(id)) throw new Error(`internal: layer "${id}" feeds itself`)
    const before = network.edges.filter((edge) => edge.to === id).map((edge) => edge.from)
    const own = before.length ? 1 + Math.max(...before.map((from) => depthOf(from, [...seen, id]))) : 0
    known.set(id, own)
    return own
  }
  const last = Math.max(0, ...network.layers.map((layer) => depthOf(layer.id, [])))
  const columns: NetworkLayer[][] = Array.from({ length: last + 1 }, () => [])
  for (const layer of network.layers) columns[layer.kind === 'head' ? last : depthOf(layer.id, [])].push(layer)
  return columns.filter((layers) => layers.length)
}
