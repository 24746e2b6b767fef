import { chiSquaredTail, normalCdf, rangeQuantile } from './distributions.ts'
import { average } from './intervals.ts'

/**
 * Many methods on many tasks or data sets (Demsar 2006, "Statistical comparisons of classifiers over multiple data
 * sets"; Benavoli et al. 2016 on why pairwise tests come first): Wilcoxon's signed ranks with Holm's correction, then
 * Friedman with Nemenyi's critical difference.
 */

/** Ranks from 1, ties averaged. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b])
  const out = new Array<number>(values.length)
  for (let from = 0; from < order.length;) {
    let to = from
    while (to < order.length && values[order[to]] === values[order[from]]) to++
    for (let i = from; i < to; i++) out[order[i]] = (from + to + 1) / 2
    from = to
  }
  return out
}

/**
 * Two-sided p of Wilcoxon's signed-rank test of paired differences; zeros are left out. Exact up to 25 differences
 * without ties, otherwise normal with tie and continuity correction. Null without a difference that is not zero.
 */
export function wilcoxon(differences: readonly number[]): number | null {
  const d = differences.filter((value) => value !== 0)
  const n = d.length
  if (!n) return null
  const size = d.map(Math.abs)
  const rank = ranks(size)
  const positive = rank.reduce((sum, r, i) => sum + (d[i] > 0 ? r : 0), 0)
  const total = (n * (n + 1)) / 2
  const statistic = Math.min(positive, total - positive)
  if (n <= 25 && new Set(size).size === n) return Math.min(1, 2 * exactTail(statistic, n))
  const counts = new Map<number, number>()
  for (const value of size) counts.set(value, (counts.get(value) ?? 0) + 1)
  const ties = [...counts.values()].reduce((sum, t) => sum + t ** 3 - t, 0)
  const se = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24 - ties / 48)
  return Math.min(1, 2 * normalCdf((statistic - total / 2 + 0.5) / se))
}

/** P(W <= w): the share of the 2^n sign patterns whose positive ranks sum to at most w. */
function exactTail(w: number, n: number): number {
  const ways = new Float64Array((n * (n + 1)) / 2 + 1)
  ways[0] = 1
  for (let r = 1; r <= n; r++) for (let s = ways.length - 1; s >= r; s--) ways[s] += ways[s - r]
  return ways.subarray(0, Math.floor(w) + 1).reduce((sum, x) => sum + x, 0) / 2 ** n
}

/** Holm's (1979) adjusted p values, in the order given. */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a] - p[b])
  const out = new Array<number>(p.length)
  let largest = 0
  order.forEach((at, i) => {
    largest = Math.max(largest, Math.min(1, (p.length - i) * p[at]))
    out[at] = largest
  })
  return out
}

export type Friedman = {
  /** [method] mean rank, 1 is best. */
  ranks: number[]
  statistic: number
  p: number
  /** Two methods differ where their mean ranks differ by at least this much: q(.05, k) / sqrt 2 * sqrt(k (k+1) / 6n). */
  criticalDifference: number
}

/** `table` [task][method], lower is better. Null below two methods or two tasks. */
export function friedman(table: readonly (readonly number[])[]): Friedman | null {
  const n = table.length
  const k = n ? table[0].length : 0
  if (n < 2 || k < 2) return null
  const ranked = table.map((row) => ranks(row))
  const means = table[0].map((_, j) => average(ranked.map((row) => row[j])))
  const squares = means.reduce((sum, r) => sum + (r - (k + 1) / 2) ** 2, 0)
  const ties = ranked.reduce((sum, row) => sum + tieSum(row), 0)
  const correction = 1 - ties / (n * k * (k * k - 1))
  const statistic = correction > 0 ? ((12 * n) / (k * (k + 1))) * (squares / correction) : 0
  return {
    ranks: means,
    statistic,
    p: chiSquaredTail(statistic, k - 1),
    criticalDifference: (rangeQuantile(0.95, k) / Math.SQRT2) * Math.sqrt((k * (k + 1)) / (6 * n)),
  }
}

function tieSum(ranked: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const rank of ranked) counts.set(rank, (counts.get(rank) ?? 0) + 1)
  return [...counts.values()].reduce((sum, t) => sum + t ** 3 - t, 0)
}
