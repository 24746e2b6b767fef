import { fitEncoder } from '../data/encoding.ts'
import type { Frame } from '../frame.ts'
import type { Linear } from './linear.ts'
import { linearMethod } from './linearMethod.ts'
import { RidgeParams, solveRidge } from './ridge.ts'
import { together } from './together.ts'
import type { z } from 'zod'

/**
 * One ridge per target over the rows of all tasks: b = argmin sum (y - b0 - x b)^2 + alpha |b|^2. With intercepts every
 * task has a 0/1 input of its own, held back by the same alpha: a level b0 + u_k, shrunken towards the common one.
 * A task never seen gets the common level (complete pooling, Gelman and Hill 2007, ch. 12).
 */
const pooled = (intercepts: boolean) =>
  linearMethod<z.infer<typeof RidgeParams>>({
    id: intercepts ? 'pooled-ridge-intercepts' : 'pooled-ridge',
    family: 'baseline',
    name: intercepts ? 'Pooled ridge with task intercepts' : 'Pooled ridge',
    about: intercepts
      ? 'One straight line per input for all tasks together; each task has a level of its own.'
      : 'One straight line per input for all tasks together, as if there were no tasks.',
    cite: 'Hoerl and Kennard 1970; Gelman and Hill 2007, chapter 12',
    params: RidgeParams,
    twins: ['ridge', 'logistic'],
    ignoresTasks: !intercepts,
    beside: intercepts ? ['multitask'] : ['multitask', 'metalearning'],
    can: { needsTaskColumn: true, newTask: true },
    work: (s) => {
      const width = s.features + (intercepts ? s.tasks / s.targets : 0)
      return (s.rows * width ** 2 + width ** 3) * s.targets + 1
    },
    encode: (view) => fitEncoder(view, { taskColumn: intercepts }),
    fit: (frame, { alpha }) => fitPooled(frame, alpha),
  })

export const pooledRidge = pooled(false)
export const pooledRidgeIntercepts = pooled(true)

function fitPooled(frame: Frame, alpha: number): Linear {
  const width = frame.encoder.names.length
  const fresh = new Map<string, Float64Array>()
  for (const [target, { cells }] of together(frame)) fresh.set(target, solveRidge(frame.x, width, cells, alpha))
  return {
    encoder: frame.encoder,
    outputs: frame.outputs,
    coefficients: frame.outputs.map((output) => fresh.get(output.target) as Float64Array),
    fresh,
    parameters: fresh.size * (width + 1),
  }
}
