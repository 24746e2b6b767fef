import { z } from 'zod'
import { rng } from '../rng.ts'
import { byTask, evidenceOf } from './evidence.ts'
import type { Evidence, RunLike } from './evidence.ts'
import { average, independent, interval } from './intervals.ts'
import type { Metric } from './metrics.ts'

/**
 * Error against the number of labelled rows of a new task, for every method; the difference to one baseline, paired
 * task by task; and how many rows alone bring what a method brings with few ("7 here equal 40 alone").
 *
 * A point is shown where at least half of the tasks (and two) have that many rows. All points are over the same tasks,
 * those that have all of them, so that a curve falls because of rows and not because small tasks drop out.
 */
const Ci = z.tuple([z.number(), z.number()]).nullable()
export const ShotCurves = z.object({
  metric: z.string(),
  better: z.enum(['lower', 'higher']),
  shots: z.array(z.int()),
  /** Tasks behind every point. */
  tasks: z.int(),
  methods: z.array(
    z.object({
      key: z.string(),
      id: z.string(),
      label: z.string(),
      points: z.array(z.object({ shots: z.int(), mean: z.number(), ci95: Ci, n: z.int() })),
      /** Improvement over the best baseline at the same number of rows, positive where this method is better. */
      against: z.array(z.object({ shots: z.int(), effect: z.number(), ci95: Ci })),
    }),
  ),
  /** The method that everything is held against: the baseline with the best mean over the curve. */
  baseline: z.string().nullable(),
  /** `rows` labelled rows of `method` are worth as many of `alone`, the best that learns each task alone; `more` where none reach it. */
  worth: z
    .object({
      method: z.string(),
      rows: z.int(),
      alone: z.string(),
      equals: z.number(),
      ci95: z.tuple([z.number(), z.number()]).nullable(),
      more: z.boolean(),
    })
    .nullable(),
})
export type ShotCurves = z.infer<typeof ShotCurves>

/** The name under which a run records a metric at this many labelled rows. */
export const atShots = (metric: string, shots: number): string => `${metric}@${shots}`

/** `alone`: learns a new task from its own labelled rows and nothing else. */
export type Runner = { key: string; id: string; label: string; baseline: boolean; alone: boolean; runs: RunLike[] }
/** [shots][task] */
type Curve = Map<number, Map<string, number>>

export function shotCurves(asked: readonly number[], runners: readonly Runner[], metric: Metric): ShotCurves {
  const curves = new Map(runners.map((runner) => [runner.key, curveOf(runner, asked, metric)]))
  const shots = shownShots(asked, [...curves.values()])
  const tasks = commonTasks(shots, [...curves.values()])
  const sign = metric.better === 'lower' ? 1 : -1
  const meanAt = (key: string, k: number, own: readonly string[] = tasks) =>
    average(own.map((task) => curves.get(key)!.get(k)!.get(task)!))
  const overall = (key: string) => sign * average(shots.map((k) => meanAt(key, k)))
  const complete = tasks.length ? runners.filter(({ key }) => isComplete(curves.get(key)!, shots, tasks)) : []
  const best = (own: readonly Runner[]) => [...own].sort((a, b) => overall(a.key) - overall(b.key)).at(0) ?? null
  const baseline = best(complete.filter((runner) => runner.baseline))
  const alone = best(complete.filter((runner) => runner.alone))
  const learner = best(complete.filter((runner) => !runner.baseline))
  const methods = complete.map(({ key, id, label }) => ({
    key,
    id,
    label,
    points: shots.map((k) => {
      const measured = independent(tasks.map((task) => curves.get(key)!.get(k)!.get(task)!))
      return { shots: k, mean: meanAt(key, k), ci95: measured && interval(measured), n: tasks.length }
    }),
    against:
      baseline && baseline.key !== key
        ? shots.map((k) => {
            const of = (own: string) => curves.get(own)!.get(k)!
            const effects = tasks.map((task) => sign * (of(baseline.key).get(task)! - of(key).get(task)!))
            const measured = independent(effects)
            return { shots: k, effect: average(effects), ci95: measured && interval(measured) }
          })
        : [],
  }))
  const worth = (own: readonly string[], k: number) =>
    rowsFor(
      shots,
      shots.map((at) => sign * meanAt(alone!.key, at, own)),
      sign * meanAt(learner!.key, k, own),
    )
  return {
    metric: metric.id,
    better: metric.better,
    shots,
    tasks: tasks.length,
    methods,
    baseline: baseline?.key ?? null,
    worth: alone && learner ? worthOf(learner.key, alone.key, shots, tasks, worth) : null,
  }
}

