import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Linear } from '../classical/linear.ts'
import { solvePositive } from '../classical/ridge.ts'
import type { Frame, Output } from '../frame.ts'
import { crossProducts } from './crossProducts.ts'
import { quadraticOf } from './families.ts'
import type { Quadratic } from './families.ts'

/**
 * A centre w and deviations v_t from it, the least of
 *   sum_t |y_t - X_t (w + v_t)|^2  +  alpha |w|^2  +  deviation sum_t |v_t|^2.
 * Given w each v_t is a ridge of what w leaves. Put back, a task is a quadratic in w alone:
 *   w' M w - 2 m' w - own,   M = deviation (X'X + deviation I)^-1 X'X,   m the same of X'y,   own = y'X (...)^-1 X'y
 */
export type Deviating = {
  /** M [size, size] and m [size] */
  gram: Float64Array
  moment: Float64Array
  own: number
  deviation: number
}

export function deviating({ gram, moment }: Pick<Quadratic, 'gram' | 'moment'>, deviation: number): Deviating {
  const size = moment.length
  const full = new Matrix(size, size)
  for (let j = 0; j < size; j++) for (let l = 0; l < size; l++) full.set(j, l, gram[j * size + l])
  const held = new CholeskyDecomposition(Matrix.add(full, Matrix.eye(size).mul(deviation)))
  const line = held.solve(Matrix.columnVector(moment))
  return {
    gram: Float64Array.from(held.solve(full).to1DArray(), (value) => deviation * value),
    moment: Float64Array.from(line.to1DArray(), (value) => deviation * value),
    own: moment.reduce((sum, value, j) => sum + value * line.get(j, 0), 0),
    deviation,
  }
}

/** The least of sum_t (w' M_t w - 2 m_t' w) + alpha |w|^2; `levels`: the last entry is a level and free. */
export function centreOf(tasks: readonly Deviating[], alpha: number, levels: boolean): Float64Array {
  const size = tasks[0].moment.length
  const gram = new Float64Array(size * size)
  const moment = new Float64Array(size)
  for (const task of tasks) {
    for (let j = 0; j < size; j++) moment[j] += task.moment[j]
    for (let i = 0; i < gram.length; i++) gram[i] += task.gram[i]
  }
  for (let j = 0; j < size - Number(levels); j++) gram[j * size + j] += alpha
  return solvePositive(gram, moment, 0)
}

/** v_t = (X'X + deviation I)^-1 (X'y - X'X w) */
export function deviationOf({ gram, moment, deviation }: Deviating, centre: Float64Array): Float64Array {
  const size = centre.length
  return centre.map((_, j) => {
    let left = moment[j]
    for (let l = 0; l < size; l++) left -= gram[j * size + l] * centre[l]
    return left / deviation
  })
}

/** What a task costs around this centre, with its best deviation, less |y_t|^2. */
export function costAround({ gram, moment, own }: Deviating, centre: Float64Array): number {
  const size = centre.length
  let cost = -own
  for (let j = 0; j < size; j++) {
    let sum = -2 * moment[j]
    for (let l = 0; l < size; l++) sum += gram[j * size + l] * centre[l]
    cost += sum * centre[j]
  }
  return cost
}

/**
 * Lines for the tasks of `support`: each deviates from that line among its target's `lines` [input + 1] around which
 * it costs least. Tasks of targets without a line stay without an answer.
 */
export function deviateFrom(
  lines: ReadonlyMap<string, readonly Float64Array[]>,
  linear: Linear,
  frame: Frame,
  deviation: number,
): Linear {
  const width = linear.encoder.names.length
  const outputs: Output[] = []
  const coefficients: Float64Array[] = []
  frame.outputs.forEach((output, k) => {
    const from = lines.get(output.target)
    if (!from) return
    const shift = output.mean
    const sums = crossProducts(frame.x, width, frame.cells[k], shift)
    const task = deviating(quadraticOf(sums, width + 1, output.cells), deviation)
    const centres = from.map((line) => raised(line, -shift))
    const costs = centres.map((centre) => costAround(task, centre))
    const centre = centres[costs.indexOf(Math.min(...costs))]
    const own = deviationOf(task, centre)
    outputs.push(output)
    coefficients.push(
      raised(
        own.map((value, j) => value + centre[j]),
        shift,
      ),
    )
  })
  return { ...linear, outputs, coefficients, parameters: (lines.size + outputs.length) * (width + 1) }
}

/** The same line, `by` higher. */
const raised = (line: Float64Array, by: number) => line.map((value, j) => (j === line.length - 1 ? value + by : value))
