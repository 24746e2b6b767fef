import type { Expr } from '../engine/index.ts'
import { reach } from './blocks.ts'
import type { Block, Probe } from './blocks.ts'
import { activate, dense } from './layers.ts'
import type { Plan } from './plan.ts'
import type { Edge, LayerGroup } from './sketch.ts'

/**
 * Hidden layers that all tasks share: one stack of them (a trunk), or several side by side (towers, experts).
 *   h_l = act(h_{l-1} W_l + b_l),  W_l [in, out] or [stack, in, out]
 */
export type Hidden = {
  blocks: Block[]
  groups: LayerGroup[]
  /** Width of the last layer. */
  units: number
  /** One layer, l from 0. */
  layer(l: number, at: (name: string) => Expr, h: Expr, probe: Probe): Expr
  forward(at: (name: string) => Expr, x: Expr, probe: Probe): Expr
  /** Ids of the last layers: of the inputs where there is none. */
  last: string[]
  edges(pieces: Map<string, Float32Array>): Edge[]
}

type Options = {
  kind: 'trunk' | 'tower' | 'expert'
  widths: number[]
  /** Null: one stack, without a leading axis. */
  stacks: string[] | null
  /** What they read: the inputs, or the last layer of a trunk. */
  from?: { units: number; id: string }
}

export function hidden(plan: Plan, { kind, widths, stacks, from }: Options): Hidden {
  const { activation } = plan
  const all = [from?.units ?? plan.inputs.length, ...widths]
  const lead = stacks ? [stacks.length] : []
  const name = (l: number) => `${kind}${l + 1}`
  const ids = (l: number) => (stacks ? stacks.map((stack) => `${name(l)}:${stack}`) : [name(l)])
  const layer: Hidden['layer'] = (l, at, h, probe) =>
    probe(name(l), activate(activation, dense(h, at(name(l)), at(`${name(l)}.bias`))))
  return {
    blocks: widths.flatMap((units, l): Block[] => [
      {
        name: name(l),
        shape: [...lead, all[l], units],
        start: reach(all[l], activation),
        bias: false,
        owner: 'shared',
      },
      {
        name: `${name(l)}.bias`,
        shape: [...lead, ...(stacks ? [1] : []), units],
        start: 0,
        bias: true,
        owner: 'shared',
      },
    ]),
    groups: widths.map((units, l) => ({ name: name(l), kind, units, activation, ids: ids(l) })),
    units: all.at(-1) as number,
    layer,
    forward: (at, x, probe) => widths.reduce((h, _, l) => layer(l, at, h, probe), x),
    last: widths.length ? ids(widths.length - 1) : [from?.id ?? 'input'],
    edges: (pieces) =>
      widths.flatMap((units, l) =>
        ids(l).map((id, k) => {
          const size = all[l] * units
          return {
            from: l === 0 ? (from?.id ?? 'input') : ids(l - 1)[k],
            to: id,
            weights: (pieces.get(name(l)) as Float32Array).slice(k * size, (k + 1) * size),
            bias: (pieces.get(`${name(l)}.bias`) as Float32Array).slice(k * units, (k + 1) * units),
          }
        }),
      ),
  }
}
