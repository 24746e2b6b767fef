import type { Column } from '../table.ts'
import type { TaskSet } from '../taskSet.ts'
import { codesOf } from './codes.ts'
import { finding, named, rounded } from './finding.ts'
import type { Finding } from './finding.ts'
import type { Sample } from './sample.ts'

/**
 * A target that stands among the features in another guise: the same number up to a straight line (correlation of 1 to
 * ten digits) or the same classes under other names; nearly so (|r| > .999, 99.9 % of rows); the same order under any
 * bent scale (a monotone copy); a class that a threshold on one number tells (area under the ROC curve > .999).
 * Most pairs are told apart by a few hundred rows; the others are looked at on the whole sample.
 */
type Guise = 'target-in-features' | 'target-near-copy' | 'target-monotone-copy' | 'target-by-threshold'
type Found = { guise: Guise; figure: number }

/** Wide tables are checked no further than this many columns. */
const MAX_COLUMNS = 2000
const SCREEN = 400
const NEAR = 0.999

export function checkCopies(set: TaskSet, sample: Sample): Finding[] {
  const { columns } = set.table
  const features = set.features.slice(0, MAX_COLUMNS).map((feature) => columns[feature])
  const screen = spread(sample.at, SCREEN)
  return set.targets.flatMap((at) => {
    const target = columns[at]
    const byGuise = new Map<Guise, { names: string[]; figure: number }>()
    for (const feature of features) {
      const found = guiseOf(target, feature, screen, 0.02) && guiseOf(target, feature, sample.at, 0)
      if (!found) continue
      const own = byGuise.get(found.guise) ?? { names: [], figure: 1 }
      byGuise.set(found.guise, { names: [...own.names, feature.name], figure: Math.min(own.figure, found.figure) })
    }
    return [...byGuise].map(([guise, { names, figure }]) =>
      finding(
        'leak',
        guise,
        { target: target.name, feature: named(names), figure: Math.floor(1e5 * figure) / 1e5 },
        { columns: names, remedies: [{ kind: 'ignore', columns: names }] },
      ),
    )
  })
}

/** `slack` lets more through: on few rows a near copy may look a little less near. */
function guiseOf(target: Column, feature: Column, at: Int32Array, slack: number): Found | null {
  const both = at.filter((row) => target.valid[row] && feature.valid[row])
  if (both.length < 3) return null
  if (target.kind !== 'number') return classGuise(target, feature, both, slack)
  if (feature.kind !== 'number') return null
  const y = Float64Array.from(both, (row) => target.values[row])
  const x = Float64Array.from(both, (row) => feature.values[row])
  const r = Math.abs(correlation(x, y))
  if (1 - r < 1e-10) return { guise: 'target-in-features', figure: 1 }
  if (r > NEAR - slack && both.length >= 10) return { guise: 'target-near-copy', figure: rounded(r) }
  return sameOrder(x, y) ? { guise: 'target-monotone-copy', figure: 1 } : null
}

function classGuise(target: Column, feature: Column, at: Int32Array, slack: number): Found | null {
  const x = codesOf(feature, at)
  const y = codesOf(target, at)
  if (!y) return null
  // A rare class may be absent from a few rows: those say nothing then.
  if (y.levels < 2) return slack ? { guise: 'target-near-copy', figure: 1 } : null
  const rare = at.length - largest(y.codes, y.levels)
  if (x && x.levels >= 2 && (slack || x.levels <= Math.max(2 * y.levels, at.length / 10))) {
    const right = toldRight(x, y) / at.length
    const back = x.levels === y.levels ? toldRight(y, x) / at.length : 0
    if (right === 1 && back === 1) return { guise: 'target-in-features', figure: 1 }
    // Where one class is rare, nearly all rows are right anyway.
    if (1 - right <= (1 - NEAR + slack) * Math.min(1, (2 * rare) / at.length) && (slack || rare >= 5))
      return { guise: 'target-near-copy', figure: right }
  }
  if (feature.kind !== 'number' || y.levels !== 2) return null
  const ones = y.codes.reduce((sum, code) => sum + code, 0)
  if (Math.min(ones, at.length - ones) < (slack ? 3 : 20)) return null
  const auc = areaOf(
    Float64Array.from(at, (row) => feature.values[row]),
    y.codes,
    ones,
  )
  return auc > NEAR - slack ? { guise: 'target-by-threshold', figure: auc } : null
}

type Coded = { codes: Int32Array; levels: number }

function largest(codes: Int32Array, levels: number): number {
  const counts = new Int32Array(levels)
  for (const code of codes) counts[code]++
  return Math.max(...counts)
}

/** Rows whose y the commonest y of their x tells. */
function toldRight(x: Coded, y: Coded): number {
  const counts = new Int32Array(x.levels * y.levels)
  for (let i = 0; i < x.codes.length; i++) counts[x.codes[i] * y.levels + y.codes[i]]++
  let right = 0
  for (let level = 0; level < x.levels; level++)
    right += Math.max(...counts.subarray(level * y.levels, (level + 1) * y.levels))
  return right
}

function correlation(x: Float64Array, y: Float64Array): number {
  const n = x.length
  let meanX = 0
  let meanY = 0
  for (let i = 0; i < n; i++) {
    meanX += (x[i] - meanX) / (i + 1)
    meanY += (y[i] - meanY) / (i + 1)
  }
  let [xx, yy, xy] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    xx += (x[i] - meanX) ** 2
    yy += (y[i] - meanY) ** 2
    xy += (x[i] - meanX) * (y[i] - meanY)
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0
}

/** Sorted by x, y never turns back; both take enough values for that to mean something. */
function sameOrder(x: Float64Array, y: Float64Array): boolean {
  if (x.length < 20) return false
  const order = Int32Array.from(x, (_, i) => i).sort((a, b) => x[a] - x[b] || y[a] - y[b])
  let [up, down, steps] = [true, true, 0]
  for (let i = 1; i < order.length && (up || down); i++) {
    const [a, b] = [order[i - 1], order[i]]
    if (x[a] === x[b] && y[a] !== y[b]) return false
    if (y[b] < y[a]) up = false
    if (y[b] > y[a]) down = false
    if (y[a] !== y[b]) steps++
  }
  return (up || down) && steps >= 10
}

/** Area under the ROC curve of x for class 1, or of -x, whichever is larger; ties count half (Mann and Whitney 1947). */
function areaOf(x: Float64Array, codes: Int32Array, ones: number): number {
  const order = Int32Array.from(x, (_, i) => i).sort((a, b) => x[a] - x[b])
  let ranks = 0
  for (let from = 0; from < order.length;) {
    let to = from
    let own = 0
    for (; to < order.length && x[order[to]] === x[order[from]]; to++) own += codes[order[to]]
    ranks += (own * (from + 1 + to)) / 2
    from = to
  }
  const area = (ranks - (ones * (ones + 1)) / 2) / (ones * (x.length - ones))
  return Math.max(area, 1 - area)
}

/** Up to `most` of these rows, evenly. */
function spread(at: Int32Array, most: number): Int32Array {
  const step = Math.max(1, Math.ceil(at.length / most))
  return at.filter((_, i) => i % step === 0)
}
