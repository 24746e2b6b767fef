import { softmax } from '../../engine/index.ts'
import type { Architecture } from '../blocks.ts'
import { ownDense } from '../choice.ts'
import { hidden } from '../hidden.ts'
import { counted, mix, ofTasks, partOf, softmaxOf } from '../mix.ts'
import type { Plan } from '../plan.ts'
import { taskPlaces } from '../readout.ts'
import { sketched } from '../sketch.ts'

/**
 * Multi-gate mixture of experts (Ma et al. 2018):
 *   f_t = sum_k g_tk expert_k(x),  g_t = softmax(x G_t + c_t)
 * Gates start equal.
 */
export function mixtureOfExperts(plan: Plan, experts: number): Architecture {
  const own = hidden(plan, { kind: 'expert', widths: plan.hidden, stacks: counted(experts) })
  const places = taskPlaces(plan.columns)
  const inputs = plan.inputs.length
  return sketched(plan, {
    blocks: [
      ...own.blocks,
      ofTasks(plan, 'gate', [inputs, experts], 0),
      ofTasks(plan, 'gate.bias', [experts], 0, true),
    ],
    groups: [
      ...own.groups,
      {
        name: 'gate',
        kind: 'gate',
        units: experts,
        activation: 'softmax',
        ids: places.map((place) => `gate:${place.name}`),
        tasks: places.map((place) => place.task),
      },
    ],
    features: own.units,
    forward(at, x, choice, probe) {
      const gates = softmax(ownDense(x, at('gate'), at('gate.bias'), choice))
      return mix(
        probe('gate', gates, (p) => choice.own(p)),
        own.forward(at, x, probe),
      )
    },
    edges: (pieces) => [
      ...own.edges(pieces),
      ...places.map((place, t) => ({
        from: 'input',
        to: `gate:${place.name}`,
        weights: partOf(pieces, 'gate', t, inputs * experts),
        bias: partOf(pieces, 'gate.bias', t, experts),
      })),
    ],
    feeds: (pieces, t) => {
      const shares = softmaxOf(partOf(pieces, 'gate.bias', t, experts))
      return own.last.map((layer, k) => ({ layer, factor: shares[k] }))
    },
  })
}
