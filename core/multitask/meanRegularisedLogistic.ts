import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod, outputsByTarget } from '../classical/linearMethod.ts'
import { hasOneClass, logisticLoss, plainWeights, pullLoss } from '../classical/logisticLoss.ts'
import { together } from '../classical/together.ts'
import type { Frame, Output, OutputCells } from '../frame.ts'
import { minimise } from '../lbfgs.ts'
import { search } from '../search.ts'

/**
 * Mean-regularised logistic regression (Evgeniou and Pontil 2004, with the logistic loss): every task has the common
 * weights w and a deviation v_t of its own, level included. Per target it minimises over all of them at once
 *   sum_t sum_i -log p(class_i | x_i (w + v_t))  +  alpha/2 |w|^2  +  deviation/2 sum_t |v_t|^2,  the common level free,
 * which is pooled logistic regression where `deviation` is large and one per task where it is small. Convex; solved by
 * L-BFGS, each number measured by the root of the curvature it may have at most. A task never seen has no
 * deviation, and `adapt` fits it one while w stays.
 */
const Params = z.strictObject({
  alpha: z
    .number()
    .gt(0)
    .max(1e9)
    .default(1)
    .describe('Strength of the pull of all coefficients towards zero.')
    .meta(search({ log: [0.01, 1000] })),
  deviation: z
    .number()
    .gt(0)
    .max(1e9)
    .default(10)
    .describe('Strength of the pull of every task towards the common weights; the larger, the more tasks share.')
    .meta(search({ log: [0.1, 10000] })),
})
type Params = z.infer<typeof Params>

export const meanRegularisedLogistic = linearMethod<Params>({
  id: 'mean-regularised-logistic',
  family: 'multitask',
  twins: ['logistic'],
  name: 'Common logistic regression with deviations',
  about:
    'One weighted sum of the inputs for all tasks, from which each deviates as its rows say. Answers class targets.',
  cite: 'Evgeniou and Pontil 2004, Regularized multi-task learning',
  params: Params,
  can: { needsTaskColumn: true, newTask: true, kinds: ['binary', 'multiclass'] },
  work: (s) => 400 * s.features * (s.rows * s.targets + s.tasks) + 1,
  fit: fitDeviations,
  adapt: deviate,
})

function fitDeviations(frame: Frame, params: Params): Linear {
  const { encoder, outputs } = frame
  const coefficients: Float64Array[] = []
  const fresh = new Map<string, Float64Array>()
  const all = together(frame)
  for (const [target, places] of outputsByTarget(frame)) {
    const { output } = all.get(target) as { output: Output }
    const plain = plainWeights(encoder.names.length, output)
    const { common, own } = hasOneClass(output)
      ? { common: plain, own: places.map(() => plain) }
      : solve(
          frame,
          places.map((k) => frame.cells[k]),
          output,
          plain,
          params,
        )
    fresh.set(target, common)
    places.forEach((k, t) => (coefficients[k] = own[t]))
  }
  return { encoder, outputs, coefficients, fresh, parameters: countOf(fresh, coefficients) }
}

/** The common weights, and per task those of its own. */
function solve(
  { x, encoder }: Frame,
  tasks: OutputCells[],
  output: Output,
  plain: Float64Array,
  { alpha, deviation }: Params,
): { common: Float64Array; own: Float64Array[] } {
  const width = encoder.names.length
  const size = plain.length
  const scale = bend(alpha, output.cells)
  const scales = tasks.map(({ y }) => bend(deviation, y.length))
  const line = new Float64Array(size)
  const slope = new Float64Array(size)
  const part = (all: Float64Array, t: number) => all.subarray(size * (t + 1), size * (t + 2))
  const start = new Float64Array(size * (tasks.length + 1))
  start.set(plain.map((value) => value * scale))
  const found = minimise((z, g) => {
    g.fill(0)
    let loss = pullLoss(z, g, alpha / scale ** 2, width * output.width)
    tasks.forEach((cells, t) => {
      const [own, down] = [part(z, t), part(g, t)]
      for (let j = 0; j < size; j++) line[j] = z[j] / scale + own[j] / scales[t]
      slope.fill(0)
      loss += logisticLoss(x, width, output, cells, cells.weight, line, slope)
      loss += pullLoss(own, down, deviation / scales[t] ** 2)
      for (let j = 0; j < size; j++) {
        g[j] += slope[j] / scale
        down[j] += slope[j] / scales[t]
      }
    })
    return loss
  }, start)
  const common = found.slice(0, size).map((value) => value / scale)
  return { common, own: tasks.map((_, t) => common.map((value, j) => value + part(found, t)[j] / scales[t])) }
}

/** Deviations for the tasks of `support`, from the common weights as they are. */
function deviate(linear: Linear, frame: Frame, { deviation }: Params): Linear {
  const width = linear.encoder.names.length
  const fresh = linear.fresh as Map<string, Float64Array>
  const outputs: Output[] = []
  const coefficients: Float64Array[] = []
  frame.outputs.forEach((output, k) => {
    const common = fresh.get(output.target)
    if (!common) return
    const cells = frame.cells[k]
    const slope = new Float64Array(common.length)
    const own = minimise((v, g) => {
      g.fill(0)
      slope.fill(0)
      const line = common.map((value, j) => value + v[j])
      const loss = logisticLoss(frame.x, width, output, cells, cells.weight, line, slope)
      g.set(slope)
      return loss + pullLoss(v, g, deviation)
    }, new Float64Array(common.length))
    outputs.push(output)
    coefficients.push(common.map((value, j) => value + own[j]))
  })
  return { ...linear, outputs, coefficients, parameters: countOf(fresh, coefficients) }
}

const countOf = (fresh: ReadonlyMap<string, Float64Array>, own: readonly Float64Array[]) =>
  [...fresh.values(), ...own].reduce((sum, line) => sum + line.length, 0)

/** Root of the largest curvature of a coefficient: the logistic loss bends by at most 1/4 per standardised row. */
const bend = (pull: number, rows: number) => Math.sqrt(pull + rows / 4)
