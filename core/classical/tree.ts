import type { Rng } from '../rng.ts'
import { cutOf, lookThrough } from './cuts.ts'
import type { Node, Rows } from './cuts.ts'

/**
 * One tree of a forest, grown until its leaves are pure, smaller than twice `leaf` rows, or `depth` cuts deep. Rows are
 * sorted once per input and forest; a cut parts each list in order, so that no node sorts again.
 */
export type TreeOptions = {
  /** Inputs looked at in each node, drawn anew; those that are constant in it do not count. */
  tried: number
  /** Least number of rows in a leaf. A row that was drawn twice is one row. */
  leaf: number
  /** Most cuts from the root to a leaf. */
  depth: number
}

export type Tree = {
  /** [node] the input that is cut, -1 in a leaf. */
  feature: Int32Array
  /** [node] rows up to this go left. */
  cut: Float32Array
  /** [node] the left child, the right one being the next node; in a leaf its place in `values`. */
  next: Int32Array
  /** [leaf, column] */
  values: Float64Array
}

/** Of each input: its values [row], and the rows in their order. */
export type Sorted = { x: Float32Array[]; order: Int32Array[] }

export function sortedInputs(x: ArrayLike<number>, rows: number, features: number): Sorted {
  const columns = Array.from({ length: features }, (_, f) =>
    Float32Array.from({ length: rows }, (__, row) => x[row * features + f]),
  )
  const order = columns.map((own) =>
    Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => own[a] - own[b] || a - b),
  )
  return { x: columns, order }
}

/** Makes a grower of trees on these inputs and so many columns, whose working memory is used again by each tree. */
export function treeGrower({ x, order: sorted }: Sorted, columns: number, { tried, leaf, depth }: TreeOptions) {
  const features = x.length
  const count = sorted[0].length
  const order = sorted.map(() => new Int32Array(count))
  const pool = Int32Array.from({ length: features }, (_, f) => f)
  const goesLeft = new Uint8Array(count)
  const aside = new Int32Array(count)
  const most = 2 * count + 1
  const [feature, next] = [new Int32Array(most), new Int32Array(most)]
  const cut = new Float32Array(most)
  const values = new Float64Array(most * columns)
  const best = cutOf(columns)
  const node: Node = { weight: 0, moment: new Float64Array(columns), measured: new Float64Array(columns) }
  const open = {
    node: new Int32Array(most),
    lo: new Int32Array(most),
    hi: new Int32Array(most),
    deep: new Int32Array(most),
  }

  /** @param rows those of weight 0 were not drawn */
  return (rows: Rows, random: Rng): Tree => {
    const { weight, moment, measured } = rows
    const leaves: number[] = []
    let size = 0
    for (let f = 0; f < features; f++) {
      size = 0
      for (let i = 0; i < count; i++) {
        const row = sorted[f][i]
        if (weight[row] > 0) order[f][size++] = row
      }
    }
    let nodes = 1
    let waiting = 0
    const wait = (at: number, lo: number, hi: number, deep: number) => {
      open.node[waiting] = at
      open.lo[waiting] = lo
      open.hi[waiting] = hi
      open.deep[waiting++] = deep
    }

    /** Sums of the rows of a node, and its answer; a column that none of them was measured in answers like the parent. */
    const sumUp = (at: number, parent: number, list: Int32Array, lo: number, hi: number) => {
      node.weight = 0
      node.moment.fill(0)
      node.measured.fill(0)
      for (let i = lo; i < hi; i++) {
        const row = list[i]
        node.weight += weight[row]
        for (let c = 0; c < columns; c++) {
          node.moment[c] += moment[row * columns + c]
          if (measured) node.measured[c] += measured[row * columns + c]
        }
      }
      if (!measured) node.measured.fill(node.weight)
      for (let c = 0; c < columns; c++)
        values[at * columns + c] =
          node.measured[c] > 0 ? node.moment[c] / node.measured[c] : values[parent * columns + c]
    }

    /** Whether all rows agree in every column. */
    const isPure = (at: number, list: Int32Array, lo: number, hi: number) => {
      for (let i = lo; i < hi; i++)
        for (let c = 0; c < columns; c++) {
          const k = list[i] * columns + c
          const w = measured ? measured[k] : weight[list[i]]
          if (w > 0 && Math.abs(moment[k] / w - values[at * columns + c]) > 1e-9) return false
        }
      return true
    }

    const close = (at: number) => {
      feature[at] = -1
      cut[at] = 0
      next[at] = leaves.push(at) - 1
    }

    /** Draws inputs until `tried` that vary here were looked through. */
    const search = (lo: number, hi: number) => {
      best.score = -Infinity
      best.feature = -1
      for (let left = features, done = 0; left > 0 && done < tried; left--) {
        const k = random.int(left)
        const f = pool[k]
        pool[k] = pool[left - 1]
        pool[left - 1] = f
        if (x[f][order[f][lo]] === x[f][order[f][hi - 1]]) continue
        done++
        lookThrough(rows, node, f, x[f], order[f], lo, hi, leaf, best)
      }
    }

    const part = (list: Int32Array, lo: number, hi: number) => {
      let a = lo
      let b = 0
      for (let i = lo; i < hi; i++) {
        const row = list[i]
        const left = goesLeft[row]
        list[a] = row
        aside[b] = row
        a += left
        b += 1 - left
      }
      for (let i = 0; i < b; i++) list[a + i] = aside[i]
    }

    values.fill(0, 0, columns)
    wait(0, 0, size, 0)
    while (waiting > 0) {
      waiting--
      const [at, lo, hi, deep] = [open.node[waiting], open.lo[waiting], open.hi[waiting], open.deep[waiting]]
      sumUp(at, at, order[0], lo, hi)
      if (hi - lo < 2 * leaf || deep >= depth || isPure(at, order[0], lo, hi)) {
        close(at)
        continue
      }
      search(lo, hi)
      if (best.feature < 0) {
        close(at)
        continue
      }
      const f = best.feature
      const middle = best.at + 1
      const [here, there] = [x[f][order[f][middle - 1]], x[f][order[f][middle]]]
      const half = Math.fround(here + (there - here) / 2)
      feature[at] = f
      cut[at] = half < there ? half : here
      next[at] = nodes
      sumUp(nodes, at, order[f], lo, middle)
      sumUp(nodes + 1, at, order[f], middle, hi)
      const goesOn = (rows: number) => rows >= 2 * leaf && deep + 1 < depth
      const [left, right] = [goesOn(middle - lo), goesOn(hi - middle)]
      if (left || right) {
        for (let i = lo; i < hi; i++) goesLeft[order[f][i]] = Number(i < middle)
        for (let g = 0; g < features; g++) if (g !== f) part(order[g], lo, hi)
      }
      if (right) wait(nodes + 1, middle, hi, deep + 1)
      else close(nodes + 1)
      if (left) wait(nodes, lo, middle, deep + 1)
      else close(nodes)
      nodes += 2
    }
    const kept = new Float64Array(leaves.length * columns)
    leaves.forEach((at, k) => kept.set(values.subarray(at * columns, (at + 1) * columns), k * columns))
    return { feature: feature.slice(0, nodes), cut: cut.slice(0, nodes), next: next.slice(0, nodes), values: kept }
  }
}
