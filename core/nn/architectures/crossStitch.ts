import { matmul, transpose } from '../../engine/index.ts'
import type { Architecture, Block } from '../blocks.ts'
import { hidden } from '../hidden.ts'
import { counted, mix, ofTasks, partOf } from '../mix.ts'
import { tasksOf } from '../plan.ts'
import type { Plan } from '../plan.ts'
import { sketched } from '../sketch.ts'

/**
 * Cross-stitch units (Misra et al. 2016): after each layer the towers are mixed by a learned matrix,
 *   h_k <- sum_j S_kj h_j,  S starting with 0.9 on the diagonal and 0.1 shared among the others
 * The last mixture is a row of its own for every task. With as many towers as tasks this is the paper's network; with
 * fewer, tasks are dealt to the towers in turn, and their rows move them from there.
 */
const OWN = 0.9

export function crossStitch(plan: Plan, towers: number): Architecture {
  const own = hidden(plan, { kind: 'tower', widths: plan.hidden, stacks: counted(towers) })
  const share = (k: number, j: number) => (towers === 1 ? 1 : k === j ? OWN : (1 - OWN) / (towers - 1))
  const rows = (n: number) =>
    Float32Array.from({ length: n * towers }, (_, i) => share(Math.floor(i / towers) % towers, i % towers))
  return sketched(plan, {
    blocks: [
      ...own.blocks,
      ...plan.hidden.slice(1).map((_, l): Block => ({
        name: `stitch${l + 1}`,
        shape: [towers, towers],
        start: rows(towers),
        bias: true,
        owner: 'shared',
      })),
      ofTasks(plan, 'stitch', [towers], rows(tasksOf(plan)), true),
    ],
    groups: own.groups,
    features: own.units,
    forward(at, x, choice, probe) {
      if (!plan.hidden.length) return x
      const last = plan.hidden.length - 1
      const h = plan.hidden.reduce((before, _, l) => {
        const next = own.layer(l, at, before, probe)
        return l === last ? next : transpose(matmul(at(`stitch${l + 1}`), transpose(next, [1, 0, 2])), [1, 0, 2])
      }, x)
      return mix(choice.own(at('stitch')), h)
    },
    edges: (pieces) =>
      own.edges(pieces).flatMap((edge) => {
        const [layer, k] = edge.to.split(':')
        const l = Number(layer.slice('tower'.length)) - 1
        if (l === 0) return [edge]
        const stitch = partOf(pieces, `stitch${l}`, Number(k) - 1, towers)
        return counted(towers).map((j, n) => ({
          from: `tower${l}:${j}`,
          to: edge.to,
          weights: edge.weights.map((w) => w * stitch[n]),
          bias: n === 0 ? edge.bias : null,
        }))
      }),
    feeds: (pieces, t) => {
      if (!plan.hidden.length) return [{ layer: 'input', factor: 1 }]
      const row = partOf(pieces, 'stitch', t, towers)
      return own.last.map((layer, k) => ({ layer, factor: row[k] }))
    },
  })
}
