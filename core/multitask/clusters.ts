import { centreOf, costAround } from './deviations.ts'
import type { Deviating } from './deviations.ts'
import type { Rng } from '../rng.ts'

/** Which cluster each task is in, the line each cluster is around, and what all of it costs, less |y|^2. */
export type Clustering = { of: Int32Array; centres: Float64Array[]; cost: number }

/**
 * Assigns tasks to `most` clusters and finds their centres, the least of
 *   sum_t cost_t(w_c(t))  +  alpha sum_c |w_c|^2,   cost_t(w) = w' M_t w - 2 m_t' w + const     (deviations.ts)
 * as Lloyd's k-means does: centres of the tasks that are in a cluster, exactly; then every task to the cluster around
 * which it costs least. Both steps lower the sum, so it ends, at an assignment that no single step betters; the best of
 * several starts is kept. Starts are drawn as by k-means++ (Arthur and Vassilvitskii 2007): each next centre is some
 * task's own line, the likelier the more that task would gain by it. Clusters that lost all tasks are left out.
 */
export function cluster(
  tasks: readonly Deviating[],
  { most, starts, alpha, levels }: { most: number; starts: number; alpha: number; levels: boolean },
  rng: Rng,
): Clustering {
  const pooled = centreOf(tasks, alpha, levels)
  if (most <= 1 || tasks.length === 1) return settle(tasks, [pooled], alpha, levels)
  const alone = tasks.map((task) => centreOf([task], alpha, levels))
  let best: Clustering | null = null
  for (let start = 0; start < starts; start++) {
    const found = settle(tasks, draw(tasks, alone, pooled, most, rng.split(start)), alpha, levels)
    // Rounding must not decide which of two equal starts is kept.
    if (!best || found.cost < best.cost - 1e-9 * Math.abs(best.cost)) best = found
  }
  return best as Clustering
}

function draw(
  tasks: readonly Deviating[],
  alone: readonly Float64Array[],
  pooled: Float64Array,
  most: number,
  rng: Rng,
): Float64Array[] {
  const least = tasks.map((task) => costAround(task, pooled))
  const possible = tasks.map((task, t) => costAround(task, alone[t]))
  const centres: Float64Array[] = []
  while (centres.length < Math.min(most, tasks.length)) {
    const gains = least.map((cost, t) => Math.max(0, cost - possible[t]))
    const total = gains.reduce((sum, gain) => sum + gain, 0)
    if (!(total > 0)) break
    let at = rng.uniform() * total
    const chosen = Math.max(
      0,
      gains.findIndex((gain) => (at -= gain) < 0),
    )
    centres.push(alone[chosen])
    tasks.forEach((task, t) => (least[t] = Math.min(least[t], costAround(task, alone[chosen]))))
  }
  return centres.length ? centres : [pooled]
}

function settle(tasks: readonly Deviating[], from: Float64Array[], alpha: number, levels: boolean): Clustering {
  let centres = from
  let of = assign(tasks, centres)
  for (let round = 0; round < 200; round++) {
    // Numbered anew, so that none is empty.
    const kept = [...new Set(of)].sort((a, b) => a - b)
    of = of.map((cluster) => kept.indexOf(cluster))
    centres = kept.map((_, c) =>
      centreOf(
        tasks.filter((_, t) => of[t] === c),
        alpha,
        levels,
      ),
    )
    const next = assign(tasks, centres, of)
    if (next.every((cluster, t) => cluster === of[t])) break
    of = next
  }
  const cost =
    tasks.reduce((sum, task, t) => sum + costAround(task, centres[of[t]]), 0) +
    alpha * centres.reduce((sum, line) => sum + squares(levels ? line.subarray(0, -1) : line), 0)
  return { of, centres, cost }
}

/** The cheapest cluster of every task; one as cheap as where it is does not move it. */
function assign(tasks: readonly Deviating[], centres: readonly Float64Array[], of?: Int32Array): Int32Array {
  return Int32Array.from(tasks, (task, t) => {
    const costs = centres.map((centre) => costAround(task, centre))
    const least = Math.min(...costs)
    if (of && costs[of[t]] - least <= 1e-12 * Math.abs(least)) return of[t]
    return costs.indexOf(least)
  })
}

const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0)
