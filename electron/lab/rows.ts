import { UserError } from '../../core/errors.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { methods } from '../../core/methods.ts'
import { metricOf } from '../../core/stats/metrics.ts'
import { rowCurves } from '../../core/stats/rowCurve.ts'
import type { RowCurves } from '../../core/stats/rowCurve.ts'
import type { Context, Handlers } from './context.ts'
import { needExperiment } from './experiments.ts'
import { summaryOf } from './queue/active.ts'

export const hasCurve = ({ evaluation }: ExperimentSpec): boolean =>
  evaluation.rowCurve.length > 0 && evaluation.protocol !== 'few-shot'

/** Error against the number of training rows per task, from what the runs recorded. */
export const rowCalls = (c: Context): Handlers<'experiment.rows'> => ({
  'experiment.rows': ({ id, metric }) => curvesOf(c, id, metric),
})

export function curvesOf(c: Context, id: string, asked?: string): RowCurves {
  const { name, spec } = needExperiment(c, id)
  const runs = c.workspace.records.runs(id).map(summaryOf)
  const { rowCurve } = spec.evaluation
  const recorded = runs.flatMap((run) => Object.keys(run.metrics)).find((metric) => metric.includes('@'))
  const metric = metricOf(asked ?? recorded?.split('@')[0] ?? 'rmse')
  if (!hasCurve(spec) || !metric)
    throw new UserError({
      code: 'rows.none',
      who: `Experiment "${name}"`,
      rule: 'needs numbers of training rows per task (evaluation.rowCurve).',
      got: metric ? 'none' : `the metric "${asked}"`,
      remedy: 'Set up the experiment again with, say, 5, 10, 20, 50, 100 rows.',
    })
  const keys = [...new Set(runs.map((run) => run.methodKey))]
  const named = keys.map((key) => {
    const own = runs.filter((run) => run.methodKey === key)
    const [{ method }] = own
    const label = method.label ?? methods.find((m) => m.id === method.id)?.name ?? key
    return { key, id: method.id, label, runs: own }
  })
  return rowCurves(rowCurve, named, metric, spec.evaluation)
}
