import type { NetworkLayer, NetworkView } from '../method.ts'
import { layersByDepth } from './columns.ts'
import { rankWeights, strongestWeights, type DiagramWeight } from './diagram.ts'

/**
 * A network as a layered diagram, left to right: inputs, trunk, towers and heads, each layer in the column of its
 * longest path from the inputs; layers of one column stand below each other, units in their own order. Coordinates
 * are in the unit of `width` and `height`; nothing here depends on weights, so a threshold moves no unit.
 */
export type Unit = {
  layer: string
  unit: number
  kind: NetworkLayer['kind']
  /** Name where the unit has one: an encoded input, an output. */
  name: string | null
  task: string | null
  x: number
  y: number
  /** Index into the columns. */
  column: number
}
/** `gap`: how far a unit is from the next in its lane. */
export type Column = {
  x: number
  gap: number
  kinds: NetworkLayer['kind'][]
  layers: string[]
  units: number
  shown: number
}
export type Layout = {
  width: number
  height: number
  columns: Column[]
  units: Unit[]
  /** Index into `units`, undefined for a unit that is not shown. */
  at(layer: string, unit: number): number | undefined
}

export type LayoutOptions = {
  width: number
  height: number
  /** Room left and right of the outer columns, for names. Default none. */
  margin?: [left: number, right: number]
  /** Units of a hidden column that would be nearer to each other than this stand in several lanes. Default: one lane. */
  least?: number
  /** Whether a unit is shown; default: all are. */
  shows?: (layer: string, unit: number) => boolean
}

export function layout(network: NetworkView, options: LayoutOptions): Layout {
  const { width, height, margin: [left, right] = [0, 0], least = 0, shows = () => true } = options
  const byDepth = layersByDepth(network)
  const units: Unit[] = []
  const place = new Map<string, number>()
  const columns = byDepth.map((layers, depth): Column => {
    const x = byDepth.length > 1 ? left + ((width - left - right) * depth) / (byDepth.length - 1) : width / 2
    const shown = layers.map((layer) => indices(layer.units).filter((unit) => shows(layer.id, unit)))
    const count = shown.reduce((sum, own) => sum + own.length, 0)
    // Half a place of room between layers that share a column.
    const gaps = layers.length > 1 && count > layers.length ? layers.length - 1 : 0
    const even = height / Math.max(1, count + gaps / 2)
    const crowded = even < least && depth > 0 && depth < byDepth.length - 1
    const room = crowded && gaps * 2 * least < height / 2 ? 2 * least : even / 2
    const step = (height - gaps * room) / Math.max(1, count)
    const lanes = crowded ? Math.min(MOST_LANES, Math.ceil(least / step)) : 1
    let y = step / 2
    layers.forEach((layer, i) => {
      shown[i].forEach((unit, k) => {
        place.set(`${layer.id} ${unit}`, units.length)
        units.push({
          layer: layer.id,
          unit,
          kind: layer.kind,
          name: layer.names?.[unit] ?? null,
          task: layer.task,
          x: x + ((k % lanes) - (lanes - 1) / 2) * least,
          y,
          column: depth,
        })
        y += step
      })
      if (gaps) y += room
    })
    return {
      x,
      gap: step * lanes,
      kinds: [...new Set(layers.map((layer) => layer.kind))],
      layers: layers.map((layer) => layer.id),
      units: layers.reduce((sum, layer) => sum + layer.units, 0),
      shown: count,
    }
  })
  return { width, height, columns, units, at: (layer, unit) => place.get(`${layer} ${unit}`) }
}

/** A column stays a column. */
const MOST_LANES = 8

const indices = (n: number) => Array.from({ length: n }, (_, i) => i)

export type DrawnWeight = DiagramWeight & { x1: number; y1: number; x2: number; y2: number }

/** Weights between units that are shown, with the coordinates of their ends. */
export function drawn<W extends DiagramWeight>(own: Layout, weights: readonly W[]): (W & DrawnWeight)[] {
  return weights.flatMap((weight) => {
    const from = own.at(weight.fromLayer, weight.from)
    const to = own.at(weight.toLayer, weight.to)
    if (from === undefined || to === undefined) return []
    const [a, b] = [own.units[from], own.units[to]]
    return [{ ...weight, x1: a.x, y1: a.y, x2: b.x, y2: b.y }]
  })
}

/**
 * For paper: on average `perColumn` weights into each column, the strongest as `rankWeights` has them, and, in columns
 * that are too tall, only the units that these touch. Fewer weights are drawn until no column shows more than `most`
 * units.
 */
export function compact(
  network: NetworkView,
  options: Omit<LayoutOptions, 'shows'> & { perColumn: number; most: number },
): { layout: Layout; weights: DrawnWeight[]; total: number } {
  const columns = layersByDepth(network)
  const tall = new Set(
    columns
      .filter((layers) => layers.reduce((sum, layer) => sum + layer.units, 0) > options.most)
      .flat()
      .map((layer) => layer.id),
  )
  const ranked = rankWeights(network)
  const fed = Math.max(1, columns.length - 1)
  for (let count = options.perColumn; ; count = Math.floor(count * 0.8)) {
    const weights = strongestWeights(network, ranked, count * fed)
    const touched = new Set(weights.flatMap((w) => [`${w.fromLayer} ${w.from}`, `${w.toLayer} ${w.to}`]))
    const shows = (layer: string, unit: number) => !tall.has(layer) || touched.has(`${layer} ${unit}`)
    const own = layout(network, { ...options, shows })
    if (count <= 1 || own.columns.every((column) => column.shown <= options.most))
      return { layout: own, weights: drawn(own, weights), total: ranked.total }
  }
}
