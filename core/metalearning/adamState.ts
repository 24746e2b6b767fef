import { z } from 'zod'
import type { Tensor } from '../engine/index.ts'
import { damaged, pack, take, unpack } from '../pack.ts'

/** Where meta-training stands: parameters and Adam's state, fed to the next call and kept in a checkpoint. */
export type AdamState = { step: number; theta: Float32Array; m: Float32Array; v: Float32Array }

export const startingAt = (theta: Float32Array): AdamState => ({
  step: 0,
  theta,
  m: new Float32Array(theta.length),
  v: new Float32Array(theta.length),
})

export const writeState = ({ step, theta, m, v }: AdamState): Uint8Array => pack({ step }, { theta, m, v })

/** Throws a UserError `damaged-pack` for anything else than a state of `size` parameters. */
export function readState(bytes: Uint8Array, size: number): AdamState {
  const packed = unpack(bytes)
  const parsed = z.object({ step: z.int().min(1) }).safeParse(packed.header)
  if (!parsed.success) throw damaged('a checkpoint of another method')
  const [theta, m, v] = ['theta', 'm', 'v'].map((name) => take(packed, name, 'f32', size))
  return { ...parsed.data, theta, m, v }
}

export const vector = (data: Float32Array): Tensor => ({ shape: [data.length], data })
export const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })
