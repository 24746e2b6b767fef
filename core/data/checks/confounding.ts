import type { Roles } from '../roles.ts'
import type { TaskSet } from '../taskSet.ts'
import { codesOf } from './codes.ts'
import { finding, rounded } from './finding.ts'
import type { Finding, Remedy } from './finding.ts'
import type { Place } from './places.ts'

/**
 * Where the place of a row alone tells its target: a method can then learn places instead of what was asked, and its
 * figure falls at the next place. For classes Cramer's V without its bias (Bergsma 2013),
 *   phi2' = max(0, chi2/n - (k-1)(r-1)/(n-1)),  V = sqrt(phi2' / min(k'-1, r'-1)),  k' = k - (k-1)^2/(n-1);
 * for numbers the share of variance between places without its bias (Kelley 1935), 1 - (1 - eta2)(n-1)/(n-k).
 */
const STRONG = 0.8

export function checkConfounding(set: TaskSet, roles: Roles, places: readonly Place[]): Finding[] {
  return places.flatMap((place) =>
    set.targets.flatMap((target, t) => {
      const { rows } = set.table
      const kept = Array.from(place.at.keys()).filter((i) => set.observed[t * rows + place.at[i]])
      if (kept.length < 20 || place.role === 'split') return []
      const at = Int32Array.from(kept, (i) => place.at[i])
      const codes = Int32Array.from(kept, (i) => place.codes[i])
      const { name, kind, values } = set.table.columns[target]
      const params = { column: place.column.name, target: name }
      const about = { columns: [place.column.name], remedies: remediesOf(place, roles) }
      if (kind === 'number') {
        const share = betweenShare(
          Float64Array.from(at, (row) => values[row]),
          codes,
          place.levels,
        )
        if (share < STRONG) return []
        return [finding('leak', 'place-tells-number', { ...params, share: rounded(100 * share) }, about)]
      }
      const coded = codesOf(set.table.columns[target], at)
      if (!coded) return []
      const table = crossed(codes, place.levels, coded)
      const v = cramersV(table, place.levels, coded.levels)
      if (v < STRONG) return []
      const [right, plain] = toldBy(table, place.levels, coded.levels).map((n) => rounded((100 * n) / at.length))
      return [finding('leak', 'place-tells-class', { ...params, v: rounded(v), right, plain }, about)]
    }),
  )
}

/** Where rows of subjects stay together besides, leaving a group out means a subject: then whole tasks are held out. */
export function remediesOf({ role, column: { name } }: Place, roles: Roles): Remedy[] {
  if (role === 'task' && roles.group !== null) return [{ kind: 'protocol', protocol: 'new-task' }]
  if (role === 'task' || role === 'group') return [{ kind: 'protocol', protocol: 'leave-one-group-out' }]
  const group: Remedy = { kind: 'group', column: name }
  return role === 'feature' ? [{ kind: 'ignore', columns: [name] }, group] : role === 'none' ? [group] : []
}

/** [place, class] counts. */
function crossed(codes: Int32Array, places: number, classes: { codes: Int32Array; levels: number }): Float64Array {
  const table = new Float64Array(places * classes.levels)
  for (let i = 0; i < codes.length; i++) table[codes[i] * classes.levels + classes.codes[i]]++
  return table
}

/** Exported for its test against an independent figure. */
export function cramersV(table: Float64Array, places: number, classes: number): number {
  const ofPlace = new Float64Array(places)
  const ofClass = new Float64Array(classes)
  let n = 0
  table.forEach((count, i) => {
    ofPlace[Math.floor(i / classes)] += count
    ofClass[i % classes] += count
    n += count
  })
  const k = ofPlace.filter((sum) => sum > 0).length
  const r = ofClass.filter((sum) => sum > 0).length
  if (k < 2 || r < 2) return 0
  let chi2 = 0
  table.forEach((count, i) => {
    const expected = (ofPlace[Math.floor(i / classes)] * ofClass[i % classes]) / n
    if (expected > 0) chi2 += (count - expected) ** 2 / expected
  })
  const phi2 = Math.max(0, chi2 / n - ((k - 1) * (r - 1)) / (n - 1))
  const shrunk = (levels: number) => levels - (levels - 1) ** 2 / (n - 1)
  return Math.sqrt(phi2 / Math.min(shrunk(k) - 1, shrunk(r) - 1))
}

/** Rows right by the commonest class of their place, and by the commonest of all. */
function toldBy(table: Float64Array, places: number, classes: number): [number, number] {
  const all = new Float64Array(classes)
  let right = 0
  for (let place = 0; place < places; place++) {
    const own = table.subarray(place * classes, (place + 1) * classes)
    right += Math.max(...own)
    own.forEach((count, k) => (all[k] += count))
  }
  return [right, Math.max(...all)]
}

function betweenShare(y: Float64Array, codes: Int32Array, levels: number): number {
  const n = new Float64Array(levels)
  const mean = new Float64Array(levels)
  let all = 0
  for (let i = 0; i < y.length; i++) {
    all += (y[i] - all) / (i + 1)
    mean[codes[i]] += (y[i] - mean[codes[i]]) / ++n[codes[i]]
  }
  let within = 0
  let total = 0
  for (let i = 0; i < y.length; i++) {
    within += (y[i] - mean[codes[i]]) ** 2
    total += (y[i] - all) ** 2
  }
  const k = n.filter((own) => own > 0).length
  return total > 0 && y.length > k ? 1 - ((within / total) * (y.length - 1)) / (y.length - k) : 0
}
