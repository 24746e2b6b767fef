import type { EpisodeBatch } from '../../core/data/generator.ts'

/** [task] share of the query rows whose likeliest class is theirs. said [task, query, way]. */
export function shareRight(said: Float32Array, { tasks, queries, queryY }: EpisodeBatch, ways: number): number[] {
  return Array.from({ length: tasks }, (_, task) => {
    let right = 0
    for (let q = task * queries; q < (task + 1) * queries; q++) {
      const own = said.subarray(q * ways, (q + 1) * ways)
      right += Number(own.indexOf(Math.max(...own)) === queryY[q])
    }
    return right / queries
  })
}

/** Mean over tasks with half the width of its 95 % interval. */
export function average(scores: readonly number[]): { mean: number; interval: number } {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1)
  return { mean, interval: 1.96 * Math.sqrt(variance / scores.length) }
}
