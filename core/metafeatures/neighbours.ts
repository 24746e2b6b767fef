import { z } from 'zod'
import { solveRidge } from '../classical/ridge.ts'
import { fitEncoder, fitTargetScaler } from '../data/encoding.ts'
import type { TaskSet } from '../data/taskSet.ts'
import { cellsOfView } from '../frame.ts'
import type { NetworkView } from '../method.ts'
import { describe } from './describe.ts'
import { coordinates } from './distance.ts'
import { scaling } from './selection.ts'

/**
 * Which tasks are alike: sqrt(sum_j (a_j - b_j)^2 / sum_j var_j), so that 0 is the same and two tasks taken by chance are
 * about 1.4 apart. Coordinates are
 *   features  meta-features of the task's own rows, each with mean 0 and sd 1 over the tasks
 *   lines     coefficients of a ridge of its own, inputs and target standardised over all tasks
 *   model     the weights of the task's own head in a trained model, or of its own network once a meta-learner learned it
 */
export const Nearest = z.object({
  by: z.enum(['features', 'lines', 'model']),
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
  const places = by === 'features' ? standardised(points) : points.map(({ at }) => at)
  const all = variances(places).reduce((sum, v) => sum + v, 0) || 1
  const tasks = points.map(({ task }, k) => {
    const others = points.flatMap((other, l) => {
      if (l === k) return []
      const squares = Array.from(places[l], (v, j) => (v - places[k][j]) ** 2).reduce((sum, v) => sum + v, 0)
      return [{ task: other.task, distance: Math.sqrt(squares / all) }]
    })
    return { task, nearest: others.sort((a, b) => a.distance - b.distance).slice(0, SHOWN) }
  })
  return { by, tasks }
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
