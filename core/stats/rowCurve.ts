import { z } from 'zod'
import type { Evaluation } from '../experiment.ts'
import { IntervalRule } from './comparison.ts'
import { byTask, evidenceOf } from './evidence.ts'
import type { Evidence, RunLike } from './evidence.ts'
import { interval } from './intervals.ts'
import { measureBy } from './measure.ts'
import type { Metric } from './metrics.ts'
import { atShots } from './shotCurve.ts'
import { learnsTogether, twinOf } from './twins.ts'
import type { Sentence } from './verdict.ts'

/**
 * Error against the number of training rows per task, for every method; the paired difference of each method that
 * learns tasks together to its twin, size by size; and up to how many rows that difference is beyond doubt: where
 * sharing stops helping. Intervals follow the rule of the evaluation over folds, groups or tasks (measure.ts).
 *
 * A size is shown where every fold that was tested at all was trained at it for some method, and a method where it has
 * a figure at every size shown.
 */
const Ci = z.tuple([z.number(), z.number()]).nullable()
export const RowCurves = z.object({
  metric: z.string(),
  better: z.enum(['lower', 'higher']),
  rows: z.array(z.int()),
  interval: IntervalRule,
  methods: z.array(
    z.object({
      key: z.string(),
      id: z.string(),
      label: z.string(),
      points: z.array(z.object({ rows: z.int(), mean: z.number(), ci95: Ci })),
    }),
  ),
  /** Of each method that learns tasks together: against its twin, positive where it is better. */
  sharing: z.array(
    z.object({
      method: z.string(),
      against: z.string(),
      points: z.array(z.object({ rows: z.int(), effect: z.number(), ci95: Ci })),
      /** The largest size at which it is better beyond doubt, and the next size, where it no longer is; null: none. */
      helpsUpTo: z.int().nullable(),
      stopsAt: z.int().nullable(),
      /** The smallest size from which on it is worse beyond doubt. */
      hurtsFrom: z.int().nullable(),
    }),
  ),
})
export type RowCurves = z.infer<typeof RowCurves>

export type CurveMethod = { key: string; id: string; label: string; runs: RunLike[] }

export function rowCurves(
  asked: readonly number[],
  methods: readonly CurveMethod[],
  metric: Metric,
  evaluation: Evaluation,
): RowCurves {
  const sizes = [...new Set(asked)].sort((a, b) => a - b)
  const at = new Map(
    sizes.map((rows) => {
      const own = { ...metric, id: atShots(metric.id, rows) }
      return [rows, new Map(methods.map(({ key, runs }) => [key, evidenceOf(key, runs, own, () => null)]))] as const
    }),
  )
  const tested = (e: Evidence) => [...e.folds.values()].filter((figures) => figures.size > 0).length
  const folds = Math.max(0, ...[...at.values()].flatMap((all) => [...all.values()].map(tested)))
  const shown = sizes.filter((rows) => [...at.get(rows)!.values()].some((e) => folds > 0 && tested(e) === folds))
  const tasksAt = (rows: number) => Math.max(...[...at.get(rows)!.values()].map((e) => byTask(e).size))
  const complete = methods.filter(({ key }) =>
    shown.every((rows) => {
      const e = at.get(rows)!.get(key)!
      return tested(e) === folds && byTask(e).size === tasksAt(rows)
    }),
  )
  const measures = new Map(
    shown.map((rows) => {
      const evidence = complete.map(({ key }) => at.get(rows)!.get(key)!)
      return [rows, measureBy({ evaluation, evidence, metric, predictions: () => null, blocks: null })] as const
    }),
  )
  const sign = metric.better === 'higher' ? 1 : -1
  const measured = (rows: number, key: string, against: string | null) => {
    const all = at.get(rows)!
    return measures.get(rows)!.of(all.get(key)!, against === null ? null : all.get(against)!, null)
  }
  const rule = shown.length ? measures.get(shown[0])!.rule : { rule: 'none', unit: 'none', n: 0, approximate: false }
  return {
    metric: metric.id,
    better: metric.better,
    rows: shown,
    interval: rule as RowCurves['interval'],
    methods: complete.map(({ key, id, label }) => ({
      key,
      id,
      label,
      points: shown.flatMap((rows) => {
        const m = measured(rows, key, null)
        return m ? [{ rows, mean: m.mean, ci95: interval(m) }] : []
      }),
    })),
    sharing: complete.flatMap(({ key, id }) => {
      const against = learnsTogether(id) ? twinOf({ key, id }, complete) : null
      if (against === null) return []
      const points = shown.flatMap((rows) => {
        const m = measured(rows, key, against)
        if (!m) return []
        const signed = { ...m, mean: sign * m.mean }
        return [{ rows, effect: signed.mean, ci95: interval(signed) }]
      })
      return [{ method: key, against, points, ...endsOf(points) }]
    }),
  }
}

type Point = RowCurves['sharing'][number]['points'][number]

/** Up to how many rows a method that learns tasks together beats its twin, in words. */
export function endOf(own: RowCurves['sharing'][number], nameOf: (key: string) => string): Sentence {
  const params = { method: nameOf(own.method), against: nameOf(own.against) }
  if (own.helpsUpTo === null)
    return own.hurtsFrom === null
      ? { key: 'curve.never', params }
      : { key: 'curve.hurts', params: { ...params, n: own.hurtsFrom } }
  if (own.stopsAt === null) return { key: 'curve.always', params: { ...params, n: own.helpsUpTo } }
  return { key: 'curve.stops', params: { ...params, n: own.helpsUpTo, next: own.stopsAt } }
}

/** Exported for its test. */
export function endsOf(
  points: readonly Point[],
): Pick<RowCurves['sharing'][number], 'helpsUpTo' | 'stopsAt' | 'hurtsFrom'> {
  const helps = points.findLastIndex(({ ci95 }) => ci95 !== null && ci95[0] > 0)
  const notWorse = points.findLastIndex(({ ci95 }) => ci95 === null || ci95[1] >= 0)
  return {
    helpsUpTo: helps < 0 ? null : points[helps].rows,
    stopsAt: helps < 0 ? null : (points[helps + 1]?.rows ?? null),
    hurtsFrom: points[notWorse + 1]?.rows ?? null,
  }
}
