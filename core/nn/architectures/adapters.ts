import { add } from '../../engine/index.ts'
import { reach } from '../blocks.ts'
import type { Architecture } from '../blocks.ts'
import { ownDense } from '../choice.ts'
import { hidden } from '../hidden.ts'
import { activate, dense } from '../layers.ts'
import { ofTasks } from '../mix.ts'
import type { Plan } from '../plan.ts'
import { sketched } from '../sketch.ts'

/**
 * Low-rank adapters (Hu et al. 2022, here trained with the trunk rather than after it):
 *   h_l = act(h_{l-1} (W_l + U_tl V_tl) + b_l)
 * V starts at 0, where all tasks have the same trunk, and weight decay pulls it back there.
 */
export function adapters(plan: Plan, rank: number): Architecture {
  const trunk = hidden(plan, { kind: 'trunk', widths: plan.hidden, stacks: null })
  const widths = [plan.inputs.length, ...plan.hidden]
  return sketched(plan, {
    blocks: [
      ...trunk.blocks,
      ...plan.hidden.flatMap((units, l) => [
        ofTasks(plan, `down${l + 1}`, [widths[l], rank], reach(widths[l], 'linear')),
        ofTasks(plan, `up${l + 1}`, [rank, units], 0),
      ]),
    ],
    groups: trunk.groups,
    features: trunk.units,
    forward: (at, x, choice, probe) =>
      plan.hidden.reduce((h, _, l) => {
        const name = `trunk${l + 1}`
        const low = ownDense(h, at(`down${l + 1}`), null, choice)
        const z = add(dense(h, at(name), at(`${name}.bias`)), ownDense(low, at(`up${l + 1}`), null, choice))
        return probe(name, activate(plan.activation, z))
      }, x),
    edges: trunk.edges,
    feeds: () => [{ layer: trunk.last[0], factor: 1 }],
  })
}
