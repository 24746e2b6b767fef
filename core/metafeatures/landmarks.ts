import { solvePositive, solveRidge } from '../classical/ridge.ts'
import type { Cells } from './cells.ts'
import type { Figures } from './catalogue.ts'
import { askTree, growTree } from './tree.ts'

/**
 * Landmarking (Pfahringer, Bensusan and Giraud-Carrier 2000): how well simple learners do says what kind of problem it
 * is. Five folds of the first rows (their order is random; row i is tested in fold i mod 5); share of right answers, or
 * the share of variance told, not below -1.
 */
const FOLDS = 5

/** The rows learned from and what a learner then says of the row that begins at `from`. */
type Learner = (train: number[]) => (from: number) => number

export function landmarks(cells: Cells, most: number): Figures {
  const n = Math.min(most, cells.y.length)
  if (n < 2 * FOLDS || (cells.counts.length === 0 && new Set(cells.y).size < 2)) return {}
  const { x, width, y, counts } = cells
  const data = { x, width, y, classes: counts.length }
  const scored = (learner: Learner) => score(cells, n, learner)
  const stump: Learner = (train) => {
    const tree = growTree(data, train, { depth: 1, least: 1 })
    return (from) => askTree(tree, x, from)
  }
  const both = { one_nn: scored(nearest(cells)), best_node: scored(stump) }
  if (!counts.length) return { ...both, linear_regr: scored(ridge(cells)) }
  return { ...both, naive_bayes: scored(naiveBayes(cells)), linear_discr: scored(discriminant(cells)) }
}

function score({ y, width, counts }: Cells, n: number, learner: Learner): number {
  let right = 0
  let errors = 0
  for (let fold = 0; fold < FOLDS; fold++) {
    const rows = Array.from({ length: n }, (_, row) => row)
    const says = learner(rows.filter((row) => row % FOLDS !== fold))
    for (let row = fold; row < n; row += FOLDS) {
      const said = says(row * width)
      right += Number(said === y[row])
      errors += (said - y[row]) ** 2
    }
  }
  if (counts.length) return right / n
  const own = y.subarray(0, n)
  const mean = own.reduce((sum, v) => sum + v, 0) / n
  return Math.max(-1, 1 - errors / own.reduce((sum, v) => sum + (v - mean) ** 2, 0))
}

const nearest =
  ({ x, width, y }: Cells): Learner =>
  (train) =>
  (from) => {
    let [best, least] = [train[0], Infinity]
    for (const row of train) {
      let distance = 0
      for (let j = 0; j < width && distance < least; j++) distance += (x[row * width + j] - x[from + j]) ** 2
      if (distance < least) [best, least] = [row, distance]
    }
    return y[best]
  }

/** A normal curve per class and input; a share of the largest variance keeps them from vanishing. */
const naiveBayes =
  ({ x, width, y, counts }: Cells): Learner =>
  (train) => {
    const all = momentsOf(x, width, train)
    const floor = 1e-9 * Math.max(...all.variance)
    const classes = counts.flatMap((_, k) => {
      const own = train.filter((row) => y[row] === k)
      return own.length ? [{ k, share: own.length / train.length, ...momentsOf(x, width, own) }] : []
    })
    return (from) =>
      best(classes, ({ share, mean, variance }) => {
        let sum = Math.log(share)
        for (let j = 0; j < width; j++) {
          const v = variance[j] + floor
          if (v > 0) sum -= 0.5 * (Math.log(2 * Math.PI * v) + (x[from + j] - mean[j]) ** 2 / v)
        }
        return sum
      })
  }

/** Fisher 1936: one common covariance S within the classes; class k scores x S^-1 m_k - m_k S^-1 m_k / 2 + log p_k. */
const discriminant =
  ({ x, width, y, counts }: Cells): Learner =>
  (train) => {
    const within = new Float64Array(width * width)
    const classes = counts.flatMap((_, k) => {
      const own = train.filter((row) => y[row] === k)
      if (!own.length) return []
      const { mean } = momentsOf(x, width, own)
      for (const row of own)
        for (let i = 0; i < width; i++) {
          const off = (x[row * width + i] - mean[i]) / train.length
          for (let j = 0; j <= i; j++) within[i * width + j] += off * (x[row * width + j] - mean[j])
        }
      return [{ k, share: own.length / train.length, mean }]
    })
    const lines = classes.map(({ k, share, mean }) => {
      const slope = solvePositive(within, mean, 1e-9)
      return { k, slope, level: Math.log(share) - 0.5 * slope.reduce((sum, b, j) => sum + b * mean[j], 0) }
    })
    return (from) => best(lines, ({ slope, level }) => slope.reduce((sum, b, j) => sum + b * x[from + j], level))
  }

const ridge =
  ({ x, width, y }: Cells): Learner =>
  (train) => {
    const line = solveRidge(
      x,
      width,
      { at: Int32Array.from(train), y: Float64Array.from(train, (r) => y[r]), weight: null },
      1,
    )
    return (from) => {
      let said = line[width]
      for (let j = 0; j < width; j++) said += line[j] * x[from + j]
      return said
    }
  }

function best<C extends { k: number }>(classes: C[], score: (own: C) => number): number {
  const scores = classes.map(score)
  return classes[scores.indexOf(Math.max(...scores))].k
}

function momentsOf(x: Float64Array, width: number, rows: number[]) {
  const mean = new Float64Array(width)
  const variance = new Float64Array(width)
  for (const row of rows) for (let j = 0; j < width; j++) mean[j] += x[row * width + j] / rows.length
  for (const row of rows)
    for (let j = 0; j < width; j++) variance[j] += (x[row * width + j] - mean[j]) ** 2 / rows.length
  return { mean, variance }
}
