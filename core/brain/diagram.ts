import type { NetworkView } from '../method.ts'
import { layersByDepth } from './columns.ts'

/**
 * The weights of a network in the order in which they are shown: column by column in turn, the strongest first, so that
 * any number of them shows every part of the network (large weights at the inputs would crowd out all others). Where
 * layers share a column, as heads and towers do, each shows its strongest before any shows its second.
 *
 *   order by (place within the column, place within the edge, |w|); a weight that is zero or not finite is no connection
 *
 * |w| as bits of a float32 sorts as an unsigned integer, so three passes of a radix sort put 100,000 weights in order in
 * a few milliseconds, the same for equals: by place in the network.
 */
export type RankedWeights = {
  /** [rank] index into `NetworkView.edges`. */
  edge: Uint32Array
  /** [rank] index into that edge's weights: from unit * units of the `to` layer + to unit. */
  index: Uint32Array
  /** [rank] |w| over the largest |w| into the same column, in (0, 1]. */
  share: Float32Array
  total: number
}

export function rankWeights(network: NetworkView): RankedWeights {
  const { edges } = network
  const all = edges.reduce((sum, { weights }) => sum + weights.length, 0)
  const values = new Float32Array(all)
  const edgeOf = new Uint32Array(all)
  const starts: number[] = []
  let at = 0
  let total = 0
  edges.forEach(({ weights }, e) => {
    starts.push(at)
    edgeOf.fill(e, at, at + weights.length)
    for (let i = 0; i < weights.length; i++) {
      const size = Math.abs(weights[i])
      values[at + i] = Number.isFinite(size) ? size : 0
      if (values[at + i] > 0) total++
    }
    at += weights.length
  })
  const bySize = radixOrder(new Uint32Array(values.buffer)).reverse().subarray(0, total)
  const fairInColumn = inTurn(bySize, edgeOf)
  const columns = layersByDepth(network)
  const column = edges.map((edge) => columns.findIndex((layers) => layers.some((layer) => layer.id === edge.to)))
  const columnOf = edgeOf.map((e) => column[e])
  const order = inTurn(fairInColumn, columnOf)

  const strongest = new Float32Array(columns.length)
  for (const place of bySize) strongest[columnOf[place]] = Math.max(strongest[columnOf[place]], values[place])
  return {
    edge: order.map((place) => edgeOf[place]),
    index: order.map((place) => place - starts[edgeOf[place]]),
    share: Float32Array.from(order, (place) => values[place] / strongest[columnOf[place]]),
    total,
  }
}

/** The first of every group, in the order given, then the second of every group, and so on. */
function inTurn(order: Uint32Array, groupOf: Uint32Array): Uint32Array {
  const seen = new Map<number, number>()
  const turn = order.map((place) => {
    const n = seen.get(groupOf[place]) ?? 0
    seen.set(groupOf[place], n + 1)
    return n
  })
  const start = new Uint32Array(Math.max(0, ...seen.values()) + 1)
  for (const n of turn) start[n + 1]++
  for (let n = 1; n < start.length; n++) start[n] += start[n - 1]
  const out = new Uint32Array(order.length)
  order.forEach((place, i) => (out[start[turn[i]]++] = place))
  return out
}

/** Positions in rising order of key; of equals the later place first, so that falling order keeps the first first. */
function radixOrder(keys: Uint32Array): Uint32Array {
  const n = keys.length
  let order = Uint32Array.from({ length: n }, (_, i) => n - 1 - i)
  let next = new Uint32Array(n)
  for (const shift of [0, 11, 22]) {
    const start = new Uint32Array(2049)
    for (let i = 0; i < n; i++) start[((keys[i] >>> shift) & 2047) + 1]++
    for (let digit = 0; digit < 2048; digit++) start[digit + 1] += start[digit]
    for (let i = 0; i < n; i++) next[start[(keys[order[i]] >>> shift) & 2047]++] = order[i]
    const held = order
    order = next
    next = held
  }
  return order
}

export type DiagramWeight = {
  fromLayer: string
  from: number
  toLayer: string
  to: number
  weight: number
  /** |weight| over the largest into the same column. */
  share: number
}

/** The first `count` weights: what is drawn and, cell for cell, what the table twin lists. */
export function strongestWeights(network: NetworkView, ranked: RankedWeights, count: number): DiagramWeight[] {
  const units = new Map(network.layers.map((layer) => [layer.id, layer.units]))
  return Array.from({ length: Math.min(count, ranked.total) }, (_, rank) => {
    const { from, to, weights } = network.edges[ranked.edge[rank]]
    const index = ranked.index[rank]
    const wide = units.get(to) as number
    return {
      fromLayer: from,
      from: Math.floor(index / wide),
      toLayer: to,
      to: index % wide,
      weight: weights[index],
      share: ranked.share[rank],
    }
  })
}
