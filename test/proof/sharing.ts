import { rng } from '../../core/rng.ts'
import { asClasses, AUC, difference, EXPLAINED, figures, NORMALISED, print, printDifference } from './repeatedSplits.ts'
import { readSet, splitsOf } from './repeatedSplits.ts'
import type { Choice, Compared, Found } from './repeatedSplits.ts'

/** Three published tables on which linear multi-task learning was shown to help, with as many splits as asked for. */
const school = () => {
  const names = Array.from({ length: 28 }, (_, i) => `x${i + 1}`).filter((name) => name !== 'x4' && name !== 'x5')
  return readSet('school/school.csv', { targets: ['score'], task: 'school', kinds: asClasses(names) })
}

/** 139 schools: explained variance after a share of the pupils of each. */
export async function schoolShares(share: number, count: number, methods: Choice[]) {
  const set = school()
  const splits = splitsOf(set.group!, count, (_, rows) => Math.round(share * rows))
  const found = await figures({ set, splits, methods }, EXPLAINED)
  print(`School, ${100 * share} % of each school, ${count} splits: explained variance, %`, found, 1)
  return against(found, 'mean-regularised', 1)
}

/**
 * Seven torques from 50 rows of 4,449, the other 4,399 tested. No row is learned from in two splits: training sets are
 * independent, and what two splits share is nearly the whole of their test rows.
 */
export async function sarcosFifty(
  count: number,
  methods: Choice[],
  tune?: { configurations: number; innerFolds: number },
) {
  const torques = Array.from({ length: 7 }, (_, i) => `tau${i + 1}`)
  const set = readSet('sarcos/sarcos_inv_test.csv', { targets: torques })
  const order = rng('proof/sarcos').permutation(set.table.rows)
  const splits = Array.from({ length: count }, (_, split) => {
    const learned = new Set(order.subarray(50 * split, 50 * (split + 1)))
    return [...order].filter((row) => !learned.has(row))
  })
  const found = await figures({ set, splits, methods, tune }, NORMALISED)
  print(`SARCOS, 50 rows, ${count} splits: mean normalised squared error of 7 torques`, found, 4)
  return against(found, 'ridge', 4)
}

/** 29 fields, 160 rows of each, positives in proportion: mean area under the curve of the fields. */
export async function landmineFields(
  count: number,
  methods: Choice[],
  tune?: { configurations: number; innerFolds: number },
) {
  const set = readSet('landmine/landmine.csv', { targets: ['mine'], task: 'task', kinds: { mine: 'category' } })
  const sizes = new Int32Array(set.groups!.length)
  for (const group of set.group!) sizes[group]++
  const mine = set.table.columns[set.targets[0]].values
  const stratum = Array.from(set.group!, (group, row) => 2 * group + mine[row])
  const splits = splitsOf(stratum, count, (s, rows) => learnedOf(s, rows, sizes))
  const learned = set.table.rows - splits[0].length
  const found = await figures({ set, splits, methods, tune }, AUC)
  print(`Landmine, ${learned} rows of 29 fields learned, ${count} splits: mean AUC`, found, 4)
  return against(found, 'logistic', 4)
}

/** Of 160 rows of a field its share of positives, rounded; the rest negatives. */
function learnedOf(stratum: number, rows: number, sizes: Int32Array): number {
  const share = (160 * rows) / sizes[stratum >> 1]
  // Rounded down for negatives where positives are rounded up, so that both are 160.
  return stratum % 2 ? Math.round(share) : 160 - Math.round(160 - share)
}

function against(found: Found, base: string, digits: number) {
  const differences = new Map<string, Compared>()
  for (const key of found.evidence.keys()) {
    if (key === base) continue
    const d = difference(found, key, base)
    printDifference(`${key} less ${base}`, d, digits)
    differences.set(key, d)
  }
  return { found, differences }
}
