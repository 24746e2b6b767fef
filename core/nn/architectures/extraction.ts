import { add, concat, matmul, mul, reshape, slice, softmax } from '../../engine/index.ts'
import { reach } from '../blocks.ts'
import type { Architecture, Block } from '../blocks.ts'
import { ownDense } from '../choice.ts'
import { activate, dense } from '../layers.ts'
import { counted, mix, ofTasks, partOf, softmaxOf } from '../mix.ts'
import type { Plan } from '../plan.ts'
import { taskPlaces } from '../readout.ts'
import { sketched } from '../sketch.ts'
import type { Edge } from '../sketch.ts'

/**
 * Progressive layered extraction (Tang et al. 2020): at each level shared experts and one of the task's own,
 *   f_t <- sum_k g_tk E_k(s) + g_t,own O_t(f_t),  g_t = softmax(f_t G_t + c_t)
 * and, before the last level, s, what the shared experts read next, from all experts by a gate of its own. With one
 * level this is customised gate control. With a task column a row has the experts of its own tasks, no others.
 */
type Shape = { levels: number; experts: number; units: number }

export function extraction(plan: Plan, { levels, experts, units }: Shape): Architecture {
  const columns = plan.columns.length
  const places = taskPlaces(plan.columns)
  const widths = (l: number) => (l === 0 ? plan.inputs.length : units)
  const level = counted(levels).map(Number)
  const shared = (name: string, shape: number[], start: number, bias: boolean): Block => ({
    name,
    shape,
    start,
    bias,
    owner: 'shared',
  })
  const ids = (l: number) => counted(experts).map((k) => `expert${l}:${k}`)
  const ownIds = (l: number) => places.map((place) => `tower${l}:${place.name}`)
  const gateOf = (pieces: Map<string, Float32Array>, l: number, t: number) =>
    softmaxOf(partOf(pieces, `gate${l}.bias`, t, experts + 1))
  return sketched(plan, {
    blocks: level.flatMap((l) => {
      const inputs = widths(l - 1)
      const start = reach(inputs, plan.activation)
      return [
        shared(`expert${l}`, [experts, inputs, units], start, false),
        shared(`expert${l}.bias`, [experts, 1, units], 0, true),
        ofTasks(plan, `tower${l}`, [inputs, units], start),
        ofTasks(plan, `tower${l}.bias`, [units], 0, true),
        ofTasks(plan, `gate${l}`, [inputs, experts + 1], 0),
        ofTasks(plan, `gate${l}.bias`, [experts + 1], 0, true),
        ...(l < levels
          ? [
              shared(`common${l}`, [inputs, experts + columns], 0, false),
              shared(`common${l}.bias`, [experts + columns], 0, true),
            ]
          : []),
      ]
    }),
    groups: level.flatMap((l) => [
      { name: `expert${l}`, kind: 'expert' as const, units, activation: plan.activation, ids: ids(l) },
      {
        name: `tower${l}`,
        kind: 'tower' as const,
        units,
        activation: plan.activation,
        ids: ownIds(l),
        tasks: places.map((place) => place.task),
      },
    ]),
    features: units,
    forward(at, x, choice, probe) {
      let s = x // [row, in]
      let f = x // [row, in] or [column, row, in]
      for (const l of level) {
        const all = probe(`expert${l}`, activate(plan.activation, dense(s, at(`expert${l}`), at(`expert${l}.bias`))))
        const z = ownDense(f, at(`tower${l}`), at(`tower${l}.bias`), choice)
        const own = probe(`tower${l}`, activate(plan.activation, z), (p) => choice.own(p)) // [column, row, unit]
        const gates = softmax(ownDense(f, at(`gate${l}`), at(`gate${l}.bias`), choice))
        if (l < levels) {
          const common = softmax(add(matmul(s, at(`common${l}`)), at(`common${l}.bias`)))
          const [rows, n] = common.shape
          s = reshape(mix(reshape(common, [1, rows, n]), concat([all, own], 0)), [rows, units])
        }
        f = add(mix(slice(gates, 2, 0, experts), all), mul(slice(gates, 2, experts, experts + 1), own))
      }
      return f
    },
    edges: (pieces) =>
      level.flatMap((l): Edge[] => {
        const size = widths(l - 1) * units
        const into = (name: string, k: number, to: string, from: { layer: string; factor: number }[]): Edge[] => {
          const weights = partOf(pieces, name, k, size)
          return from.map(({ layer, factor }, i) => ({
            from: layer,
            to,
            weights: weights.map((w) => w * factor),
            bias: i === 0 ? partOf(pieces, `${name}.bias`, k, units) : null,
          }))
        }
        const common = l > 1 ? softmaxOf(pieces.get(`common${l - 1}.bias`) as Float32Array) : []
        const column = places.map((place) => plan.columns.indexOf(place.column))
        const beforeShared =
          l === 1
            ? [{ layer: 'input', factor: 1 }]
            : [
                ...ids(l - 1).map((layer, k) => ({ layer, factor: common[k] })),
                ...ownIds(l - 1).map((layer, t) => ({ layer, factor: common[experts + column[t]] })),
              ]
        return [
          ...ids(l).flatMap((to, k) => into(`expert${l}`, k, to, beforeShared)),
          ...ownIds(l).flatMap((to, t) => {
            const gate = l > 1 ? gateOf(pieces, l - 1, t) : []
            const before =
              l === 1
                ? [{ layer: 'input', factor: 1 }]
                : [...ids(l - 1), ownIds(l - 1)[t]].map((layer, k) => ({ layer, factor: gate[k] }))
            return into(`tower${l}`, t, to, before)
          }),
        ]
      }),
    feeds: (pieces, t) => {
      const gate = gateOf(pieces, levels, t)
      return [...ids(levels), ownIds(levels)[t]].map((layer, k) => ({ layer, factor: gate[k] }))
    },
  })
}
