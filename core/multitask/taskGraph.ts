import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { TaskSet } from '../data/taskSet.ts'
import { dot } from '../dot.ts'
import { UserError } from '../errors.ts'
import type { Output } from '../frame.ts'
import type { Family, Quadratic } from './families.ts'

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
 * over all cells of the family it takes. Noise in the lines makes tasks look less alike than they are, so it is divided
 * by the share of what the lines say that is not noise (Spearman 1904), at most 1:
 *   A_st = b_s' C b_t / sqrt(b_s' C b_s  b_t' C b_t) / reliability / T,
 *   reliability = 1 - sum_t noise tr(C P_t G_t P_t) / sum_t b_t' C b_t,   P_t = (G_t + alpha I)^-1,
 * with the residual variance `noise` of all tasks together. Groups of one target that seem to oppose each other are not
 * tied; targets may go in opposite directions.
 */
export function learnedGraph(family: Family, alpha: number): TaskGraph {
  const { levels } = family
  const count = family.tasks.length
  const own = family.tasks.map((task) => ownLine(task, levels, alpha))
  const width = own[0].line.length
  const pooled = new Float64Array(width * width)
  for (const { gram } of own) gram.forEach((value, i) => (pooled[i] += value))
  const said = own.map(({ line }) => line.map((_, j) => dot(pooled.subarray(j * width, (j + 1) * width), line)))
  const squares = own.map(({ line }, t) => Math.max(0, dot(line, said[t])))
  const sum = (of: (one: OwnLine) => number) => own.reduce((all, one) => all + of(one), 0)
  const free = sum((one) => one.free)
  const noise = free > 0 ? sum((one) => one.left) / free : 0
  const spread = noise * sum((one) => dot(pooled, one.spread))
  const reliability = Math.max(0.1, 1 - spread / (squares.reduce((all, value) => all + value, 0) || 1))
  return graphOf(count, (s, t) => {
    const both = Math.sqrt(squares[s] * squares[t]) * reliability
    const alike = both > 0 ? Math.max(-1, Math.min(1, dot(own[s].line, said[t]) / both)) : 0
    return (levels ? Math.max(0, alike) : alike) / count
  })
}

/** A task's ridge line about its own means: what it leaves, its free rows, and P G P, how noise spreads in the line. */
type OwnLine = { gram: Float64Array; line: Float64Array; left: number; free: number; spread: Float64Array }

function ownLine({ gram, moment, squares, cells }: Quadratic, levels: boolean, alpha: number): OwnLine {
  const size = moment.length
  const width = size - Number(levels)
  const total = levels ? gram[size * size - 1] || 1 : 1
  const mean = (j: number) => (levels ? gram[j * size + width] / total : 0)
  const level = levels ? moment[width] : 0
  const centred = new Float64Array(width * width)
  for (let j = 0; j < width; j++)
    for (let l = 0; l < width; l++) centred[j * width + l] = gram[j * size + l] - mean(j) * mean(l) * total
  const cross = Float64Array.from({ length: width }, (_, j) => moment[j] - mean(j) * level)
  const { line, shrink, spread } = ridgeOf(centred, cross, alpha)
  let bent = 0
  for (let j = 0; j < width; j++) bent += line[j] * dot(centred.subarray(j * width, (j + 1) * width), line)
  const left = Math.max(0, squares - (level * level) / total - 2 * dot(line, cross) + bent)
  return { gram: centred, line, left, free: Math.max(0, cells - 1 - shrink), spread }
}

/** (G + alpha I)^-1 c, the trace of (G + alpha I)^-1 G, and (G + alpha I)^-1 G (G + alpha I)^-1. */
function ridgeOf(gram: Float64Array, cross: Float64Array, alpha: number) {
  const width = cross.length
  const { eigenvectorMatrix: turn, realEigenvalues: values } = new EigenvalueDecomposition(
    Matrix.from1DArray(width, width, gram),
    { assumeSymmetric: true },
  )
  const least = 1e-12 * Math.max(...values, 1)
  const inverse = values.map((value) => (value + alpha > least ? 1 / (Math.max(0, value) + alpha) : 0))
  const line = new Float64Array(width)
  const spread = new Float64Array(width * width)
  for (let k = 0; k < width; k++) {
    let along = 0
    for (let j = 0; j < width; j++) along += turn.get(j, k) * cross[j]
    const wide = inverse[k] ** 2 * Math.max(0, values[k])
    for (let j = 0; j < width; j++) {
      line[j] += turn.get(j, k) * inverse[k] * along
      for (let l = 0; l < width; l++) spread[j * width + l] += turn.get(j, k) * wide * turn.get(l, k)
    }
  }
  return { line, spread, shrink: values.reduce((sum, value, k) => sum + Math.max(0, value) * inverse[k], 0) }
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
