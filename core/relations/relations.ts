import { z } from 'zod'
import type { Evaluation, RelationsSpec } from '../experiment.ts'
import type { Measured } from '../stats/intervals.ts'
import { independent, interval, nadeauBengio } from '../stats/intervals.ts'
import { agreementOf } from './agreement.ts'
import { bestGroups, clusteredOrder, predictedGains } from './grouping.ts'
import type { Watched } from './record.ts'
import { ends, measured, pooledCells, transferOf, unitsOf, winsOf } from './transfer.ts'
import type { Part, Transfer, Units, Wins } from './transfer.ts'

/** Everything that is known of which tasks help which: the answer behind the screen and `engram relations`. */
const Figures = z.array(z.number().nullable())
const Interval = z.tuple([z.number(), z.number()])
const ESTIMATES = ['gain', 'cosine'] as const
const DESIGNS = ['pairs', 'leave-one-out'] as const

export const Relations = z.object({
  /** Key of the method that was fitted. */
  method: z.string(),
  /** Methods whose relations are known here. */
  methods: z.array(z.string()),
  tasks: z.array(z.object({ id: z.string(), kind: z.enum(['regression', 'binary', 'multiclass']), rows: z.int() })),
  fits: z.object({ done: z.int(), of: z.int(), refused: z.int() }),
  /** Why fits were refused, where some were. */
  reasons: z.array(z.string()),
  interval: z.object({ rule: z.enum(['nadeau-bengio', 'paired-groups', 'seeds', 'none']), n: z.int() }),
  /** Matrices row by row [from task, to task] in the order of `tasks`: what `from` gives `to`, as a share of its plain error. */
  measured: z.array(
    z.object({
      design: z.enum(DESIGNS),
      effect: Figures,
      low: Figures,
      high: Figures,
      /** After partial pooling over all cells. */
      pooled: Figures,
      /** Cells whose interval leaves 0 out, and how many would by chance alone if nothing helped anything. */
      settled: z.int(),
      chance: z.number(),
    }),
  ),
  /** What watching the gradients says, [from, to], without a unit; null where nothing was watched. */
  estimate: z.object({ looks: z.number(), runs: z.int(), gain: Figures, cosine: Figures }).nullable(),
  /** Tasks in an order in which those that help each other stand together. */
  order: z.array(z.int()),
  groups: z.array(
    z.object({
      from: z.enum([...DESIGNS, ...ESTIMATES]),
      exact: z.boolean(),
      groups: z.array(z.array(z.int())),
      /** Mean over tasks of the predicted gain, as the matrix that they come from says: flatters. */
      predicted: z.number().nullable(),
      /** What the measured pairs say of groups that were chosen without them (on the other folds, or by an estimate). */
      checked: z.object({ mean: z.number(), ci95: Interval.nullable() }).nullable(),
    }),
  ),
  /** Spearman's correlation of an estimate with a measurement; the interval is a bootstrap over tasks. */
  agreement: z.array(
    z.object({
      estimate: z.enum(ESTIMATES),
      measured: z.enum(DESIGNS),
      rho: z.number(),
      ci95: Interval.nullable(),
      pairs: z.int(),
      tasks: z.int(),
    }),
  ),
})
export type Relations = z.infer<typeof Relations>

export type RelationsInput = {
  method: string
  methods: string[]
  tasks: Relations['tasks']
  designs: RelationsSpec['designs']
  evaluation: Evaluation
  parts: Part[]
  watched: Watched[]
  /** Trials of the matrix over folds and seeds, for the count of fits. */
  trials: { from: number; to: number }[]
}

export function relationsOf(input: RelationsInput): Relations {
  const { tasks, designs, parts } = input
  const n = tasks.length
  const units = unitsOf(parts, n, designs, input.evaluation)
  const transfers = parts.length ? designs.map((design) => transferOf(units, design)) : []
  const estimate = estimateOf(input)
  const refused = parts.flatMap(({ record }) => record.refused)
  const source = transfers[0]?.pooled ?? estimate?.gain ?? []
  return {
    method: input.method,
    methods: input.methods,
    tasks,
    fits: {
      done: parts.reduce((sum, { record }) => sum + record.done, 0),
      of: input.trials.reduce((sum, { from, to }) => sum + to - from, 0),
      refused: refusedFits(units, parts),
    },
    reasons: [...new Set(refused.map(({ rule }) => rule))].slice(0, 3),
    interval: units.rule,
    measured: transfers.map(toJson),
    estimate: estimate && { ...estimate, gain: estimate.gain.map(short), cosine: estimate.cosine.map(short) },
    order: clusteredOrder(source, n),
    groups: groupings(units, transfers, estimate, n),
    agreement: transfers.flatMap(({ design, cells }) =>
      ESTIMATES.flatMap((name) => {
        const found = estimate && agreementOf(estimate[name], cells.map((cell) => cell?.mean ?? null), n) // prettier-ignore
        return found ? [{ estimate: name, measured: design, ...found }] : []
      }),
    ),
  }
}

