import { agnes } from 'ml-hclust'

/**
 * Groups of tasks to learn together, from a matrix of gains [from, to]. What a task gains in a group is predicted as the
 * mean of what the others of the group give it, alone 0 (Fifty et al. 2021); the best partition has the greatest sum.
 * Exactly (dynamic programming over subsets) up to 12 tasks; beyond, the best cut of an average-linkage tree of the
 * tasks (Sokal and Michener 1958) whose distances are the negated mean gain of both directions.
 */
export type Grouping = { groups: number[][]; exact: boolean }

export const EXACT = 12

export function bestGroups(gains: readonly (number | null)[], tasks: number): Grouping {
  if (tasks <= EXACT) return { groups: exactly(gains, tasks), exact: true }
  const tree = treeOf(gains, tasks)
  let best = tree.group(1)
  let most = -Infinity
  for (let k = 1; k <= tasks; k++) {
    const cut = tree.group(k)
    const sum = sumOf(gains, tasks, leavesOf(cut, k))
    if (sum <= most + 1e-12) continue
    most = sum
    best = cut
  }
  return { groups: sorted(leavesOf(best, tasks)), exact: false }
}

type Tree = ReturnType<typeof agnes>

/** An order in which tasks that help each other stand together: the leaves of the tree. */
export const clusteredOrder = (gains: readonly (number | null)[], tasks: number): number[] =>
  tasks < 3 ? Array.from({ length: tasks }, (_, t) => t) : treeOf(gains, tasks).indices()

function treeOf(gains: readonly (number | null)[], tasks: number): Tree {
  const both = (i: number, j: number) => ((gains[i * tasks + j] ?? 0) + (gains[j * tasks + i] ?? 0)) / 2
  const distances = Array.from({ length: tasks }, (_, i) =>
    Array.from({ length: tasks }, (_, j) => (i === j ? 0 : -both(i, j))),
  )
  return agnes(distances, { method: 'average', isDistanceMatrix: true })
}

function leavesOf(cut: Tree, k: number): number[][] {
  return k === 1 && cut.isLeaf ? [cut.indices()] : cut.children.map((child) => child.indices())
}

/** What each task is predicted to gain, 0 where it is alone. */
export function predictedGains(gains: readonly (number | null)[], tasks: number, groups: number[][]): number[] {
  const out = new Array<number>(tasks).fill(0)
  for (const group of groups)
    for (const t of group)
      if (group.length > 1)
        out[t] = group.reduce((sum, s) => sum + (s === t ? 0 : (gains[s * tasks + t] ?? 0)), 0) / (group.length - 1)
  return out
}

const sumOf = (gains: readonly (number | null)[], tasks: number, groups: number[][]) =>
  predictedGains(gains, tasks, groups).reduce((sum, gain) => sum + gain, 0)

/** best(mask) = the greatest of value(group) + best(rest) over the groups that hold the first task of the mask. */
function exactly(gains: readonly (number | null)[], tasks: number): number[][] {
  const size = 2 ** tasks
  const members = (mask: number) => Array.from({ length: tasks }, (_, t) => t).filter((t) => mask & (1 << t))
  const value = new Float64Array(size)
  for (let mask = 1; mask < size; mask++) value[mask] = sumOf(gains, tasks, [members(mask)])
  const best = new Float64Array(size)
  const chosen = new Int32Array(size)
  for (let mask = 1; mask < size; mask++) {
    const first = mask & -mask
    const others = mask ^ first
    best[mask] = -Infinity
    // From the smallest group on, so that of equals nothing is joined without a gain.
    for (let part = 0; ; part = (part - others) & others) {
      const group = part | first
      const sum = value[group] + best[mask ^ group]
      if (sum > best[mask] + 1e-12) {
        best[mask] = sum
        chosen[mask] = group
      }
      if (part === others) break
    }
  }
  const groups: number[][] = []
  for (let mask = size - 1; mask; mask ^= chosen[mask]) groups.push(members(chosen[mask]))
  return sorted(groups)
}

/** The largest first, then by their first task. */
const sorted = (groups: number[][]): number[][] =>
  groups.map((group) => [...group].sort((a, b) => a - b)).sort((a, b) => b.length - a.length || a[0] - b[0])
