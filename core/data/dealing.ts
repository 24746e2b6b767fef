import { UserError } from '../errors.ts'
import type { Rng } from '../rng.ts'
import type { Mark } from './fold.ts'
import type { TaskSet } from './taskSet.ts'

/**
 * Dealing rows out at random. Rows of one block (the `group` role) always stay together, and tasks and classes are
 * dealt evenly: splits are lightly stratified.
 */

/** [row] the unit a row is dealt with: its block, or itself. */
export function units(set: TaskSet): { of: Int32Array; count: number } {
  const { rows } = set.table
  if (!set.blocks) return { of: Int32Array.from({ length: rows }, (_, row) => row), count: rows }
  const number = new Map<number, number>()
  let count = 0
  const of = Int32Array.from(set.blocks, (block) => {
    if (block < 0) return count++
    let unit = number.get(block)
    if (unit === undefined) number.set(block, (unit = count++))
    return unit
  })
  return { of, count }
}

/** [row] the stratum of a row: its task-column level and its class of the first target of classes. */
function strata(set: TaskSet): Int32Array {
  const { rows, columns } = set.table
  const target = set.targets.findIndex((column) => columns[column].kind !== 'number')
  const column = target < 0 ? null : columns[set.targets[target]]
  const classes = column ? (column.levels as string[]).length + 1 : 1
  return Int32Array.from({ length: rows }, (_, row) => {
    const group = (set.group?.[row] ?? -1) + 1
    const level = column && column.valid[row] ? column.values[row] + 1 : 0
    return group * classes + level
  })
}

/** Rows in random order within their stratum, stratum after stratum: dealing them out in turn spreads each evenly. */
function shuffledByStratum(set: TaskSet, random: Rng): Int32Array {
  const stratum = strata(set)
  const order = random.permutation(set.table.rows)
  return order.sort((a, b) => stratum[a] - stratum[b])
}

export function kFold(set: TaskSet, folds: number, random: Rng): Mark[] {
  const { of, count } = units(set)
  if (count < folds)
    throw new UserError({
      code: 'evaluation.folds',
      who: 'evaluation.folds',
      rule: `There may be at most as many folds as ${set.blocks ? 'groups' : 'rows'} (${count}).`,
      got: String(folds),
      remedy: `Choose ${count} or fewer.`,
    })
  const fold = new Int32Array(count)
  if (set.blocks) {
    // Blocks differ in size: each goes to the fold with the fewest rows so far.
    const size = new Int32Array(count)
    for (const unit of of) size[unit]++
    const load = new Int32Array(folds)
    for (const unit of random.permutation(count)) {
      let least = 0
      for (let f = 1; f < folds; f++) if (load[f] < load[least]) least = f
      fold[unit] = least
      load[least] += size[unit]
    }
  } else shuffledByStratum(set, random).forEach((row, i) => (fold[row] = i % folds))
  return Array.from({ length: folds }, (_, f) => ({ test: Uint8Array.from(of, (unit) => Number(fold[unit] === f)) }))
}

/** Marks about `fraction` of the rows, whole blocks, at least one unit and never all. */
export function markShare(set: TaskSet, fraction: number, random: Rng): Uint8Array {
  const { rows } = set.table
  const { of, count } = units(set)
  if (count < 2)
    throw new UserError({
      code: 'evaluation.one-group',
      who: 'group column',
      rule: 'Groups stay whole, so there must be at least 2 of them to split.',
      got: '1 group',
      remedy: 'Choose another group column, or none.',
    })
  const marked = new Uint8Array(count)
  if (set.blocks) {
    const size = new Int32Array(count)
    for (const unit of of) size[unit]++
    let taken = 0
    const order = random.permutation(count)
    for (let i = 0; i < count - 1 && (i === 0 || taken + size[order[i]] / 2 <= fraction * rows); i++) {
      marked[order[i]] = 1
      taken += size[order[i]]
    }
  } else {
    // Every 1/fraction-th row along the strata.
    const wanted = Math.max(1, Math.min(rows - 1, Math.round(fraction * rows)))
    const order = shuffledByStratum(set, random)
    for (let i = 0; i < wanted; i++) marked[order[Math.floor(((i + 0.5) * rows) / wanted)]] = 1
  }
  return Uint8Array.from(of, (unit) => marked[unit])
}
