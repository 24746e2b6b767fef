import { add, matmul, mul } from '../../engine/index.ts'
import { reach } from '../blocks.ts'
import type { Architecture, Block } from '../blocks.ts'
import { hidden } from '../hidden.ts'
import { activate, dense } from '../layers.ts'
import { ofTasks } from '../mix.ts'
import type { Plan } from '../plan.ts'
import { sketched } from '../sketch.ts'

/**
 * Feature-wise linear modulation by an embedding of the task (Perez et al. 2018):
 *   h_l = act((1 + e_t G_l) (h_{l-1} W_l + b_l) + e_t B_l)
 * Embeddings start at 0, where all tasks have the same trunk.
 */
export function film(plan: Plan, embedding: number): Architecture {
  const trunk = hidden(plan, { kind: 'trunk', widths: plan.hidden, stacks: null })
  const lift = (name: string, units: number): Block => ({
    name,
    shape: [embedding, units],
    start: reach(embedding, 'linear'),
    bias: false,
    owner: 'shared',
  })
  return sketched(plan, {
    blocks: [
      ...trunk.blocks,
      ...plan.hidden.flatMap((units, l) => [lift(`scale${l + 1}`, units), lift(`shift${l + 1}`, units)]),
      ofTasks(plan, 'embedding', [embedding], 0),
    ],
    groups: trunk.groups,
    features: trunk.units,
    forward(at, x, choice, probe) {
      const e = choice.own(at('embedding')) // [column, row or 1, embedding]
      return plan.hidden.reduce((h, _, l) => {
        const name = `trunk${l + 1}`
        const z = dense(h, at(name), at(`${name}.bias`))
        const scale = add(matmul(e, at(`scale${l + 1}`)), 1)
        return probe(name, activate(plan.activation, add(mul(scale, z), matmul(e, at(`shift${l + 1}`)))))
      }, x)
    },
    edges: trunk.edges,
    feeds: () => [{ layer: trunk.last[0], factor: 1 }],
  })
}
