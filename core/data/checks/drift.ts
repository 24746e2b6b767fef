import { chiSquaredTail } from '../../stats/distributions.ts'
import { holm } from '../../stats/rankings.ts'
import type { Roles } from '../roles.ts'
import type { TaskSet } from '../taskSet.ts'
import { codesOf } from './codes.ts'
import { remediesOf } from './confounding.ts'
import { finding, rounded } from './finding.ts'
import type { Finding } from './finding.ts'
import { levelName } from './places.ts'
import type { Place } from './places.ts'

/**
 * Inputs that are spread differently from place to place. Each place is held against all others together: numbers by the
 * Kolmogorov-Smirnov distance D (and the standardised mean difference beside it), classes by the total variation
 * distance. Said where D is at least .3 and its p value (Kolmogorov's and Stephens' approximation; chi squared for
 * classes) stays below .01 after Holm's correction over all inputs and places. Rows are taken as independent, so the
 * p value only keeps small places from alarming; the distance says how much.
 */
const FAR = 0.3
const LEVEL = 0.01
const FEWEST = 20
const MAX_COLUMNS = 500

type Distance = { feature: number; level: number; distance: number; p: number }

export function checkDrift(set: TaskSet, roles: Roles, places: readonly Place[]): Finding[] {
  const features = set.features.slice(0, MAX_COLUMNS)
  return places.flatMap((place) => {
    const found = features
      .filter((feature) => set.table.columns[feature] !== place.column)
      .flatMap((feature) => distances(set, feature, place))
    const adjusted = holm(found.map(({ p }) => p))
    const far = found.filter(({ distance }, i) => distance >= FAR && adjusted[i] < LEVEL)
    if (!far.length) return []
    const worst = far.reduce((a, b) => (b.distance > a.distance ? b : a))
    const drifting = [...new Set(far.map(({ feature }) => set.table.columns[feature].name))]
    const column = set.table.columns[worst.feature]
    const row = place.at[place.codes.indexOf(worst.level)]
    const params = {
      place: place.column.name,
      level: levelName(place.column, row),
      n: drifting.length,
      of: features.length,
      column: column.name,
      distance: rounded(worst.distance),
    }
    const about = { columns: drifting, remedies: remediesOf(place, roles) }
    if (column.kind !== 'number')
      return [finding('note', 'drift-class', { ...params, distance: rounded(100 * worst.distance) }, about)]
    const means = meansOf(place, worst.level, column.values, column.valid)
    return [finding('note', 'drift-number', { ...params, ...means }, about)]
  })
}

/** One feature: the distance of every place of at least 20 rows to the rest. */
function distances(set: TaskSet, feature: number, place: Place): Distance[] {
  const column = set.table.columns[feature]
  const kept = Array.from(place.at.keys()).filter((i) => column.valid[place.at[i]])
  const codes = Int32Array.from(kept, (i) => place.codes[i])
  const size = new Int32Array(place.levels)
  for (const code of codes) size[code]++
  const at = Int32Array.from(kept, (i) => place.at[i])
  const usable = (level: number) => size[level] >= FEWEST && at.length - size[level] >= FEWEST
  const levels = Array.from(size.keys()).filter(usable)
  if (!levels.length) return []
  if (column.kind !== 'number') {
    const coded = codesOf(column, at)
    return coded ? levels.map((level) => ({ feature, level, ...variation(codes, coded, level, size[level]) })) : []
  }
  const d = kolmogorovSmirnov(
    Float64Array.from(at, (row) => column.values[row]),
    codes,
    size,
  )
  return levels.map((level) => {
    const effective = (size[level] * (at.length - size[level])) / at.length
    return { feature, level, distance: d[level], p: kolmogorovTail(d[level], effective) }
  })
}

/**
 * [level] the largest distance between the distribution function of a level and that of all other rows, in one pass over
 * the sorted values: F_level - F_rest = (F_level - F_all) * n / (n - n_level), and F_level only moves at its own rows.
 */
export function kolmogorovSmirnov(x: Float64Array, codes: Int32Array, size: Int32Array): Float64Array {
  const n = x.length
  const order = Int32Array.from(x, (_, i) => i).sort((a, b) => x[a] - x[b])
  const below = new Int32Array(size.length)
  const most = new Float64Array(size.length)
  const look = (level: number, all: number) => {
    most[level] = Math.max(most[level], Math.abs(below[level] / size[level] - all / n))
  }
  for (let from = 0; from < n;) {
    let to = from
    while (to < n && x[order[to]] === x[order[from]]) to++
    // Before the levels at this value move, and after.
    for (let i = from; i < to; i++) look(codes[order[i]], from)
    for (let i = from; i < to; i++) below[codes[order[i]]]++
    for (let i = from; i < to; i++) look(codes[order[i]], to)
    from = to
  }
  return most.map((d, level) => (d * n) / (n - size[level]))
}

/** P(D >= d) where both samples come from one distribution; `n` is n1 n2 / (n1 + n2). */
export function kolmogorovTail(d: number, n: number): number {
  const lambda = (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * d
  if (lambda < 0.2) return 1
  let sum = 0
  for (let j = 1; j <= 100; j++) sum += 2 * (j % 2 ? 1 : -1) * Math.exp(-2 * j * j * lambda * lambda)
  return Math.min(1, Math.max(0, sum))
}

/** Half the summed difference of the shares of classes, here and elsewhere. */
function variation(places: Int32Array, classes: { codes: Int32Array; levels: number }, level: number, size: number) {
  const here = new Float64Array(classes.levels)
  const all = new Float64Array(classes.levels)
  const n = places.length
  for (let i = 0; i < n; i++) {
    all[classes.codes[i]]++
    if (places[i] === level) here[classes.codes[i]]++
  }
  let distance = 0
  let chi2 = 0
  for (let k = 0; k < classes.levels; k++) {
    distance += Math.abs(here[k] / size - (all[k] - here[k]) / (n - size)) / 2
    const expected = (all[k] * size) / n
    chi2 += ((here[k] - expected) ** 2 / expected) * (n / (n - size))
  }
  return { distance, p: classes.levels > 1 ? chiSquaredTail(chi2, classes.levels - 1) : 1 }
}

/** Means here and elsewhere, and their difference in units of the pooled sd. */
function meansOf(place: Place, level: number, values: ArrayLike<number>, valid: Uint8Array) {
  const sums = [0, 1].map(() => ({ n: 0, mean: 0, squares: 0 }))
  place.at.forEach((row, i) => {
    if (!valid[row]) return
    const own = sums[place.codes[i] === level ? 0 : 1]
    const step = values[row] - own.mean
    own.mean += step / ++own.n
    own.squares += step * (values[row] - own.mean)
  })
  const [here, there] = sums
  const sd = Math.sqrt((here.squares + there.squares) / (here.n + there.n - 2))
  const smd = sd > 0 ? (here.mean - there.mean) / sd : 0
  return { here: rounded(here.mean), there: rounded(there.mean), smd: rounded(smd) }
}