function curveOf({ key, runs }: Runner, asked: readonly number[], metric: Metric): Curve {
  return new Map(
    asked.map((k) => {
      const e: Evidence = evidenceOf(key, runs, { ...metric, id: atShots(metric.id, k) }, () => null)
      return [k, byTask(e)]
    }),
  )
}

function shownShots(asked: readonly number[], curves: readonly Curve[]): number[] {
  const most = Math.max(0, ...curves.flatMap((curve) => [...curve.values()].map((tasks) => tasks.size)))
  return [...new Set(asked)]
    .sort((a, b) => a - b)
    .filter((k) => curves.some((curve) => (curve.get(k)?.size ?? 0) >= Math.max(2, most / 2)))
}

/** Tasks that at least one complete method has at every point; methods that lack some of them are left out. */
function commonTasks(shots: readonly number[], curves: readonly Curve[]): string[] {
  const per = curves.map((curve) => {
    const [first, ...rest] = shots.map((k) => curve.get(k) ?? new Map<string, number>())
    return first ? [...first.keys()].filter((task) => rest.every((tasks) => tasks.has(task))) : []
  })
  const longest = Math.max(0, ...per.map((tasks) => tasks.length))
  const full = per.filter((tasks) => tasks.length > 0 && tasks.length >= longest / 2)
  return full.length ? full[0].filter((task) => full.every((tasks) => tasks.includes(task))) : []
}

const isComplete = (curve: Curve, shots: readonly number[], tasks: readonly string[]) =>
  shots.every((k) => tasks.every((task) => curve.get(k)?.has(task)))

/** Where the falling curve `losses` over `shots` reaches `loss`: linear in log rows between points; null: nowhere. */
export function rowsFor(shots: readonly number[], losses: readonly number[], loss: number): number | null {
  if (losses[0] <= loss) return shots[0]
  for (let i = 1; i < shots.length; i++) {
    if (losses[i] > loss) continue
    const share = (losses[i - 1] - loss) / (losses[i - 1] - losses[i])
    return Math.exp(Math.log(shots[i - 1]) + share * Math.log(shots[i] / shots[i - 1]))
  }
  return null
}

const RESAMPLES = 400

/** At the first point where the method is worth more rows than it was given; tasks are resampled for the interval. */
function worthOf(
  method: string,
  alone: string,
  shots: readonly number[],
  tasks: readonly string[],
  worth: (tasks: readonly string[], rows: number) => number | null,
): ShotCurves['worth'] {
  const most = shots.at(-1)!
  const rows = shots.find((k) => (worth(tasks, k) ?? Infinity) > k) ?? shots[0]
  const equals = worth(tasks, rows)
  const draw = rng(`worth/${method}/${alone}/${rows}`)
  const drawn = Array.from({ length: RESAMPLES }, () => {
    const own = Array.from(tasks, () => tasks[Math.floor(draw.uniform() * tasks.length)])
    return worth(own, rows) ?? most
  }).sort((a, b) => a - b)
  const at = (share: number) => drawn[Math.round(share * (RESAMPLES - 1))]
  return {
    method,
    rows,
    alone,
    equals: equals ?? most,
    ci95: tasks.length > 1 ? [at(0.025), at(0.975)] : null,
    more: equals === null,
  }
}