/** Fits without a figure: one subset of one fold and seed. */
function refusedFits({ subsets }: Units, parts: readonly Part[]): number {
  let count = 0
  for (const { record } of parts) {
    let at = 0
    for (const subset of subsets.slice(record.from, record.from + record.done)) {
      if (Number.isNaN(record.sums[at])) count++
      at += 2 * subset.length
    }
  }
  return count
}

/** Means over the trainings that were watched. */
function estimateOf({ watched, tasks }: RelationsInput): Relations['estimate'] {
  if (!watched.length) return null
  const n = tasks.length
  const places = new Map(tasks.map(({ id }, t) => [id, t]))
  const sums = { gain: new Float64Array(n * n), cosine: new Float64Array(n * n), count: new Float64Array(n * n) }
  for (const { tasks: own, gain, cosine } of watched)
    own.forEach((from, i) =>
      own.forEach((to, j) => {
        const [a, b] = [places.get(from), places.get(to)]
        const at = i * own.length + j
        if (a === undefined || b === undefined || a === b || Number.isNaN(gain[at])) return
        sums.gain[a * n + b] += gain[at]
        sums.cosine[a * n + b] += cosine[at]
        sums.count[a * n + b]++
      }),
    )
  const mean = (values: Float64Array) => Array.from(values, (v, at) => (sums.count[at] ? v / sums.count[at] : null))
  const looks = watched.reduce((sum, own) => sum + own.looks, 0)
  return { looks, runs: watched.length, gain: mean(sums.gain), cosine: mean(sums.cosine) }
}

function groupings(units: Units, transfers: Transfer[], estimate: Relations['estimate'], n: number) {
  const pairs = transfers.find(({ design }) => design === 'pairs')
  const wins = pairs ? winsOf(units, 'pairs') : null
  const mean = (gains: readonly (number | null)[], groups: number[][]) =>
    predictedGains(gains, n, groups).reduce((sum, gain) => sum + gain, 0) / n
  const found: Relations['groups'] = []
  for (const transfer of transfers) {
    const best = bestGroups(transfer.pooled, n)
    const honest = transfer === pairs && wins ? heldOut(units, wins, n) : null
    found.push({
      from: transfer.design,
      ...best,
      predicted: short(mean(transfer.pooled, best.groups)),
      checked: honest,
    })
  }
  if (estimate)
    for (const name of ESTIMATES) {
      const best = bestGroups(estimate[name], n)
      found.push({
        from: name,
        ...best,
        predicted: null,
        checked: wins && spread(units, units.errors.map((_, f) => mean(winsIn(wins, f), best.groups))), // prettier-ignore
      })
    }
  return found
}

/** At most so many parts of the folds are left out in turn: each asks for groups anew. */
const TURNS = 10

/** Groups chosen on all folds but some, judged by these, in turn. */
function heldOut(units: Units, wins: Wins[], n: number) {
  const folds = units.errors.length
  if (folds < 3) return null
  const turns = Math.min(folds, TURNS)
  const values = units.errors.map(() => NaN)
  for (let turn = 0; turn < turns; turn++) {
    const without = (cell: Wins): Wins =>
      cell && { ...cell, wins: cell.wins.map((win, f) => (f % turns === turn ? NaN : win)) }
    const { groups } = bestGroups(pooledCells(wins.map((cell) => measured(units, without(cell)))), n)
    for (let f = turn; f < folds; f += turns) {
      const gains = predictedGains(winsIn(wins, f), n, groups)
      values[f] = gains.reduce((sum, gain) => sum + gain, 0) / n
    }
  }
  return spread(units, values)
}

/** What one fold alone says of every cell. */
const winsIn = (wins: Wins[], f: number): (number | null)[] =>
  wins.map((cell) => {
    if (!cell) return null
    const known = cell.plain.filter((value) => Number.isFinite(value))
    const value = (cell.wins[f] * known.length) / known.reduce((sum, v) => sum + v, 0)
    return Number.isFinite(value) ? value : null
  })

function spread({ rule, ratio }: Units, values: number[]) {
  const known = values.filter((value) => Number.isFinite(value))
  if (!known.length) return null
  const found: Measured | null = rule.rule === 'nadeau-bengio' ? nadeauBengio(known, ratio) : independent(known)
  const ci = found && interval(found)
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  return { mean: short(mean) as number, ci95: ci && ([short(ci[0]), short(ci[1])] as [number, number]) }
}

function toJson({ design, cells, pooled }: Transfer): Relations['measured'][number] {
  const intervals = cells.map(ends)
  const judged = intervals.filter((ci) => ci !== null)
  return {
    design,
    effect: cells.map((cell) => short(cell?.mean ?? null)),
    low: intervals.map((ci) => short(ci?.[0] ?? null)),
    high: intervals.map((ci) => short(ci?.[1] ?? null)),
    pooled: pooled.map(short),
    settled: judged.filter(([low, high]) => low > 0 || high < 0).length,
    chance: short(0.05 * judged.length) as number,
  }
}

/** Five figures are more than anybody reads, and keep a matrix of many tasks small. */
const short = (value: number | null): number | null =>
  value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(5))
