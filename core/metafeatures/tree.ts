/**
 * A decision tree on standardised inputs (Breiman et al. 1984): each node asks of one column whether it is at most some
 * value, so that what is left of the impurity (variance of a number, Gini index of a class) is least; equal gains go to
 * the earlier column. `least` rows stay on each side.
 */
export type Tree =
  | { column: number; at: number; gain: number; low: Tree; high: Tree }
  /** The mean, or the class with most rows. */
  | { says: number }

export type Rows = { x: Float64Array; width: number; y: Float64Array; classes: number }
type Limits = { depth: number; least: number }

export function growTree(data: Rows, rows: number[], limits: Limits): Tree {
  const best = limits.depth > 0 ? bestSplit(data, rows, limits.least) : null
  if (!best) return { says: saysOf(data, rows) }
  const next = { ...limits, depth: limits.depth - 1 }
  const low = rows.filter((row) => data.x[row * data.width + best.column] <= best.at)
  const high = rows.filter((row) => data.x[row * data.width + best.column] > best.at)
  return { ...best, low: growTree(data, low, next), high: growTree(data, high, next) }
}

export function askTree(tree: Tree, x: Float64Array, from: number): number {
  while ('column' in tree) tree = x[from + tree.column] <= tree.at ? tree.low : tree.high
  return tree.says
}

/** Sum of squares, or rows times the share of each class squared: what a split raises. */
function merit(total: Float64Array, n: number): number {
  let squares = 0
  for (const v of total) squares += v * v
  return squares / n
}

function totals({ y, classes }: Rows, rows: number[], centre: number): Float64Array {
  const total = new Float64Array(classes || 1)
  for (const row of rows) total[classes ? y[row] : 0] += classes ? 1 : y[row] - centre
  return total
}

function bestSplit(data: Rows, rows: number[], least: number) {
  const { x, width, y, classes } = data
  if (rows.length < 2 * least) return null
  // About their mean, so that sums of squares do not drown differences.
  const centre = classes ? 0 : rows.reduce((sum, row) => sum + y[row], 0) / rows.length
  const whole = totals(data, rows, centre)
  const before = merit(whole, rows.length)
  const most = classes ? rows.length : rows.reduce((sum, row) => sum + (y[row] - centre) ** 2, 0)
  let best: { column: number; at: number; gain: number } | null = null
  for (let column = 0; column < width; column++) {
    const value = (row: number) => x[row * width + column]
    const order = [...rows].sort((a, b) => value(a) - value(b))
    const low = new Float64Array(whole.length)
    const high = whole.slice()
    for (let n = 1; n <= order.length - least; n++) {
      const row = order[n - 1]
      const k = classes ? y[row] : 0
      const v = classes ? 1 : y[row] - centre
      low[k] += v
      high[k] -= v
      if (n < least || value(order[n]) - value(row) <= 1e-7) continue
      const gain = merit(low, n) + merit(high, order.length - n) - before
      if (gain > (best?.gain ?? 0) + 1e-10 * most) best = { column, at: (value(row) + value(order[n])) / 2, gain }
    }
  }
  return best
}

function saysOf(data: Rows, rows: number[]): number {
  const total = totals(data, rows, 0)
  return data.classes ? total.indexOf(Math.max(...total)) : total[0] / rows.length
}
