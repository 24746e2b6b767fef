import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod, outputsByTarget } from '../classical/linearMethod.ts'
import { RidgeParams, solvePositive } from '../classical/ridge.ts'
import type { Frame, Output } from '../frame.ts'
import { crossProducts } from './crossProducts.ts'
import { search } from '../search.ts'

/**
 * Mean-regularised multi-task learning (Evgeniou and Pontil 2004): every task has the common line w and a deviation
 * v_t of its own, level included. Per target it minimises over all of them at once
 *   sum_t sum_i (y_i - x_i (w + v_t))^2  +  alpha |w|^2  +  deviation sum_t |v_t|^2,     the common level free,
 * which is pooled ridge where `deviation` is large and ridge per task where it is small. Given w each v_t is a ridge
 * of what w leaves; put back, that leaves one system for w. A task never seen has no deviation, and `adapt` fits it
 * one while w stays.
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
  work: (s) => s.rows * s.targets * s.features ** 2 + 2 * s.tasks * s.features ** 3 + 1,
  fit: fitDeviations,
  adapt: deviate,
})

function fitDeviations(frame: Frame, params: Params): Linear {
  const width = frame.encoder.names.length
  const fresh = new Map<string, Float64Array>()
  const coefficients: Float64Array[] = []
  for (const [target, own] of outputsByTarget(frame)) {
    // Far from zero a level would drown the rest in rounding.
    const shift = frame.outputs[own[0]].mean
    const parts = own.map((k) => taskOf(crossProducts(frame.x, width, frame.cells[k], shift), width + 1, params))
    const common = commonLine(parts, width + 1, params)
    for (const [i, k] of own.entries()) coefficients[k] = lifted(deviationOf(parts[i], common), common, shift)
    fresh.set(target, lifted(new Float64Array(width + 1), common, shift))
  }
  const parameters = (fresh.size + frame.outputs.length) * (width + 1)
  return { encoder: frame.encoder, outputs: frame.outputs, coefficients, fresh, parameters }
}

/** Deviations for the tasks of `support`, from the common lines as they are. */
function deviate(linear: Linear, frame: Frame, params: Params): Linear {
  const width = linear.encoder.names.length
  const common = linear.fresh as Map<string, Float64Array>
  const outputs: Output[] = []
  const coefficients: Float64Array[] = []
  frame.outputs.forEach((output, k) => {
    const line = common.get(output.target)
    if (!line) return
    const centred = lifted(new Float64Array(width + 1), line, -output.mean)
    const part = taskOf(crossProducts(frame.x, width, frame.cells[k], output.mean), width + 1, params)
    outputs.push(output)
    coefficients.push(lifted(deviationOf(part, centred), centred, output.mean))
  })
  const parameters = (common.size + outputs.length) * (width + 1)
  return { ...linear, outputs, coefficients, parameters }
}

const lifted = (deviation: Float64Array, line: Float64Array, shift: number) =>
  line.map((value, j) => value + deviation[j] + (j === line.length - 1 ? shift : 0))

/** X'X and X'y of one task over [inputs, 1], each divided by (X'X + deviation I). */
type Part = { gram: Matrix; moment: Matrix }

function taskOf(sums: Float64Array, size: number, { deviation }: Params): Part {
  const full = size + 1
  const gram = new Matrix(size, size)
  const moment = new Matrix(size, 1)
  for (let j = 0; j < size; j++) {
    for (let l = 0; l < size; l++) gram.set(j, l, sums[j * full + l])
    moment.set(j, 0, sums[j * full + size])
  }
  const held = new CholeskyDecomposition(Matrix.add(gram, Matrix.eye(size).mul(deviation)))
  return { gram: held.solve(gram), moment: held.solve(moment) }
}

/**
 * w from (alpha I + sum_t deviation gram_t) w = sum_t deviation moment_t: with v_t put back, a task's X'X (X'y) counts
 * as X'X - X'X (X'X + deviation I)^-1 X'X = deviation (X'X + deviation I)^-1 X'X.
 */
function commonLine(parts: Part[], size: number, { alpha, deviation }: Params): Float64Array {
  const gram = new Float64Array(size * size)
  const moment = new Float64Array(size)
  for (const part of parts)
    for (let j = 0; j < size; j++) {
      moment[j] += deviation * part.moment.get(j, 0)
      for (let l = 0; l < size; l++) gram[j * size + l] += deviation * part.gram.get(j, l)
    }
  for (let j = 0; j < size - 1; j++) gram[j * size + j] += alpha
  return solvePositive(gram, moment, 0)
}

/** v_t = (X'X + deviation I)^-1 (X'y - X'X w) */
function deviationOf({ gram, moment }: Part, common: Float64Array): Float64Array {
  const shared = gram.mmul(Matrix.columnVector(common))
  return common.map((_, j) => moment.get(j, 0) - shared.get(j, 0))
}
