import { reach } from '../blocks.ts'
import type { Architecture, Block } from '../blocks.ts'
import { ownDense } from '../choice.ts'
import { hidden } from '../hidden.ts'
import { activate } from '../layers.ts'
import { tasksOf } from '../plan.ts'
import type { Plan } from '../plan.ts'
import { taskPlaces } from '../readout.ts'
import { sketched } from '../sketch.ts'

/**
 * One trunk, and for every task a head of several layers:
 *   h = trunk(x),  g_t = act(h A_t + a_t),  y_t = g_t W_t + b_t
 */
export function deepHeads(plan: Plan, headHidden: number[]): Architecture {
  const { activation } = plan
  const trunk = hidden(plan, { kind: 'trunk', widths: plan.hidden, stacks: null })
  const columns: [number, number] = [0, plan.columns.length]
  const tasks = tasksOf(plan)
  const places = taskPlaces(plan.columns)
  const widths = [trunk.units, ...headHidden]
  const name = (l: number) => `tower${l + 1}`
  const ids = (l: number) => places.map((place) => `${name(l)}:${place.name}`)
  return sketched(plan, {
    blocks: [
      ...trunk.blocks,
      ...headHidden.flatMap((units, l): Block[] => [
        {
          name: name(l),
          shape: [tasks, widths[l], units],
          start: reach(widths[l], activation),
          bias: false,
          owner: 'task',
          columns,
        },
        { name: `${name(l)}.bias`, shape: [tasks, units], start: 0, bias: true, owner: 'task', columns },
      ]),
    ],
    groups: [
      ...trunk.groups,
      ...headHidden.map((units, l) => ({
        name: name(l),
        kind: 'tower' as const,
        units,
        activation,
        ids: ids(l),
        tasks: places.map((place) => place.task),
      })),
    ],
    features: widths.at(-1) as number,
    forward: (at, x, choice, probe) =>
      headHidden.reduce(
        (h, _, l) => {
          const z = ownDense(h, at(name(l)), at(`${name(l)}.bias`), choice)
          return probe(name(l), activate(activation, z), (p) => choice.own(p))
        },
        trunk.forward(at, x, probe),
      ),
    edges: (pieces) => [
      ...trunk.edges(pieces),
      ...headHidden.flatMap((units, l) =>
        ids(l).map((id, t) => {
          const size = widths[l] * units
          return {
            from: l === 0 ? trunk.last[0] : ids(l - 1)[t],
            to: id,
            weights: (pieces.get(name(l)) as Float32Array).slice(t * size, (t + 1) * size),
            bias: (pieces.get(`${name(l)}.bias`) as Float32Array).slice(t * units, (t + 1) * units),
          }
        }),
      ),
    ],
    feeds: (_, t) => [{ layer: ids(headHidden.length - 1)[t], factor: 1 }],
  })
}
