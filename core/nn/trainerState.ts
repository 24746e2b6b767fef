import { z } from 'zod'
import type { State as Memory } from '../balancers/balancer.ts'
import { damaged, pack, take, unpack } from '../pack.ts'
import { sizeOf } from './architecture.ts'
import type { Architecture } from './architecture.ts'
import { elementsOf } from './plan.ts'
import type { TaskScore } from './scores.ts'

/** What a training carries from chunk to chunk, and what its checkpoints hold. Its arrays are its own. */
export type State = {
  epoch: number
  step: number
  theta: Float32Array
  m: Float32Array
  v: Float32Array
  best: Float32Array
  /** [net] inner score of `best`, its epoch, and whether that network is finished. */
  bestLoss: Float64Array
  bestEpoch: Float64Array
  stopped: Uint8Array
  memory: Memory
  /** What watching has seen. */
  seen: Memory
}

/** Who keeps numbers of its own between chunks. */
type Keeping = { memory: [string, number][]; first(): Memory } | null

export const firstState = (theta: Float32Array, nets: number, balanced: Keeping, affinity: Keeping): State => ({
  epoch: 0,
  step: 0,
  theta,
  m: new Float32Array(theta.length),
  v: new Float32Array(theta.length),
  best: nets > 1 ? theta.slice() : theta,
  bestLoss: new Float64Array(nets).fill(Infinity),
  bestEpoch: new Float64Array(nets),
  stopped: new Uint8Array(nets),
  memory: balanced?.first() ?? {},
  seen: affinity?.first() ?? {},
})

const SavedState = z.object({ epoch: z.int().min(1), step: z.int().min(1) })

export function writeState({ epoch, step, memory, seen, ...arrays }: State): Uint8Array {
  const kept = [
    ...Object.entries(memory).map(([name, values]) => [`balancer.${name}`, values]),
    ...Object.entries(seen).map(([name, values]) => [`affinity.${name}`, values]),
  ]
  return pack({ epoch, step }, { ...arrays, ...Object.fromEntries(kept) })
}

export function readState(bytes: Uint8Array, architecture: Architecture, balanced: Keeping, affinity: Keeping): State {
  const packed = unpack(bytes)
  const kept = (prefix: string, about: [string, number][]): Memory =>
    Object.fromEntries(about.map(([name, length]) => [name, take(packed, `${prefix}.${name}`, 'f64', length)]))
  const parsed = SavedState.safeParse(packed.header)
  if (!parsed.success) throw damaged('a checkpoint of another method')
  const size = sizeOf(architecture)
  const { nets } = architecture
  return {
    ...parsed.data,
    theta: take(packed, 'theta', 'f32', size),
    m: take(packed, 'm', 'f32', size),
    v: take(packed, 'v', 'f32', size),
    best: take(packed, 'best', 'f32', size),
    bestLoss: take(packed, 'bestLoss', 'f64', nets),
    bestEpoch: take(packed, 'bestEpoch', 'f64', nets),
    stopped: take(packed, 'stopped', 'u8', nets),
    memory: kept('balancer', balanced?.memory ?? []),
    seen: kept('affinity', affinity?.memory ?? []),
  }
}

/** Takes over the parameters of every network whose inner score is the best so far; ends those out of patience. */
export function keepBest({ nets, blocks }: Architecture, state: State, scores: TaskScore[], patience: number): void {
  const better: number[] = []
  for (let g = 0; g < nets; g++) {
    if (state.stopped[g]) continue
    const own = nets > 1 ? scores.filter((score) => score.column === g) : scores
    // A network without inner rows has nothing to be judged by: it trains to the end.
    const loss = own.length ? own.reduce((sum, score) => sum + score.loss, 0) / own.length : -state.epoch
    if (loss < state.bestLoss[g]) {
      state.bestLoss[g] = loss
      state.bestEpoch[g] = state.epoch
      better.push(g)
    } else if (patience > 0 && state.epoch - state.bestEpoch[g] >= patience) state.stopped[g] = 1
  }
  if (!better.length) return
  if (nets === 1) {
    state.best = state.theta
    return
  }
  let at = 0
  for (const { shape } of blocks) {
    const size = elementsOf(shape) / nets
    for (const g of better) state.best.set(state.theta.subarray(at + g * size, at + (g + 1) * size), at + g * size)
    at += size * nets
  }
}
