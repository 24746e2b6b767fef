import { UserError } from '../../core/errors.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import { rowCurves } from '../../core/stats/rowCurve.ts'
import type { RowCurves } from '../../core/stats/rowCurve.ts'
import type { Context, Handlers } from './context.ts'
import { needExperiment } from './experiments.ts'
import { summaryOf } from './queue/active.ts'
import { byMethod, curveMetric } from './recorded.ts'

export const hasCurve = ({ evaluation }: ExperimentSpec): boolean =>
  evaluation.rowCurve.length > 0 && evaluation.protocol !== 'few-shot'

/** Error against the number of training rows per task, from what the runs recorded. */
export const rowCalls = (c: Context): Handlers<'experiment.rows'> => ({
  'experiment.rows': ({ id, metric }) => curvesOf(c, id, metric),
})

export function curvesOf(c: Context, id: string, asked?: string): RowCurves {
  const { name, spec } = needExperiment(c, id)
  const runs = c.workspace.records.runs(id).map(summaryOf)
  const metric = curveMetric(runs, asked)
  if (!hasCurve(spec) || !metric)
    throw new UserError({
      code: 'rows.none',
      who: `Experiment "${name}"`,
      rule: 'needs numbers of training rows per task (evaluation.rowCurve).',
      got: metric ? 'none' : `the metric "${asked}"`,
      remedy: 'Set up the experiment again with, say, 5, 10, 20, 50, 100 rows.',
    })
  return rowCurves(spec.evaluation.rowCurve, byMethod(runs), metric, spec.evaluation)
}
