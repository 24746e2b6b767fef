import { mul, reshape, slice } from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import type { NetworkLayer, NetworkView } from '../method.ts'
import { named, piecesOf, startOf, untouched } from './blocks.ts'
import type { Architecture, Block, Probe } from './blocks.ts'
import type { Choice } from './choice.ts'
import { elementsOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { headBlocks, headEdges, headGroups, readOut } from './readout.ts'

/**
 * What differs between the architectures in which every task reads features with a linear head of its own: where the
 * features come from. The rest (heads, first parameters, view, lesions, sizes) is the same for all, and is here.
 */
export type Sketch = {
  blocks: Block[]
  /** Layers in the order in which the view draws them, without inputs and heads. */
  groups: LayerGroup[]
  /** Width of the features. */
  features: number
  /** The features of each cell's task: [row, feature], or [column, row, feature] where tasks differ. */
  forward(at: (name: string) => Expr, x: Expr, choice: Choice, probe: Probe): Expr
  penalty?(at: (name: string) => Expr): Expr
  /** Weights between the layers of `groups` and the inputs. */
  edges(pieces: Map<string, Float32Array>): Edge[]
  /** The layers that feed task t's head, and what each, or each unit, is multiplied by (at inputs of 0). */
  feeds(pieces: Map<string, Float32Array>, t: number): Feed[]
}
export type Edge = NetworkView['edges'][number]
export type Feed = { layer: string; factor: number | ArrayLike<number> }

/** Layers of one width that are computed as one tensor [layer, ..., unit], or a single one; `name` is the probe's. */
export type LayerGroup = {
  name: string
  kind: NetworkLayer['kind']
  units: number
  /** What the units do with their sum, one for all or one for each layer. */
  activation: string | string[]
  /** One id per layer of the view. */
  ids: string[]
  /** The task of each, where layers belong to tasks. */
  tasks?: (string | null)[]
  names?: (string[] | null)[]
}

/** Numbers that the lines of one call may gather for themselves. */
const GATHERED = 2 ** 23

export function sketched(plan: Plan, sketch: Sketch): Architecture {
  const blocks = [...sketch.blocks, ...headBlocks(plan, sketch.features)]
  const groups: LayerGroup[] = [
    {
      name: 'input',
      kind: 'input',
      units: plan.inputs.length,
      activation: 'none',
      ids: ['input'],
      names: [plan.inputs],
    },
    ...sketch.groups,
    ...headGroups(plan),
  ]
  const shared = blocks.filter(({ columns }) => !columns).reduce((sum, { shape }) => sum + elementsOf(shape), 0)
  const own =
    plan.columns.length *
    blocks.filter(({ columns }) => columns).reduce((sum, { shape }) => sum + elementsOf(shape.slice(1)), 0)
  return {
    plan,
    blocks,
    nets: 1,
    perLine: shared + own,
    linesAtOnce: Math.max(64, Math.min(16_384, Math.floor(GATHERED / (own + 1)))),
    initialise: (random) => startOf(plan, blocks, random),
    forward(pieces, x, choice, probe = untouched) {
      const at = named(blocks, pieces)
      const own = choice as Choice
      return readOut(plan, at, sketch.forward(at, probe('input', x), own, probe), own, probe)
    },
    penalty: sketch.penalty ? (pieces) => sketch.penalty!(named(blocks, pieces)) : null,
    layers: groups,
    view(theta) {
      const pieces = piecesOf(blocks, theta)
      return {
        layers: groups.flatMap(({ kind, units, activation, ids, tasks, names }) =>
          ids.map((id, k) => ({
            id,
            kind,
            units,
            names: names?.[k] ?? null,
            activation: typeof activation === 'string' ? activation : activation[k],
            task: tasks?.[k] ?? null,
          })),
        ),
        edges: [...sketch.edges(pieces), ...headEdges(plan, pieces, sketch.features, (t) => sketch.feeds(pieces, t))],
      }
    },
  }
}

/** [layer, unit] of every layer that a lesion can reach, in one flat vector. */
export const unitsIn = (groups: LayerGroup[]): number => groups.reduce((sum, g) => sum + g.ids.length * g.units, 0)

/** Multiplies every layer by its part of `alive`, 1 or 0 per unit, [unit] in the order of `groups`. */
export function lesionProbe(groups: LayerGroup[], alive: Expr): Probe {
  const places = new Map<string, { from: number; group: LayerGroup }>()
  let from = 0
  for (const group of groups) {
    places.set(group.name, { from, group })
    from += group.ids.length * group.units
  }
  return (name, h, own) => {
    const place = places.get(name)
    if (!place) throw new Error(`internal: no layer "${name}"`)
    const { ids, units } = place.group
    const part = slice(alive, 0, place.from, place.from + ids.length * units)
    if (own) return mul(h, own(reshape(part, [ids.length, units])))
    return mul(h, reshape(part, h.shape.length === 3 ? [ids.length, 1, units] : [units]))
  }
}

/** `alive` of the same network for other tasks: shared layers stay as they are, those of tasks speak. */
export function keptAlive(from: LayerGroup[], alive: Float32Array, to: LayerGroup[]): Float32Array {
  const kept = new Float32Array(unitsIn(to)).fill(1)
  const starts = new Map<string, number>()
  let at = 0
  for (const { name, ids, units } of from) {
    starts.set(name, at)
    at += ids.length * units
  }
  at = 0
  for (const { name, ids, units, tasks } of to) {
    const start = starts.get(name)
    if (start !== undefined && !tasks) kept.set(alive.subarray(start, start + ids.length * units), at)
    at += ids.length * units
  }
  return kept
}
