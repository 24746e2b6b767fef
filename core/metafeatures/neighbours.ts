import { z } from 'zod'
import { solveRidge } from '../classical/ridge.ts'
import { fitEncoder, fitTargetScaler } from '../data/encoding.ts'
import type { TaskSet } from '../data/taskSet.ts'
import { cellsOfView } from '../frame.ts'
import type { NetworkView } from '../method.ts'
import type { Relations } from '../relations/relations.ts'
import { describe } from './describe.ts'
import { coordinates } from './distance.ts'
import { scaling } from './selection.ts'

/**
 * Which tasks are alike: sqrt(sum_j (a_j - b_j)^2 / sum_j var_j), so that 0 is the same and two tasks taken by chance are
 * about 1.4 apart. Coordinates are
 *   features  meta-features of the task's own rows, each with mean 0 and sd 1 over the tasks
 *   lines     coefficients of a ridge of its own, inputs and target standardised over all tasks
 *   model     the weights of the task's own head in a trained model, or of its own network once a meta-learner learned it
 * and without coordinates, from a measured transfer matrix (`core/relations`):
 *   transfer  sqrt(2) (max m - m_ab) / mean (max m - m), where m_ab is what a and b give each other, the mean of both
 *             ways: 0 for the two that help each other most, and on average as far apart as above
 */
export const Nearest = z.object({
  by: z.enum(['features', 'lines', 'model', 'transfer']),
  /** The experiment that measured it. */
  from: z.object({ experiment: z.string(), name: z.string() }).optional(),
  tasks: z.array(
    z.object({ task: z.string(), nearest: z.array(z.object({ task: z.string(), distance: z.number() })) }),
  ),
})
export type Nearest = z.infer<typeof Nearest>
export type Point = { task: string; at: ArrayLike<number> }

const SHOWN = 5
const LEAST_ROWS = 5

export function nearestOf(by: Nearest['by'], points: readonly Point[]): Nearest {
  if (points.length < 2) return { by, tasks: [] }
  const names = points.map(({ task }) => task)
  const places = by === 'features' ? standardised(points) : points.map(({ at }) => at)
  const all = variances(places).reduce((sum, v) => sum + v, 0) || 1
  const between = (k: number, l: number) => {
    const squares = Array.from(places[l], (v, j) => (v - places[k][j]) ** 2).reduce((sum, v) => sum + v, 0)
    return Math.sqrt(squares / all)
  }
  return { by, tasks: inOrder(names, between) }
}

/** The nearest of each; null: nobody knows how far apart these two are. */
const inOrder = (names: readonly string[], between: (a: number, b: number) => number | null): Nearest['tasks'] =>
  names.map((task, k) => {
    const others = names.flatMap((other, l) => {
      const distance = l === k ? null : between(k, l)
      return distance === null ? [] : [{ task: other, distance }]
    })
    return { task, nearest: others.sort((a, b) => a.distance - b.distance).slice(0, SHOWN) }
  })

/** By what tasks gave each other, pairs before all-but-one; none where nothing was measured or nothing tells pairs apart. */
export function nearestByTransfer({ tasks, measured }: Pick<Relations, 'tasks' | 'measured'>): Nearest['tasks'] {
  const matrix = (measured.find(({ design }) => design === 'pairs') ?? measured.at(0))?.pooled
  if (!matrix) return []
  const n = tasks.length
  const mutual = (a: number, b: number) => {
    const [there, back] = [matrix[a * n + b], matrix[b * n + a]]
    return there === null || back === null ? null : (there + back) / 2
  }
  const pairs = tasks.flatMap((_, a) => tasks.slice(0, a).flatMap((__, b) => mutual(a, b) ?? []))
  const most = Math.max(...pairs)
  const usual = pairs.reduce((sum, m) => sum + most - m, 0) / pairs.length
  // Where partial pooling left nothing of the differences, no order is known.
  if (!(usual > 1e-9)) return []
  const names = tasks.map(({ id }) => id)
  return inOrder(names, (a, b) => {
    const m = mutual(a, b)
    return m === null ? null : (Math.SQRT2 * (most - m)) / usual
  })
}

/** Features have units of their own; weights share one. */
function standardised(points: readonly Point[]): number[][] {
  const scale = scaling(points.map(({ at }) => at))
  return points.map(({ at }) => scale(at))
}

function variances(places: readonly ArrayLike<number>[]): number[] {
  return Array.from(places[0], (_, j) => {
    const mean = places.reduce((sum, place) => sum + place[j], 0) / places.length
    return places.reduce((sum, place) => sum + (place[j] - mean) ** 2, 0) / places.length
  })
}

/** By what is known before training. Without a task column, targets are the tasks. */
export const nearestTasks = (set: TaskSet): Nearest[] => [
  nearestOf('features', featurePoints(set)),
  nearestOf('lines', linePoints(set)),
]

function featurePoints(set: TaskSet): Point[] {
  const own = describe(set).filter(({ task }) => set.group === null || task !== null)
  return own.map(({ target, task, figures }) => ({ task: task ?? target, at: coordinates(figures) }))
}

function linePoints(set: TaskSet): Point[] {
  const rows = Int32Array.from({ length: set.table.rows }, (_, row) => row)
  const view = { set, rows, tasks: Int32Array.from(set.tasks.keys()) }
  const encoder = fitEncoder(view)
  const x = encoder.encode(set, rows)
  const { mean, sd } = fitTargetScaler(view)
  const cells = cellsOfView(view)
  return set.tasks.flatMap(({ id, target, kind }, k) => {
    // Of more than two classes there is no one line.
    if (kind === 'multiclass' || cells[k].y.length < LEAST_ROWS) return []
    const y = cells[k].y.map((value) => (value - mean[target]) / sd[target])
    return [{ task: id, at: solveRidge(x, encoder.names.length, { ...cells[k], y }, 1) }]
  })
}

/** Whatever belongs to one task alone, where it is built alike for all; empty where there are not two of them. */
export function headPoints({ layers, edges }: NetworkView): Point[] {
  const layer = new Map(layers.map((own) => [own.id, own]))
  const tasks = [...new Set(layers.flatMap(({ task }) => task ?? []))].map((task) => {
    const own = edges.filter(({ to }) => layer.get(to)?.task === task)
    const built = own.map(({ from, weights }) => `${layer.get(from)?.kind} ${weights.length}`).join(', ')
    return { task, built, at: own.flatMap(({ weights, bias }) => [...weights, ...(bias ?? [])]) }
  })
  const same = tasks.filter(({ built, at }) => at.length > 0 && built === tasks[0].built)
  return same.length < 2 ? [] : same.map(({ task, at }) => ({ task, at }))
}
