import type { Cells } from './metrics.ts'

/** What metrics of classes are made of: probabilities, decisions, the confusion of classes, placement values. */

const weightOf = (c: Cells, i: number) => (c.weight ? c.weight[i] : 1)

/** Probabilities are kept this far from 0 and 1 in logarithms, as scikit-learn does. */
export const TINY = Number.EPSILON
export const hit = (decided: number, truth: number) => (decided < 0 ? NaN : Number(decided === truth))
const classes = (c: Cells) => (c.width > 1 ? c.width : 2)

/** Probability of class k for cell i: a binary task holds that of class 1 alone. */
export function probability(c: Cells, i: number, k: number): number {
  if (c.width > 1) return c.prediction[i * c.width + k]
  return k === 1 ? c.prediction[i] : 1 - c.prediction[i]
}

/** The likeliest class; the first of equals. -1 where a probability is missing. */
export function decide(c: Cells, i: number): number {
  let best = 0
  for (let k = 0; k < classes(c); k++) {
    const p = probability(c, i, k)
    if (Number.isNaN(p)) return -1
    if (p > probability(c, i, best)) best = k
  }
  return best
}

/** Squared distance of the probabilities from the truth: (p1 - y)^2 for binary, the sum over classes otherwise. */
export function quadratic(c: Cells, i: number, p: (k: number) => number): number {
  if (c.width === 1) return (p(1) - c.truth[i]) ** 2
  let sum = 0
  for (let k = 0; k < c.width; k++) sum += (p(k) - (c.truth[i] === k ? 1 : 0)) ** 2
  return sum
}

/** Mean over classes of what `figure` says of their sums; NaN below `least` classes. */
export function meanOverClasses(
  sums: Float64Array,
  figure: (of: { truth: number; decided: number; both: number }) => number | null,
  least: number,
): number {
  let sum = 0
  let n = 0
  for (let at = 0; at < sums.length; at += 3) {
    const value = figure({ truth: sums[at], decided: sums[at + 1], both: sums[at + 2] })
    if (value === null) continue
    sum += value
    n++
  }
  return n >= least ? sum / n : NaN
}

/** The classes whose area against the rest is averaged: class 1 of a binary task, every class otherwise. */
export const labels = (c: Cells) => (c.width === 1 ? [1] : Array.from({ length: c.width }, (_, k) => k))

/**
 * Per class five terms: y v, (1 - y) v, y, 1 - y and A, where v is the share of the other side that the cell beats
 * (ties count half) and A the area. area = sum(y v) / sum(y) + sum((1 - y) v) / sum(1 - y) - mean(A).
 */
export function placements(c: Cells, out: Float64Array): void {
  const of = labels(c)
  const size = 5 * of.length
  of.forEach((k, at) => {
    const { beaten, area } = ranked(c, k)
    for (let i = 0; i < c.truth.length; i++) {
      const y = c.truth[i] === k ? 1 : 0
      const own = i * size + 5 * at
      out[own + (1 - y)] = beaten[i]
      out[own + 3 - y] = 1
      out[own + 4] = area
    }
  })
}

/** [cell] weighted share of the other side on the right side of the cell, and the area. */
function ranked(c: Cells, k: number): { beaten: Float64Array; area: number } {
  const score = Float64Array.from(c.truth, (_, i) => probability(c, i, k))
  if (score.some(Number.isNaN)) return { beaten: score.fill(NaN), area: NaN }
  const order = Array.from(score, (_, i) => i).sort((a, b) => score[a] - score[b])
  const sides = [0, 0]
  for (let i = 0; i < score.length; i++) sides[c.truth[i] === k ? 1 : 0] += weightOf(c, i)
  const [negatives, positives] = sides
  const below = [0, 0]
  const beaten = new Float64Array(score.length)
  let area = 0
  for (let from = 0; from < order.length;) {
    let to = from
    const tied = [0, 0]
    while (to < order.length && score[order[to]] === score[order[from]]) {
      tied[c.truth[order[to]] === k ? 1 : 0] += weightOf(c, order[to++])
    }
    const up = (below[0] + tied[0] / 2) / negatives
    const down = 1 - (below[1] + tied[1] / 2) / positives
    for (let j = from; j < to; j++) beaten[order[j]] = c.truth[order[j]] === k ? up : down
    area += (tied[1] / positives) * up
    below[0] += tied[0]
    below[1] += tied[1]
    from = to
  }
  return { beaten, area }
}

export function area(s: Float64Array, total: number): number {
  let sum = 0
  for (let at = 0; at < s.length; at += 5) {
    sum += s[at] / s[at + 2] + s[at + 1] / s[at + 3] - s[at + 4] / total
  }
  return sum / (s.length / 5)
}

/** Per class three terms: it is the truth, it was decided, both. */
export const confused = {
  size: (c: Cells) => 3 * classes(c),
  terms(c: Cells, out: Float64Array) {
    const size = 3 * classes(c)
    for (let i = 0; i < c.truth.length; i++) {
      const decided = decide(c, i)
      if (decided < 0) out.fill(NaN, i * size, (i + 1) * size)
      else {
        out[i * size + 3 * c.truth[i]] = 1
        out[i * size + 3 * decided + 1] = 1
        if (decided === c.truth[i]) out[i * size + 3 * decided + 2] = 1
      }
    }
  },
}
