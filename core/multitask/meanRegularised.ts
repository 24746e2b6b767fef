import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import { RidgeParams } from '../classical/ridge.ts'
import type { Frame } from '../frame.ts'
import { centreOf, deviateFrom, deviating, deviationOf } from './deviations.ts'
import { familiesOf } from './families.ts'
import { search } from '../search.ts'

/**
 * Mean-regularised multi-task learning (Evgeniou and Pontil 2004): every task has the common line w and a deviation
 * v_t of its own, level included. Per target it minimises over all of them at once
 *   sum_t sum_i (y_i - x_i (w + v_t))^2  +  alpha |w|^2  +  deviation sum_t |v_t|^2,     the common level free,
 * which is pooled ridge where `deviation` is large and ridge per task where it is small; deviations.ts solves it. A task
 * never seen has no deviation, and `adapt` fits it one while w stays.
 */
const Params = RidgeParams.extend({
  deviation: z
    .number()
    .gt(0)
    .max(1e9)
    .default(30)
    .describe('Strength of the pull of every task towards the common line; the larger, the more tasks share.')
    .meta(search({ log: [0.1, 10000] })),
})
type Params = z.infer<typeof Params>

export const meanRegularised = linearMethod<Params>({
  id: 'mean-regularised',
  family: 'multitask',
  twins: ['ridge'],
  name: 'Common line with deviations',
  about: 'One straight line per input for all tasks together, from which each task deviates as far as its rows say.',
  cite: 'Evgeniou and Pontil 2004, Regularized multi-task learning',
  params: Params,
  can: { needsTaskColumn: true, newTask: true },
  work: (s) => s.rows * s.targets * s.features ** 2 + 8 * s.tasks * s.features ** 3 + 1,
  fit: fitDeviations,
  adapt: deviate,
})

function fitDeviations(frame: Frame, { alpha, deviation }: Params): Linear {
  const width = frame.encoder.names.length
  const fresh = new Map<string, Float64Array>()
  const coefficients: Float64Array[] = []
  for (const { outputs, tasks, levels, raw } of familiesOf(frame)) {
    const parts = tasks.map((task) => deviating(task, deviation))
    const common = centreOf(parts, alpha, levels)
    outputs.forEach((k, t) => {
      const own = deviationOf(parts[t], common)
      coefficients[k] = raw(
        common.map((value, j) => value + own[j]),
        t,
      )
    })
    fresh.set(frame.outputs[outputs[0]].target, raw(common, 0))
  }
  const parameters = (fresh.size + frame.outputs.length) * (width + 1)
  return { encoder: frame.encoder, outputs: frame.outputs, coefficients, fresh, parameters }
}

/** Deviations for the tasks of `support`, from the common lines as they are. */
function deviate(linear: Linear, frame: Frame, { deviation }: Params): Linear {
  const common = linear.fresh as Map<string, Float64Array>
  return deviateFrom(new Map([...common].map(([target, line]) => [target, [line]])), linear, frame, deviation)
}
