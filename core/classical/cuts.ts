/**
 * Where a node of a tree is cut (Breiman, Friedman, Olshen and Stone 1984). Rows of the node lie sorted by one input in
 * `order[lo..hi)`; a cut between two different values sends those before it left. Squared error falls most where
 *   score = sum_c left_c^2 / weight of the left + right_c^2 / weight of the right
 * is largest, left_c and right_c being sums of weight times column c. With classes as columns of 0 and 1 this is Gini's
 * impurity. The loops allocate nothing.
 */
export type Rows = {
  columns: number
  /** [row] how much it weighs: its draws, times its own weight. */
  weight: Float64Array
  /** [row, column] weight times the column, 0 where it was not measured. */
  moment: Float64Array
  /** [row, column] its weight in each column, 0 where it was not measured; null where every cell was measured. */
  measured: Float64Array | null
}

export type Node = {
  weight: number
  /** [column] sums of `moment` and of `measured`. */
  moment: Float64Array
  measured: Float64Array
}

/** The best cut so far: after the row at `at`, of input `feature`; -1 for none. Scratch for `left` sums beside it. */
export type Cut = { score: number; feature: number; at: number; left: Float64Array; leftMeasured: Float64Array }

export const cutOf = (columns: number): Cut => ({
  score: -Infinity,
  feature: -1,
  at: -1,
  left: new Float64Array(columns),
  leftMeasured: new Float64Array(columns),
})

/** Looks through the cuts of one input; at least `leaf` rows stay on either side. Of equal cuts the first stays. */
export function lookThrough(
  rows: Rows,
  node: Node,
  feature: number,
  x: Float32Array,
  order: Int32Array,
  lo: number,
  hi: number,
  leaf: number,
  best: Cut,
): void {
  if (rows.measured) withHoles(rows, rows.measured, node, feature, x, order, lo, hi, leaf, best)
  else if (rows.columns === 1) ofOne(rows, node, feature, x, order, lo, hi, leaf, best)
  else ofMany(rows, node, feature, x, order, lo, hi, leaf, best)
}

function keep(best: Cut, score: number, feature: number, at: number): void {
  best.score = score
  best.feature = feature
  best.at = at
}

function ofOne(
  { weight, moment }: Rows,
  node: Node,
  feature: number,
  x: Float32Array,
  order: Int32Array,
  lo: number,
  hi: number,
  leaf: number,
  best: Cut,
): void {
  const all = node.weight
  const total = node.moment[0]
  const last = hi - leaf
  let w = 0
  let left = 0
  let top = best.score
  let at = -1
  let row = order[lo]
  for (let i = lo; i < last; i++) {
    w += weight[row]
    left += moment[row]
    const next = order[i + 1]
    if (x[row] !== x[next] && i - lo + 1 >= leaf) {
      const right = total - left
      const score = (left * left) / w + (right * right) / (all - w)
      if (score > top) {
        top = score
        at = i
      }
    }
    row = next
  }
  if (at >= 0) keep(best, top, feature, at)
}

function ofMany(
  { columns, weight, moment }: Rows,
  node: Node,
  feature: number,
  x: Float32Array,
  order: Int32Array,
  lo: number,
  hi: number,
  leaf: number,
  best: Cut,
): void {
  const all = node.weight
  const total = node.moment
  const left = best.left
  const last = hi - leaf
  left.fill(0)
  let w = 0
  let top = best.score
  let at = -1
  let row = order[lo]
  for (let i = lo; i < last; i++) {
    w += weight[row]
    const from = row * columns
    for (let c = 0; c < columns; c++) left[c] += moment[from + c]
    const next = order[i + 1]
    if (x[row] !== x[next] && i - lo + 1 >= leaf) {
      let a = 0
      let b = 0
      for (let c = 0; c < columns; c++) {
        const l = left[c]
        const r = total[c] - l
        a += l * l
        b += r * r
      }
      const score = a / w + b / (all - w)
      if (score > top) {
        top = score
        at = i
      }
    }
    row = next
  }
  if (at >= 0) keep(best, top, feature, at)
}

/** Every column counts its own measured rows; a side without any adds nothing. */
function withHoles(
  { columns, moment }: Rows,
  measured: Float64Array,
  node: Node,
  feature: number,
  x: Float32Array,
  order: Int32Array,
  lo: number,
  hi: number,
  leaf: number,
  best: Cut,
): void {
  const total = node.moment
  const all = node.measured
  const { left, leftMeasured } = best
  const last = hi - leaf
  left.fill(0)
  leftMeasured.fill(0)
  let top = best.score
  let at = -1
  let row = order[lo]
  for (let i = lo; i < last; i++) {
    const from = row * columns
    for (let c = 0; c < columns; c++) {
      left[c] += moment[from + c]
      leftMeasured[c] += measured[from + c]
    }
    const next = order[i + 1]
    if (x[row] !== x[next] && i - lo + 1 >= leaf) {
      let score = 0
      for (let c = 0; c < columns; c++) {
        const l = left[c]
        const w = leftMeasured[c]
        const r = total[c] - l
        const v = all[c] - w
        if (w > 0) score += (l * l) / w
        // What rounding leaves of a weight is no weight.
        if (v > 1e-9 * all[c]) score += (r * r) / v
      }
      if (score > top) {
        top = score
        at = i
      }
    }
    row = next
  }
  if (at >= 0) keep(best, top, feature, at)
}
