import type { View } from '../data/taskSet.ts'
import { describeView } from '../frame.ts'
import type { OutputCells } from '../frame.ts'
import { minimise } from '../lbfgs.ts'
import { residual } from '../link.ts'
import type { Perceptron } from './perceptron.ts'
import { columnsByTarget, elementsOf, headsOf, layerShapes, parameterCount } from './plan.ts'
import type { Plan, PlanColumn } from './plan.ts'

/**
 * What a shared trunk knows of tasks it never saw. The general head of a target is the mean of its heads, w: it answers
 * new tasks as they come. With labelled rows, a new task gets a head of its own,
 *   w + d,  d = argmin sum loss(h (w + d), y) + |d|^2 s^2 / (2 t^2),
 * h being the trunk's last layer with a 1 for the intercept, which stays as it is; t^2 the variance of the heads around
 * their mean (weights and intercepts apart), s^2 the noise: the shrinkage of a random-effects model.
 */
export type General = { net: Perceptron; spread: Spread[] }
/** Per column: variance of weights and of intercepts between heads, null where there is one head. */
type Spread = { weights: number; intercept: number } | null
/** Of a standardised number: half of it is taken as noise. Classes have a likelihood, and no noise of their own. */
const NOISE = { regression: 0.5, binary: 1, multiclass: 1 }

export function generalHead({ plan, theta, encoder, outputs }: Perceptron): General {
  const general: Plan = { ...plan, columns: plan.columns.map((column) => ({ ...column, tasks: null })) }
  const { trunk, units, inputs, weights, bias } = lastLayer(plan, theta)
  const generalUnits = plan.columns.reduce((sum, column) => sum + column.width, 0)
  const next = new Float32Array(parameterCount(general))
  next.set(theta.subarray(0, trunk))
  let from = 0
  let to = 0
  const spread = plan.columns.map((column): Spread => {
    const heads = headsOf(column)
    const total = { weights: 0, intercept: 0 }
    for (let k = 0; k < column.width; k++, to++) {
      const own = (row: Float32Array, at: number) =>
        Float64Array.from({ length: heads }, (_, head) => row[at + from + head * column.width + k])
      for (let i = 0; i < inputs; i++) {
        const { mean, variance } = moments(own(weights, i * units))
        next[trunk + i * generalUnits + to] = mean
        total.weights += variance / (inputs * column.width)
      }
      const { mean, variance } = moments(own(bias, 0))
      next[trunk + inputs * generalUnits + to] = mean
      total.intercept += variance / column.width
    }
    from += heads * column.width
    return heads > 1 ? total : null
  })
  return { net: { plan: general, theta: next, encoder, outputs }, spread }
}

/** The same trunk with one new head per task of the support set, learned from its labelled rows. */
export function newHeads({ net, spread }: General, support: View): Perceptron {
  const { plan, theta, encoder } = net
  const known = new Set(plan.columns.map((column) => column.target))
  const described = describeView(support)
  const own = described.outputs.map((output, k) => ({ output, cells: described.cells[k] }))
  const used = own.filter(({ output }) => known.has(output.target))
  const columns = columnsByTarget(
    used.map(({ output }) => output),
    true,
  ).map((column) => {
    const { mean, sd } = plan.columns.find((c) => c.target === column.target) as PlanColumn
    return { ...column, mean, sd }
  })
  const next: Plan = { ...plan, columns }
  const { trunk, units, inputs, weights, bias } = lastLayer(plan, theta)
  const h = trunkOutputs(plan, theta, encoder.encode(support.set, support.rows))
  const total = columns.reduce((sum, column) => sum + headsOf(column) * column.width, 0)
  const learned = new Float32Array(trunk + (inputs + 1) * total)
  learned.set(theta.subarray(0, trunk))
  let to = 0
  for (const column of columns) {
    const place = plan.columns.findIndex((c) => c.target === column.target)
    const start = plan.columns.slice(0, place).reduce((sum, c) => sum + c.width, 0)
    for (const task of column.tasks as string[]) {
      const { cells } = used.find(({ output }) => output.task === task) as (typeof used)[number]
      const prior = new Float64Array((inputs + 1) * column.width)
      for (let k = 0; k < column.width; k++) {
        for (let i = 0; i < inputs; i++) prior[i * column.width + k] = weights[i * units + start + k]
        prior[inputs * column.width + k] = bias[start + k]
      }
      const head = learnHead(h, inputs, column, cells, prior, spread[place])
      for (let k = 0; k < column.width; k++, to++) {
        for (let i = 0; i < inputs; i++) learned[trunk + i * total + to] = head[i * column.width + k]
        learned[trunk + inputs * total + to] = head[inputs * column.width + k]
      }
    }
  }
  return { plan: next, theta: learned, encoder, outputs: used.map(({ output }) => output) }
}

