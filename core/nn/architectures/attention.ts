import { add, mul, relu, sigmoid } from '../../engine/index.ts'
import { reach } from '../blocks.ts'
import type { Architecture } from '../blocks.ts'
import { ownDense } from '../choice.ts'
import { hidden } from '../hidden.ts'
import { ofTasks, partOf } from '../mix.ts'
import { tasksOf } from '../plan.ts'
import type { Plan } from '../plan.ts'
import { sketched } from '../sketch.ts'

/**
 * Attention over a shared trunk (MTAN, Liu et al. 2019; dense layers in place of convolutions): at every layer, every
 * task sees the trunk through a mask that it makes of what it sees and what it saw one layer before,
 *   a_tl = sigmoid(relu([h_l, s_t,l-1] P_tl) Q_tl + c_tl),  s_tl = a_tl h_l
 * with few units between P and Q. Masks start open (sigmoid 2) and alike.
 */
const OPEN = 2

export function attention(plan: Plan, narrow: number): Architecture {
  const trunk = hidden(plan, { kind: 'trunk', widths: plan.hidden, stacks: null })
  const tasks = tasksOf(plan)
  const last = plan.hidden.length
  return sketched(plan, {
    blocks: [
      ...trunk.blocks,
      ...plan.hidden.flatMap((units, l) => {
        const before = l ? plan.hidden[l - 1] : 0
        const start = reach(units + before, 'relu')
        return [
          ofTasks(plan, `look${l + 1}`, [units, narrow], start),
          ...(l ? [ofTasks(plan, `saw${l + 1}`, [before, narrow], start)] : []),
          ofTasks(plan, `mask${l + 1}`, [narrow, units], 0),
          ofTasks(plan, `mask${l + 1}.bias`, [units], new Float32Array(tasks * units).fill(OPEN), true),
        ]
      }),
    ],
    groups: trunk.groups,
    features: trunk.units,
    forward(at, x, choice, probe) {
      let h = x
      let seen = x
      for (let l = 1; l <= last; l++) {
        h = trunk.layer(l - 1, at, h, probe)
        const look = ownDense(h, at(`look${l}`), null, choice)
        const both = l > 1 ? add(look, ownDense(seen, at(`saw${l}`), null, choice)) : look
        seen = mul(sigmoid(ownDense(relu(both), at(`mask${l}`), at(`mask${l}.bias`), choice)), h)
      }
      return seen
    },
    edges: trunk.edges,
    feeds: (pieces, t) => [
      {
        layer: trunk.last[0],
        factor: last ? partOf(pieces, `mask${last}.bias`, t, trunk.units).map((c) => 1 / (1 + Math.exp(-c))) : 1,
      },
    ],
  })
}
