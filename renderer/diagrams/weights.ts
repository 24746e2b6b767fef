import type { NetworkView } from '../../core/method.ts'
import type { Network } from '../../core/contract.ts'
import type { Layout } from '../../core/brain/layout.ts'
import type { RankedWeights } from '../../core/brain/diagram.ts'

/**
 * All weights of a network in the order of core/brain/diagram.ts, ready to be drawn: typed arrays, so that painting and
 * pointing allocate nothing. The table twin reads the same arrays.
 */
export type Drawable = {
  total: number
  /** [rank] */
  weight: Float32Array
  /** [rank] |w| over the largest into the same column: width and ink of its line */
  share: Float32Array
  /** [rank] index into `Layout.units`, of both ends */
  from: Uint32Array
  to: Uint32Array
}

export function toView(network: Network): NetworkView {
  return {
    layers: network.layers,
    edges: network.edges.map((edge) => ({
      from: edge.from,
      to: edge.to,
      weights: Float32Array.from(edge.weights),
      bias: edge.bias && Float32Array.from(edge.bias),
    })),
  }
}

export function drawable(network: NetworkView, ranked: RankedWeights, layout: Layout): Drawable {
  const wide = new Map(network.layers.map((layer) => [layer.id, layer.units]))
  const first = new Map(network.layers.map((layer) => [layer.id, layout.at(layer.id, 0) ?? 0]))
  const edges = network.edges.map((edge) => ({
    weights: edge.weights,
    units: wide.get(edge.to) as number,
    from: first.get(edge.from) as number,
    to: first.get(edge.to) as number,
  }))
  const weight = new Float32Array(ranked.total)
  const from = new Uint32Array(ranked.total)
  const to = new Uint32Array(ranked.total)
  for (let rank = 0; rank < ranked.total; rank++) {
    const edge = edges[ranked.edge[rank]]
    const index = ranked.index[rank]
    weight[rank] = edge.weights[index]
    from[rank] = edge.from + Math.floor(index / edge.units)
    to[rank] = edge.to + (index % edge.units)
  }
  return { total: ranked.total, weight, share: ranked.share, from, to }
}

/** The ranks that are on screen: of the first `count`, those between two units that are not silenced. */
export function drawnRanks(own: Drawable, count: number, silenced: Uint8Array): Uint32Array {
  const ranks = new Uint32Array(Math.min(count, own.total))
  let n = 0
  for (let rank = 0; rank < ranks.length; rank++)
    if (!silenced[own.from[rank]] && !silenced[own.to[rank]]) ranks[n++] = rank
  return ranks.subarray(0, n)
}

/** How many weights a slider at `position` in [0, 1] shows: evenly in the logarithm, from 1 to all. */
export const countAt = (position: number, total: number) => Math.max(1, Math.round(total ** position))
export const positionOf = (count: number, total: number) =>
  total > 1 ? Math.log(Math.max(1, count)) / Math.log(total) : 1

/** Only among the strongest can one be told from another, by eye or by pointer. */
const POINTED = 3000

/** Height at x of the line between two units: the smooth step that a cubic with its handles at the thirds draws. */
export function heightAt(x: number, x1: number, y1: number, x2: number, y2: number): number {
  const u = Math.min(1, Math.max(0, (x - x1) / (x2 - x1)))
  return y1 + (y2 - y1) * u * u * (3 - 2 * u)
}

/** The strongest drawn weight within `reach` pixels of a point, or -1. */
export function weightNear(own: Drawable, layout: Layout, count: number, x: number, y: number, reach = 5): number {
  const most = Math.min(count, own.total, POINTED)
  for (let rank = 0; rank < most; rank++) {
    const a = layout.units[own.from[rank]]
    const b = layout.units[own.to[rank]]
    if (x < a.x + 8 || x > b.x - 8) continue
    if (Math.abs(heightAt(x, a.x, a.y, b.x, b.y) - y) <= reach) return rank
  }
  return -1
}

/** The unit nearest to a point, within `reach` pixels, or -1. */
export function unitNear(layout: Layout, x: number, y: number, reach = 12): number {
  let best = -1
  let least = reach * reach
  layout.units.forEach((unit, i) => {
    const distance = (unit.x - x) ** 2 + (unit.y - y) ** 2
    if (distance < least) [best, least] = [i, distance]
  })
  return best
}
