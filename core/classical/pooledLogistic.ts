import { fitEncoder } from '../data/encoding.ts'
import type { Frame } from '../frame.ts'
import type { Linear } from './linear.ts'
import { linearMethod } from './linearMethod.ts'
import { LogisticParams, solveLogistic } from './logistic.ts'
import { together } from './together.ts'
import type { z } from 'zod'

/**
 * One logistic regression per target over the rows of all tasks, as pooled ridge is for numbers (pooledRidge.ts): with
 * intercepts every task has a 0/1 input of its own, held back by the same alpha. A task never seen gets the common
 * level (Cox 1958; complete pooling, Gelman and Hill 2007, ch. 12).
 */
type Params = z.infer<typeof LogisticParams>

const pooled = (intercepts: boolean) =>
  linearMethod<Params>({
    id: intercepts ? 'pooled-logistic-intercepts' : 'pooled-logistic',
    family: 'baseline',
    name: intercepts ? 'Pooled logistic regression with task intercepts' : 'Pooled logistic regression',
    about: intercepts
      ? 'One weighted sum of the inputs for all tasks together; each task has a level of its own. Answers class targets.'
      : 'One weighted sum of the inputs for all tasks together, as if there were no tasks. Answers class targets.',
    cite: 'Cox 1958; Gelman and Hill 2007, chapter 12',
    params: LogisticParams,
    twins: ['logistic'],
    ignoresTasks: !intercepts,
    beside: ['multitask'],
    can: { needsTaskColumn: true, newTask: true, kinds: ['binary', 'multiclass'] },
    work: (s) => 200 * s.rows * (s.features + (intercepts ? s.tasks / s.targets : 0)) * s.targets + 1,
    encode: (view) => fitEncoder(view, { taskColumn: intercepts }),
    fit: fitPooled,
  })

export const pooledLogistic = pooled(false)
export const pooledLogisticIntercepts = pooled(true)

function fitPooled({ x, encoder, ...frame }: Frame, params: Params): Linear {
  const width = encoder.names.length
  const fresh = new Map<string, Float64Array>()
  for (const [target, { output, cells }] of together({ x, encoder, ...frame }))
    fresh.set(target, solveLogistic(x, width, output, cells, params))
  const coefficients = frame.outputs.map(({ target }) => fresh.get(target) as Float64Array)
  const parameters = [...fresh.values()].reduce((sum, c) => sum + c.length, 0)
  return { encoder, outputs: frame.outputs, coefficients, fresh, parameters }
}
