import type { NetworkView } from '../method.ts'

/**
 * The strongest weights of a network, in order. |w| as bits of a float32 sorts as an unsigned integer, so three passes
 * of a radix sort put 100,000 weights in order in a few milliseconds, the same for equals: by place in the network.
 */
export type RankedWeights = {
  /** [rank] index into `NetworkView.edges`, strongest first. */
  edge: Uint32Array
  /** [rank] index into that edge's weights: from unit * units of the `to` layer + to unit. */
  index: Uint32Array
  total: number
  /** Largest |weight|, 0 where there is none. */
  strongest: number
}

export function rankWeights(network: NetworkView): RankedWeights {
  const total = network.edges.reduce((sum, { weights }) => sum + weights.length, 0)
  const values = new Float32Array(total)
  const starts: number[] = []
  let at = 0
  for (const { weights } of network.edges) {
    starts.push(at)
    for (let i = 0; i < weights.length; i++) {
      const size = Math.abs(weights[i])
      values[at + i] = Number.isFinite(size) ? size : 0
    }
    at += weights.length
  }
  const order = radixOrder(new Uint32Array(values.buffer))
  const edge = new Uint32Array(total)
  const index = new Uint32Array(total)
  for (let rank = 0; rank < total; rank++) {
    const place = order[total - 1 - rank]
    let e = starts.length - 1
    while (starts[e] > place || network.edges[e].weights.length === 0) e--
    edge[rank] = e
    index[rank] = place - starts[e]
  }
  return { edge, index, total, strongest: total ? values[order[total - 1]] : 0 }
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

export type DiagramWeight = { fromLayer: string; from: number; toLayer: string; to: number; weight: number }

/** The `count` strongest weights that are not zero: what is drawn and, cell for cell, what the table twin lists. */
export function strongestWeights(network: NetworkView, ranked: RankedWeights, count: number): DiagramWeight[] {
  const units = new Map(network.layers.map((layer) => [layer.id, layer.units]))
  const out: DiagramWeight[] = []
  for (let rank = 0; rank < Math.min(count, ranked.total); rank++) {
    const { from, to, weights } = network.edges[ranked.edge[rank]]
    const index = ranked.index[rank]
    const weight = weights[index]
    if (!weight) break
    const wide = units.get(to) as number
    out.push({ fromLayer: from, from: Math.floor(index / wide), toLayer: to, to: index % wide, weight })
  }
  return out
}
