import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import { RidgeParams } from '../classical/ridge.ts'
import { dot } from '../dot.ts'
import type { Frame } from '../frame.ts'
import { search } from '../search.ts'
import { deviateFrom } from './deviations.ts'
import { familiesOf } from './families.ts'
import type { Family } from './families.ts'
import { completeGraph, givenGraph, learnedGraph } from './taskGraph.ts'
import type { TaskGraph } from './taskGraph.ts'

/**
 * Graph-regularised multi-task learning (Evgeniou, Micchelli and Pontil 2005): tasks that a graph A ties have lines u_t
 * that are alike. Over the tasks of a family (families.ts) it minimises
 *   sum_t |y_t - X_t u_t|^2  +  alpha sum_t |u_t|^2  +  similarity sum_{s<t} |A_st| |u_s - sign(A_st) u_t|^2,
 * levels free of alpha. The graph is learned, complete, or given (taskGraph.ts). With the complete graph and alpha 0 it
 * is mean regularisation: sum_{s<t} |u_s - u_t|^2 / T = sum_t |u_t - mean u|^2. One linear system for all lines, solved
 * by conjugate gradients, each task's own block taken out beforehand. A task never seen gets the mean of its target's
 * lines, and `adapt` lets it deviate from there.
 */
const Params = RidgeParams.extend({
  similarity: z
    .number()
    .min(0)
    .max(1e6)
    .default(30)
    .describe('Strength of the pull of tied tasks towards each other; the larger, the more they share.')
    .meta(search({ log: [0.1, 10000] })),
  graph: z
    .enum(['learned', 'complete', 'given'])
    .default('learned')
    .describe('Which tasks are tied: as alike as their own lines turn out to be, all of them, or the edges given.'),
  edges: z
    .array(z.string())
    .max(100_000)
    .default([])
    .describe('Pairs of tasks that are tied, as in "A ~ B", or "A ~ B: 0.5" for a weaker tie.')
    .meta({ when: { graph: ['given'] } }),
})
type Params = z.infer<typeof Params>

export const graphRegularised = linearMethod<Params>({
  id: 'graph-regularised',
  family: 'multitask',
  twins: ['ridge'],
  name: 'Graph of tasks',
  about: 'Straight lines that are alike for tasks that are tied by a graph, which is learned from the tasks or given.',
  cite: 'Evgeniou, Micchelli and Pontil 2005, Learning multiple tasks with kernel methods',
  params: Params,
  can: { newTask: true },
  // Second moments and a decomposition per task, then about a hundred steps over all lines.
  work: (s) =>
    s.features ** 2 * (s.rows * s.targets + s.tasks * (s.features + 100)) + 100 * s.features * s.tasks ** 2 + 1,
  fit: fitGraph,
  adapt: (linear, support, { similarity }) =>
    deviateFrom(
      new Map([...(linear.fresh as Map<string, Float64Array>)].map(([target, line]) => [target, [line]])),
      linear,
      support,
      Math.max(similarity, 1e-6),
    ),
})

function fitGraph(frame: Frame, params: Params): Linear {
  const { encoder, outputs, view } = frame
  const coefficients: Float64Array[] = []
  const fresh = new Map<string, Float64Array>()
  for (const family of familiesOf(frame)) {
    const own = family.outputs.map((k) => outputs[k])
    const graph = {
      learned: () => learnedGraph(family, params.alpha),
      complete: () => completeGraph(own.length),
      given: () => givenGraph(params.edges, view.set, own),
    }[params.graph]()
    const lines = solveGraph(family, graph, params)
    family.outputs.forEach((k, t) => (coefficients[k] = family.raw(lines[t], t)))
  }
  for (const { target } of outputs) {
    const lines = coefficients.filter((_, k) => outputs[k].target === target)
    if (!fresh.has(target))
      fresh.set(
        target,
        lines[0].map((_, j) => lines.reduce((sum, line) => sum + line[j] / lines.length, 0)),
      )
  }
  return { encoder, outputs, coefficients, fresh, parameters: outputs.length * (encoder.names.length + 1) }
}

/** The lines of all tasks [task][size] by preconditioned conjugate gradients (Hestenes and Stiefel 1952). */
export function solveGraph(
  { tasks, levels }: Pick<Family, 'tasks' | 'levels'>,
  graph: TaskGraph,
  { alpha, similarity }: { alpha: number; similarity: number },
): Float64Array[] {
  const count = tasks.length
  const size = tasks[0].moment.length
  const width = size - Number(levels)
  const pulls = tasks.map((_, s) => {
    let sum = 0
    for (let t = 0; t < count; t++) sum += Math.abs(graph[s * count + t])
    return similarity * sum
  })
  const times = (lines: Float64Array): Float64Array => {
    const out = new Float64Array(count * size)
    tasks.forEach(({ gram }, t) => {
      for (let j = 0; j < size; j++) {
        let sum = (pulls[t] + (j < width ? alpha : 0)) * lines[t * size + j]
        for (let l = 0; l < size; l++) sum += gram[j * size + l] * lines[t * size + l]
        out[t * size + j] = sum
      }
      for (let s = 0; s < count; s++) {
        const tie = similarity * graph[t * count + s]
        if (tie !== 0) for (let j = 0; j < size; j++) out[t * size + j] -= tie * lines[s * size + j]
      }
    })
    return out
  }
  const blocks = tasks.map(({ gram }, t) => blockOf(gram, size, (j) => pulls[t] + (j < width ? alpha : 0)))
  const held = (left: Float64Array): Float64Array => {
    const out = new Float64Array(count * size)
    blocks.forEach((block, t) => {
      const own = block.solve(Matrix.columnVector(left.subarray(t * size, (t + 1) * size)))
      for (let j = 0; j < size; j++) out[t * size + j] = own.get(j, 0)
    })
    return out
  }
  const lines = new Float64Array(count * size)
  const left = Float64Array.from(tasks.flatMap(({ moment }) => [...moment]))
  let ahead = held(left)
  let along = ahead.slice()
  let now = dot(left, ahead)
  const enough = 1e-24 * now
  for (let step = 0; step < 20 * size + 1000 && now > enough; step++) {
    const turned = times(along)
    const far = now / dot(along, turned)
    if (!Number.isFinite(far)) break
    for (let i = 0; i < lines.length; i++) {
      lines[i] += far * along[i]
      left[i] -= far * turned[i]
    }
    ahead = held(left)
    const next = dot(left, ahead)
    along = along.map((value, i) => ahead[i] + (next / now) * value)
    now = next
  }
  return tasks.map((_, t) => lines.slice(t * size, (t + 1) * size))
}

/** A task's own block, with the least lift that makes it solvable where inputs say the same or nothing. */
function blockOf(gram: Float64Array, size: number, lift: (j: number) => number): CholeskyDecomposition {
  let trace = 0
  for (let j = 0; j < size; j++) trace += gram[j * size + j]
  const block = new Matrix(size, size)
  for (let j = 0; j < size; j++) {
    for (let l = 0; l < size; l++) block.set(j, l, gram[j * size + l])
    block.set(j, j, gram[j * size + j] + lift(j) + 1e-12 * (trace || 1))
  }
  return new CholeskyDecomposition(block)
}
