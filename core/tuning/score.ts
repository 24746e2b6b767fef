import type { Task } from '../data/taskSet.ts'
import { cellsByTask } from '../predictions.ts'
import type { TestPredictions } from '../predictions.ts'
import { METRICS } from '../stats/metrics.ts'

/**
 * How well a configuration did on inner folds: the mean over tasks of skill (1 - error / error of the training mean or
 * class shares), the cells of all folds summed first, so that a task of few rows is not judged fold by fold.
 */

/** [task, 2]: error, and error of the plain answer. Fresh tasks of a generator have no place and count as one. */
export function sumsOf(said: TestPredictions, tasks: readonly Task[]): Float64Array {
  const place = new Map(tasks.map((task, k) => [task.id, k]))
  const sums = new Float64Array(2 * tasks.length)
  cellsByTask(said).forEach((cells, k) => {
    const at = 2 * (place.get(said.tasks[k].id) ?? 0)
    const terms = new Float64Array(2 * cells.truth.length)
    METRICS.skill.terms(cells, terms)
    cells.truth.forEach((_, i) => {
      const weight = cells.weight ? cells.weight[i] : 1
      sums[at] += weight * terms[2 * i]
      sums[at + 1] += weight * terms[2 * i + 1]
    })
  })
  return sums
}

/**
 * Scores of configurations from their sums over folds, null where a fit failed. A task counts where any of them has
 * an answer for all of its cells; whoever has none for such a task has no score.
 */
export function scoresOf(sums: (Float64Array | null)[]): (number | null)[] {
  const tasks = (sums.find((own) => own !== null)?.length ?? 0) / 2
  const skill = (own: Float64Array, k: number) => METRICS.skill.figure(own.subarray(2 * k, 2 * k + 2), 1)
  const counted = Array.from({ length: tasks }, (_, k) => k).filter((k) =>
    sums.some((own) => own && Number.isFinite(skill(own, k))),
  )
  return sums.map((own) => {
    if (!own || !counted.length) return null
    const mean = counted.reduce((sum, k) => sum + skill(own, k), 0) / counted.length
    return Number.isFinite(mean) ? mean : null
  })
}
