import { add, cast, loop, mul } from '../engine/index.ts'
import { grad } from '../engine/index.ts'
import { adam } from '../nn/adam.ts'
import type { Adapted, Adapting } from './strategy.ts'
import { losses, perTask, sumOfMeans } from './taskNetworks.ts'

/** Learns a task by Adam on its support set: the whole network, or its last layer on a trunk that stays. */
export function fineTuned({ plan, meta, support, rate, count }: Adapting, headOnly = false): Adapted {
  const kept = headOnly ? meta.slice(0, -2) : []
  const start = perTask(meta.slice(kept.length))
  const zeros = start.map((piece) => mul(piece, 0))
  const n = start.length
  const { state } = loop({
    count,
    state: [...start, ...zeros, ...zeros],
    body(i, state) {
      const pieces = state.slice(0, n)
      const slopes = grad(sumOfMeans(losses(plan, [...kept, ...pieces], support), support), pieces)
      const t = add(cast(i, 'float'), 1)
      const next = pieces.map((theta, k) =>
        adam({ theta, m: state[n + k], v: state[2 * n + k] }, slopes[k], t, rate, null),
      )
      return { state: [...next.map((s) => s.theta), ...next.map((s) => s.m), ...next.map((s) => s.v)] }
    },
  })
  return { pieces: perTask([...kept, ...state.slice(0, n)]) }
}
