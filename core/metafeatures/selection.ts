import { askForest, growForest, type ForestOptions } from '../classical/forest.ts'
import type { Rng } from '../rng.ts'
import { ranks } from '../stats/rankings.ts'

/**
 * Algorithm selection (Rice 1976): from the meta-features of a data set, choose the learner that will do best on it.
 *   k-NN     the learner with the best mean on the k data sets nearest in standardised meta-features
 *   forest   the learner that a random forest for each of them, from meta-features to performance, says most of
 *   single   the learner with the best mean over the known data sets, whatever the new one looks like
 * Everything is fitted on the known data sets alone: missing features get their median, then mean 0 and sd 1.
 */
export type Known = {
  /** [data set][feature], NaN where not computed. */
  features: readonly ArrayLike<number>[]
  /** [data set][learner], larger is better. */
  performance: readonly ArrayLike<number>[]
}

/** Says for a new data set a score of every learner: [learner], larger is better. */
export type Selector = (features: ArrayLike<number>) => number[]

export function singleBest({ performance }: Known): Selector {
  const means = columnMeans(performance)
  return () => means
}

export function nearestSelector({ features, performance }: Known, k: number): Selector {
  const scale = scaling(features)
  const known = features.map(scale)
  return (asked) => {
    const own = scale(asked)
    const near = known
      .map((row, i) => ({ i, distance: row.reduce((sum, v, f) => sum + (v - own[f]) ** 2, 0) }))
      .sort((a, b) => a.distance - b.distance || a.i - b.i)
      .slice(0, k)
    return columnMeans(near.map(({ i }) => performance[i]))
  }
}

/** One forest per learner, fully grown unless `options` say otherwise. */
export function forestSelector(known: Known, options: Partial<ForestOptions>, random: Rng): Selector {
  const scale = scaling(known.features)
  const x = known.features.flatMap(scale)
  const features = known.features[0].length
  const forests = Array.from(known.performance[0], (_, learner) => {
    const y = known.performance.map((row) => row[learner])
    const data = { x, features, targets: [{ y, classes: 0 }], weight: null }
    return growForest(data, { leaf: 1, ...options }, random.split(learner))
  })
  const said = new Float64Array(1)
  return (asked) => {
    const own = Float32Array.from(scale(asked))
    return forests.map((forest) => {
      askForest(forest, own, 0, said)
      return said[0]
    })
  }
}

/** Index of the learner with the best score, the earlier one of equals. */
export const chosen = (scores: number[]): number => scores.indexOf(Math.max(...scores))

/** Median for what is missing, then mean 0 and population sd 1, as these data sets say. */
export function scaling(rows: readonly ArrayLike<number>[]): (row: ArrayLike<number>) => number[] {
  const columns = Array.from({ length: rows[0].length }, (_, f) => {
    const present = rows
      .map((row) => row[f])
      .filter(Number.isFinite)
      .sort((a, b) => a - b)
    const n = present.length
    const median = n ? (present[(n - 1) >> 1] + present[n >> 1]) / 2 : 0
    const filled = rows.map((row) => (Number.isFinite(row[f]) ? row[f] : median))
    const mean = filled.reduce((sum, v) => sum + v, 0) / filled.length
    const sd = Math.sqrt(filled.reduce((sum, v) => sum + (v - mean) ** 2, 0) / filled.length)
    return { median, mean, sd }
  })
  return (row) =>
    columns.map(({ median, mean, sd }, f) => ((Number.isFinite(row[f]) ? row[f] : median) - mean) / (sd || 1))
}

/** Rank correlation (Spearman 1904), equal values sharing their ranks. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [u, v] = [ranks(Array.from(a)), ranks(Array.from(b))]
  const mean = (u.length + 1) / 2
  const dot = (p: number[], q: number[]) => p.reduce((sum, value, i) => sum + (value - mean) * (q[i] - mean), 0)
  const size = Math.sqrt(dot(u, u) * dot(v, v))
  return size > 0 ? dot(u, v) / size : 0
}

function columnMeans(rows: readonly ArrayLike<number>[]): number[] {
  return Array.from({ length: rows[0].length }, (_, c) => rows.reduce((sum, row) => sum + row[c], 0) / rows.length)
}
