import { rng } from '../rng.ts'

/**
 * How well one matrix of relations foretells another: Spearman's rank correlation over the ordered pairs of tasks. Pairs
 * share tasks, so tasks are resampled, not pairs (2,000 draws; a pair counts as often as both of its tasks were drawn,
 * and is left out where a task meets itself); the interval is that of the percentiles. Null below four tasks.
 */
export type Agreement = { rho: number; ci95: [number, number] | null; pairs: number; tasks: number }

const DRAWS = 2000

export function agreementOf(
  a: readonly (number | null)[],
  b: readonly (number | null)[],
  tasks: number,
): Agreement | null {
  const pairs: { from: number; to: number; a: number; b: number }[] = []
  for (let from = 0; from < tasks; from++)
    for (let to = 0; to < tasks; to++) {
      const [x, y] = [a[from * tasks + to], b[from * tasks + to]]
      if (from !== to && x != null && y != null && Number.isFinite(x) && Number.isFinite(y))
        pairs.push({ from, to, a: x, b: y })
    }
  const spearman = weightedSpearman(pairs.map((p) => p.a), pairs.map((p) => p.b)) // prettier-ignore
  const rho = spearman(new Float64Array(pairs.length).fill(1))
  if (rho === null) return null
  const known = new Set(pairs.flatMap(({ from, to }) => [from, to])).size
  if (known < 4) return { rho, ci95: null, pairs: pairs.length, tasks: known }
  const random = rng('agreement')
  const drawn: number[] = []
  const weight = new Float64Array(pairs.length)
  for (let d = 0; d < DRAWS; d++) {
    const times = new Uint16Array(tasks)
    for (let i = 0; i < tasks; i++) times[random.int(tasks)]++
    pairs.forEach(({ from, to }, k) => (weight[k] = times[from] * times[to]))
    const value = spearman(weight)
    if (value !== null) drawn.push(value)
  }
  drawn.sort((x, y) => x - y)
  const at = (p: number) => drawn[Math.min(drawn.length - 1, Math.floor(p * drawn.length))]
  return { rho, ci95: drawn.length ? [at(0.025), at(0.975)] : null, pairs: pairs.length, tasks: known }
}

/** Of weighted points: mid-ranks by cumulated weight, then Pearson's correlation of them. Null without spread. */
function weightedSpearman(a: number[], b: number[]): (weight: Float64Array) => number | null {
  const n = a.length
  const orders = [a, b].map((values) => Array.from(values.keys()).sort((i, j) => values[i] - values[j]))
  const ranks = [a, b].map(() => new Float64Array(n))
  return (weight) => {
    let total = 0
    for (const w of weight) total += w
    if (!(total > 0)) return null
    ;[a, b].forEach((values, k) => {
      let below = 0
      for (let i = 0; i < n;) {
        let j = i
        let tied = 0
        while (j < n && values[orders[k][j]] === values[orders[k][i]]) tied += weight[orders[k][j++]]
        while (i < j) ranks[k][orders[k][i++]] = below + tied / 2
        below += tied
      }
    })
    const middle = total / 2
    let [xy, xx, yy] = [0, 0, 0]
    for (let i = 0; i < n; i++) {
      const [x, y] = [ranks[0][i] - middle, ranks[1][i] - middle]
      xy += weight[i] * x * y
      xx += weight[i] * x * x
      yy += weight[i] * y * y
    }
    return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null
  }
}