/** head [in + 1, width], the intercept last. h [row, in] */
function learnHead(
  h: ArrayLike<number>,
  inputs: number,
  { kind, width, mean, sd }: PlanColumn,
  { at, y, weight }: OutputCells,
  prior: Float64Array,
  spread: Spread,
): Float64Array {
  const noise = NOISE[kind]
  const hold = (variance: number) => noise / Math.max(variance, 1e-6)
  const held = spread
    ? { weights: hold(spread.weights), intercept: hold(spread.intercept) }
    : { weights: 1, intercept: 0 }
  const score = new Float64Array(width)
  return minimise((b, g) => {
    g.fill(0)
    let loss = 0
    for (let i = 0; i < at.length; i++) {
      const row = at[i] * inputs
      for (let k = 0; k < width; k++) {
        let sum = b[inputs * width + k]
        for (let j = 0; j < inputs; j++) sum += h[row + j] * b[j * width + k]
        score[k] = sum
      }
      const w = weight ? weight[i] : 1
      loss += w * residual(kind, score, kind === 'regression' ? (y[i] - mean) / sd : y[i])
      for (let k = 0; k < width; k++) {
        for (let j = 0; j < inputs; j++) g[j * width + k] += w * score[k] * h[row + j]
        g[inputs * width + k] += w * score[k]
      }
    }
    for (let j = 0; j < b.length; j++) {
      const strength = j < inputs * width ? held.weights : held.intercept
      loss += (strength * (b[j] - prior[j]) ** 2) / 2
      g[j] += strength * (b[j] - prior[j])
    }
    return loss
  }, prior)
}

/** Where the last layer of a shared plan stands: offset, units, inputs, and views of its weights and bias. */
function lastLayer(plan: Plan, theta: Float32Array) {
  const shapes = layerShapes(plan)
  const [inputs, units] = shapes[shapes.length - 2].shape
  const trunk = shapes.slice(0, -2).reduce((sum, { shape }) => sum + elementsOf(shape), 0)
  return {
    trunk,
    units,
    inputs,
    weights: theta.subarray(trunk, trunk + inputs * units),
    bias: theta.subarray(trunk + inputs * units),
  }
}

/** The trunk's last layer for a few rows, in double precision. x [row, input] -> [row, unit] */
function trunkOutputs(plan: Plan, theta: Float32Array, x: Float64Array): Float64Array {
  let h = x
  let at = 0
  const rows = x.length / plan.inputs.length
  let inputs = plan.inputs.length
  for (const units of plan.hidden) {
    const next = new Float64Array(rows * units)
    const bias = at + inputs * units
    for (let row = 0; row < rows; row++)
      for (let u = 0; u < units; u++) {
        let sum = theta[bias + u]
        for (let j = 0; j < inputs; j++) sum += h[row * inputs + j] * theta[at + j * units + u]
        next[row * units + u] = plan.activation === 'relu' ? Math.max(0, sum) : Math.tanh(sum)
      }
    h = next
    inputs = units
    at = bias + units
  }
  return h
}

function moments(values: Float64Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, values.length - 1) }
}
