import type { Rng } from '../rng.ts'
import { sortedInputs, treeGrower } from './tree.ts'
import type { Tree, TreeOptions } from './tree.ts'

/**
 * Random forests (Breiman 2001) of one or many targets at once (Segal and Xiao 2011): each tree grows on a bootstrap of
 * the rows, and each node is cut where the impurity, summed over the targets, falls most, among a few inputs drawn for
 * it: the variance of numbers, Gini's impurity of classes, each relative to that of all rows, so that targets of any
 * unit and kind count alike. The answer is the mean over trees of what their leaves measured. A target need not be
 * measured in every row: it counts, in cuts and leaves, where it was.
 */
export type ForestData = {
  /** [row, feature] finite */
  x: ArrayLike<number>
  features: number
  targets: ForestTarget[]
  /** [row] or null for equal weights. */
  weight: ArrayLike<number> | null
}

export type ForestTarget = {
  /** [row] a number, or the index of a class; NaN where it was not measured. */
  y: ArrayLike<number>
  /** Number of classes; 0 for numbers. Two classes may as well be the numbers 0 and 1. */
  classes: number
}

export type ForestOptions = Omit<TreeOptions, 'tried'> & {
  trees: number
  /** Share of the inputs that each node looks at, (0, 1]; at least one is. */
  share: number
  /** Whether each tree draws as many rows as there are, with replacement; else all learn from all rows. */
  bootstrap: boolean
}

export const usualForest: ForestOptions = { trees: 100, share: 1, leaf: 2, depth: Infinity, bootstrap: true }

/** Plain arrays, nodes of all trees one after the other. */
export type Forest = {
  /** Numbers that it answers: one for each target of numbers, one for each class of the others. */
  columns: number
  /** [tree] its first node. */
  roots: Int32Array
  /** [node] as in `Tree`, counted over the whole forest. */
  feature: Int32Array
  cut: Float32Array
  next: Int32Array
  /** [leaf, column] */
  values: Float32Array
}

export function growForest(data: ForestData, options: Partial<ForestOptions>, random: Rng): Forest {
  const growing = forestGrowing(data, options, random)
  for (;;) {
    const next = growing.next()
    if (next.done) return next.value
  }
}

/** The same, tree by tree: yields how many stand. */
export function* forestGrowing(
  data: ForestData,
  options: Partial<ForestOptions>,
  random: Rng,
): Generator<number, Forest> {
  const { trees, share, bootstrap, ...rest } = { ...usualForest, ...options }
  const { features } = data
  const count = data.targets[0].y.length
  const { columns, centre, scale, y, holes } = columnsOf(data, count)
  const tried = Math.max(1, Math.round(share * features))
  const grow = treeGrower(sortedInputs(data.x, count, features), columns, { ...rest, tried })
  const weight = new Float64Array(count)
  const moment = new Float64Array(count * columns)
  const measured = holes ? new Float64Array(count * columns) : null
  const grown: Tree[] = []
  for (let t = 0; t < trees; t++) {
    const own = random.split(t)
    if (bootstrap) draw(weight, own)
    else weight.fill(1)
    for (let row = 0; row < count; row++) {
      if (data.weight) weight[row] *= data.weight[row]
      for (let k = row * columns; k < (row + 1) * columns; k++) {
        const seen = !Number.isNaN(y[k])
        moment[k] = seen ? weight[row] * y[k] : 0
        if (measured) measured[k] = seen ? weight[row] : 0
      }
    }
    grown.push(grow({ columns, weight, moment, measured }, own))
    yield t + 1
  }
  return joined(grown, columns, centre, scale)
}

/** What the forest says of one row, whose inputs stand in `x` at `from`: [column] into `out`. */
export function askForest(forest: Forest, x: Float32Array, from: number, out: Float64Array): void {
  const { columns, roots, values } = forest
  out.fill(0)
  for (let t = 0; t < roots.length; t++) {
    const leaf = leafOf(forest, t, x, from)
    for (let c = 0; c < columns; c++) out[c] += values[leaf + c]
  }
  for (let c = 0; c < columns; c++) out[c] /= roots.length
}

/** Where in `values` the leaf begins that a row falls into. */
function leafOf({ columns, roots, feature, cut, next }: Forest, tree: number, x: Float32Array, from: number): number {
  let node = roots[tree]
  while (feature[node] >= 0) node = x[from + feature[node]] <= cut[node] ? next[node] : next[node] + 1
  return next[node] * columns
}

/** How often each row is drawn by one tree. */
function draw(times: Float64Array, random: Rng): void {
  times.fill(0)
  for (let i = 0; i < times.length; i++) times[random.int(times.length)]++
}

/** Targets as columns of mean 0, each target of total variance 1 over its measured rows; NaN where not measured. */
function columnsOf({ targets, weight }: ForestData, rows: number) {
  const widths = targets.map(({ classes }) => classes || 1)
  const columns = widths.reduce((sum, width) => sum + width, 0)
  const y = new Float64Array(rows * columns).fill(NaN)
  const centre = new Float64Array(columns)
  const scale = new Float64Array(columns)
  let holes = false
  let at = 0
  targets.forEach(({ y: own, classes }, t) => {
    let [total, variance] = [0, 0]
    const value = (row: number, c: number) => (classes ? Number(own[row] === c) : own[row])
    const w = (row: number) => (Number.isNaN(own[row]) ? 0 : weight ? weight[row] : 1)
    for (let row = 0; row < rows; row++) {
      total += w(row)
      if (Number.isNaN(own[row])) holes = true
    }
    for (let c = 0; c < widths[t]; c++) {
      let sum = 0
      for (let row = 0; row < rows; row++) if (w(row) > 0) sum += w(row) * value(row, c)
      const mean = total > 0 ? sum / total : 0
      for (let row = 0; row < rows; row++) if (w(row) > 0) variance += (w(row) * (value(row, c) - mean) ** 2) / total
      centre[at + c] = mean
    }
    const sd = Math.sqrt(variance)
    for (let c = 0; c < widths[t]; c++) {
      // A target that never varies asks for no cut.
      scale[at + c] = sd > 1e-12 * Math.abs(centre[at + c]) ? sd : 0
      for (let row = 0; row < rows; row++)
        if (!Number.isNaN(own[row]))
          y[row * columns + at + c] = scale[at + c] ? (value(row, c) - centre[at + c]) / scale[at + c] : 0
    }
    at += widths[t]
  })
  return { columns, centre, scale, y, holes }
}

function joined(trees: Tree[], columns: number, centre: Float64Array, scale: Float64Array): Forest {
  const nodes = trees.reduce((sum, tree) => sum + tree.feature.length, 0)
  const leaves = trees.reduce((sum, tree) => sum + tree.values.length, 0)
  const forest: Forest = {
    columns,
    roots: new Int32Array(trees.length),
    feature: new Int32Array(nodes),
    cut: new Float32Array(nodes),
    next: new Int32Array(nodes),
    values: new Float32Array(leaves),
  }
  let node = 0
  let leaf = 0
  trees.forEach((tree, t) => {
    forest.roots[t] = node
    forest.feature.set(tree.feature, node)
    forest.cut.set(tree.cut, node)
    for (let i = 0; i < tree.next.length; i++)
      forest.next[node + i] = tree.next[i] + (tree.feature[i] < 0 ? leaf / columns : node)
    for (let k = 0; k < tree.values.length; k++)
      forest.values[leaf + k] = centre[k % columns] + scale[k % columns] * tree.values[k]
    node += tree.feature.length
    leaf += tree.values.length
  })
  return forest
}
