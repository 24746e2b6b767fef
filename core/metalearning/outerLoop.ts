import type { Tensor } from '../engine/index.ts'
import type { UserError } from '../errors.ts'
import type { FitEvent } from '../method.ts'
import { asFloat32 } from '../nn/trainer.ts'
import { scalar, vector, writeState } from './adamState.ts'
import type { AdamState } from './adamState.ts'

/**
 * The outer loop: chunks of iterations, each one call of a program that goes on from parameters and Adam's state. What a
 * chunk learns from is drawn from (rng, iteration) by `call`, so that a training that was resumed from a checkpoint goes
 * on exactly as it would have.
 */
export type OuterLoop = {
  iterations: number
  /** Iterations in one call of the runtime. */
  chunk: number
  /** Chunks between two checkpoints at least; there are about ten of them in all. */
  apart: number
  /** Answers theta1, m1, v1 [parameter] and loss [step] after so many steps from a state. */
  call(state: AdamState, steps: number): Promise<Record<string, Tensor>>
  /** What is wrong where loss or parameters are no longer numbers by this iteration. */
  diverged(step: number): UserError
}

export async function* outerLoop(
  from: AdamState,
  { iterations, chunk, apart, call, diverged }: OuterLoop,
): AsyncGenerator<FitEvent, Float32Array> {
  const every = chunk * Math.max(apart, Math.ceil(iterations / chunk / 10))
  let state = from
  while (state.step < iterations) {
    const steps = Math.min(chunk, iterations - state.step)
    const out = await call(state, steps)
    const step = state.step + steps
    const loss = (out.loss.data as Float32Array).reduce((sum, value) => sum + value, 0) / steps
    state = { step, theta: asFloat32(out.theta1.data), m: asFloat32(out.m1.data), v: asFloat32(out.v1.data) }
    if (!Number.isFinite(loss) || !state.theta.every(Number.isFinite)) throw diverged(step)
    yield { type: 'metric', name: 'loss', split: 'train', task: null, step, value: loss }
    yield { type: 'progress', done: step, of: iterations }
    if (step % every === 0 && step < iterations) yield { type: 'checkpoint', step, bytes: writeState(state) }
  }
  return state.theta
}

/** A state as programs are fed it; `t` counts the iterations that are done. */
export const stateFeeds = ({ step, theta, m, v }: AdamState): Record<string, Tensor> => ({
  theta: vector(theta),
  m: vector(m),
  v: vector(v),
  t: scalar(step),
})
