import { addSlowed } from '../events.ts'
import type { Evaluation } from '../experiment.ts'
import { tQuantile } from './distributions.ts'
import type { Comparison, IntervalRule } from './comparison.ts'
import { lacking, type Evidence } from './evidence.ts'
import { foldsFor, type Measured } from './intervals.ts'
import type { Measure } from './measure.ts'
import type { Metric } from './metrics.ts'
import { verdict } from './verdict.ts'

export type Warning = { code: string; params: Record<string, string | number> }
type About = {
  comparison: Comparison
  evidence: readonly Evidence[]
  measure: Measure
  metric: Metric
  against: readonly [Evidence, Evidence][]
  evaluation: Evaluation
  /** How many targets there are, where roles say so: tasks of one target have one unit. */
  targets: number | null
  /** How many different budgets of tuning the experiments had. */
  budgets: number
  /** Further experiments beside the first, with the intervals of their figures. */
  others: { name: string; interval: IntervalRule }[]
}

/** What a reader must know beside the figures; texts are in the catalogue under `warning.<code>`. */
export function warningsOf(about: About): Warning[] {
  const { comparison: c, evidence, metric, others } = about
  const out: Warning[] = []
  const say = (code: string, params: Warning['params'] = {}) => out.push({ code, params })
  if (c.differs) {
    say('differs', { field: c.differs.field, values: c.differs.values.join('; ') })
    if (c.differs.field === 'data.roles.group') say('group-leak')
    for (const { name, interval } of others)
      if (interval.rule !== c.interval.rule || interval.n !== c.interval.n)
        say(`other-interval-${interval.unit}`, { experiment: name, n: interval.n })
  }
  if (about.budgets > 1) say('budget-differs')
  if (!c.complete) {
    const count = (of: (runs: Comparison['methods'][number]['runs']) => number) =>
      c.methods.reduce((sum, m) => sum + of(m.runs), 0)
    say('partial', {
      done: count((runs) => runs.done),
      of: count((runs) => runs.done + runs.failed + runs.stopped + runs.pending),
    })
  }
  for (const m of c.methods) if (m.runs.failed) say('failed', { method: m.label, failed: m.runs.failed })
  for (const e of evidence) {
    const slowed = e.tested.flatMap((run) => run.found?.slowed ?? []).reduce(addSlowed, { n: 0, of: 0, kept: 0 })
    const method = c.methods.find((m) => m.key === e.key)?.label ?? e.key
    if (slowed.n) say(slowed.kept ? 'slowed-kept' : 'slowed', { method, ...slowed })
  }
  if (c.looks > 1 && !c.complete) say('looks', { looks: c.looks })
  if (c.interval.rule === 'none') say('no-interval')
  else if (c.interval.unit === 'folds' && c.interval.n < 5) say('few-folds', { folds: c.interval.n })
  else if (c.interval.unit !== 'folds' && c.interval.n < 10) say(`few-${c.interval.unit}`, { n: c.interval.n })
  if (metric.unit === 'target' && c.tasks.length > 1 && about.targets !== 1) say('mixed-units', { metric: metric.name })
  for (const e of evidence) {
    const missing = lacking(e, evidence).length
    if (missing) say('tasks-missing', { method: e.key, missing })
  }
  if (!c.differs) out.push(...narrower(about))
  return out
}

/** Where the verdict's method is not settled over all tasks: what would narrow its interval by a quarter. */
function narrower({ comparison, against, measure, metric, evaluation }: About): Warning[] {
  const main = verdict(comparison).about
  const open = comparison.differences.find(
    (d) =>
      d.task === null && d.method === main?.method && d.against === main.against && d.call === 'not-settled' && d.ci95,
  )
  const pair = open && against.find(([a, b]) => a.key === open.method && b.key === open.against)
  const measured = pair && measure.of(pair[0], pair[1], null)
  if (!open || !measured || measured.n < 3 || !(measured.se > 0)) return []
  const { unit } = measure.rule
  const label = comparison.methods.find((m) => m.key === open.method)?.label ?? open.method
  if (unit === 'folds') {
    const found = foldsFor(measured, measure.ratio, 0.75)
    if (!found || measure.rule.rule !== 'nadeau-bengio' || evaluation.protocol !== 'k-fold' || evaluation.testFolds)
      return []
    return [{ code: 'narrower-folds', params: { folds: found.folds, half: rounded(found.half), method: label } }]
  }
  const found = unitsFor(measured, 0.75)
  return [
    {
      code: `narrower-${unit}`,
      params: { n: found.more, half: rounded(found.half), method: label, metric: metric.name },
    },
  ]
}

/** Independent units: the half-width falls with the square root of their number. */
function unitsFor(m: Measured, factor: number): { more: number; half: number } {
  const more = Math.ceil(m.n * (1 / factor ** 2 - 1))
  return { more, half: factor * tQuantile(0.975, m.df) * m.se }
}

const rounded = (value: number) => Number(value.toPrecision(2))
