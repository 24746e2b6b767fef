import type { Cells } from './cells.ts'
import type { Figures } from './catalogue.ts'
import { growTree, type Tree } from './tree.ts'

/** What a decision tree of at most 10 questions in a row looks like (5 rows in each leaf). */
export function modelBased({ x, width, y, counts, numbers, categories }: Cells, most: number): Figures {
  const rows = Array.from({ length: Math.min(most, y.length) }, (_, row) => row)
  const tree = growTree({ x, width, y, classes: counts.length }, rows, { depth: 10, least: 5 })
  const gains = new Float64Array(width)
  const { leaves, depth } = walk(tree, gains)
  const all = gains.reduce((sum, gain) => sum + gain, 0)
  return {
    leaves,
    'tree_depth.max': depth,
    nodes_per_attr: (leaves - 1) / (numbers.length + categories.length),
    ...(all > 0 ? { 'var_importance.max': Math.max(...gains) / all } : {}),
  }
}

function walk(tree: Tree, gains: Float64Array): { leaves: number; depth: number } {
  if (!('column' in tree)) return { leaves: 1, depth: 0 }
  gains[tree.column] += tree.gain
  const [low, high] = [walk(tree.low, gains), walk(tree.high, gains)]
  return { leaves: low.leaves + high.leaves, depth: 1 + Math.max(low.depth, high.depth) }
}
