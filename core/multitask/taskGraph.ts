import { solvePositive } from '../classical/ridge.ts'
import type { TaskSet } from '../data/taskSet.ts'
import { dot } from '../dot.ts'
import { UserError } from '../errors.ts'
import type { Output } from '../frame.ts'
import type { Family } from './families.ts'

/**
 * Which tasks of a family are alike, and how much: A [task, task], symmetric, 0 on the diagonal. A negative weight says
 * that the lines of two tasks point in opposite directions.
 */
export type TaskGraph = Float64Array

/** Every pair, 1 / T each, so that with T tasks the pulls on one of them add up to about 1. */
export function completeGraph(tasks: number): TaskGraph {
  return graphOf(tasks, () => 1 / tasks)
}

/**
 * From the tasks' own ridge lines b_t: the correlation of what two of them say of the same inputs, whose covariance C
 * over all cells of the family it takes,
 *   A_st = b_s' C b_t / sqrt(b_s' C b_s  b_t' C b_t) / T.
 * Noise in the lines makes tasks look less alike than they are. Groups of one target that seem to oppose each other
 * are not tied; targets may go in opposite directions.
 */
export function learnedGraph({ tasks, levels }: Family, alpha: number): TaskGraph {
  const count = tasks.length
  const size = tasks[0].moment.length
  const width = size - Number(levels)
  const own = tasks.map(({ gram, moment }) => {
    const centred = new Float64Array(width * width)
    const cross = new Float64Array(width)
    const rows = levels ? gram[size * size - 1] || 1 : 1
    for (let j = 0; j < width; j++) {
      const total = levels ? gram[j * size + width] : 0
      cross[j] = moment[j] - (levels ? (total * moment[width]) / rows : 0)
      for (let l = 0; l < width; l++)
        centred[j * width + l] = gram[j * size + l] - (levels ? (total * gram[l * size + width]) / rows : 0)
    }
    return { centred, line: solvePositive(centred, cross, alpha) }
  })
  const pooled = new Float64Array(width * width)
  for (const { centred } of own) centred.forEach((value, i) => (pooled[i] += value))
  const said = own.map(({ line }) => line.map((_, j) => dot(pooled.subarray(j * width, (j + 1) * width), line)))
  const lengths = own.map(({ line }, t) => Math.sqrt(Math.max(0, dot(line, said[t]))))
  return graphOf(count, (s, t) => {
    const both = lengths[s] * lengths[t]
    const alike = both > 0 ? Math.max(-1, Math.min(1, dot(own[s].line, said[t]) / both)) : 0
    return (levels ? Math.max(0, alike) : alike) / count
  })
}

/**
 * From edges in words: "A ~ B" ties two tasks with weight 1, "A ~ B: 0.5" with another; a negative weight says that they
 * are opposites. A task is named by its group or its target. Throws a UserError for an edge that names no task.
 */
export function givenGraph(edges: readonly string[], set: TaskSet, outputs: readonly Output[]): TaskGraph {
  const known = namesOf(set)
  const wanted = new Map<string, number>()
  for (const edge of edges) {
    const { pair, weight } = read(edge, known)
    wanted.set(keyOf(pair[0], pair[1]), weight)
  }
  const names = outputs.map(({ group, target }) => group ?? target)
  return graphOf(outputs.length, (s, t) => wanted.get(keyOf(names[s], names[t])) ?? 0)
}

const keyOf = (a: string, b: string) => JSON.stringify(a < b ? [a, b] : [b, a])

const namesOf = (set: TaskSet) => new Set(set.groups ?? set.targets.map((column) => set.table.columns[column].name))

function read(edge: string, known: ReadonlySet<string>): { pair: [string, string]; weight: number } {
  // A name may hold what separates: the first way to read the edge that names two tasks counts.
  const weighed = /^(.*):\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*$/i.exec(edge)
  for (const [text, weight] of [[edge, 1] as const, ...(weighed ? [[weighed[1], Number(weighed[2])] as const] : [])]) {
    const parts = text.split('~')
    for (let cut = 1; cut < parts.length; cut++) {
      const pair: [string, string] = [parts.slice(0, cut).join('~').trim(), parts.slice(cut).join('~').trim()]
      if (pair[0] !== pair[1] && pair.every((name) => known.has(name)) && Number.isFinite(weight))
        return { pair, weight }
    }
  }
  throw new UserError({
    code: 'unknown-edge',
    who: 'edges of graph-regularised',
    rule: `must each name two tasks, as in "${[...known].slice(0, 2).join(' ~ ')}", with a weight after a colon or none.`,
    got: `"${edge}"`,
    remedy: `Tasks here: ${[...known].slice(0, 8).join(', ')}${known.size > 8 ? ' and others' : ''}.`,
  })
}

function graphOf(tasks: number, weight: (s: number, t: number) => number): TaskGraph {
  const graph = new Float64Array(tasks * tasks)
  for (let s = 0; s < tasks; s++) for (let t = 0; t < s; t++) graph[s * tasks + t] = graph[t * tasks + s] = weight(s, t)
  return graph
}
