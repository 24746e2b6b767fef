import { UserError } from '../../core/errors.ts'
import type { ExperimentSpec } from '../../core/experiment.ts'
import type { Method } from '../../core/method.ts'
import { shotCurves, type Runner, type ShotCurves } from '../../core/stats/shotCurve.ts'
import { learnsTogether } from '../../core/stats/twins.ts'
import type { Context, Handlers } from './context.ts'
import { needExperiment } from './experiments.ts'
import { isOneFit, summaryOf } from './queue/active.ts'
import { byMethod, curveMetric } from './recorded.ts'

export const hasShots = ({ evaluation }: ExperimentSpec): boolean =>
  evaluation.shotCurve.length > 0 && evaluation.protocol === 'few-shot'

export const shotCalls = (c: Context): Handlers<'experiment.shots'> => ({
  'experiment.shots': ({ id, metric }) => shotsOf(c, id, metric),
})

/** Error against the number of labelled rows of a new task, from what the runs recorded. */
export function shotsOf(c: Context, id: string, asked: string | undefined): ShotCurves {
  const { name, spec } = needExperiment(c, id)
  const runs = c.workspace.records.runs(id).map(summaryOf).filter(isOneFit)
  const { shotCurve } = spec.evaluation
  const metric = curveMetric(runs, asked)
  if (!shotCurve.length || !metric)
    throw new UserError({
      code: 'shots.none',
      who: `Experiment "${name}"`,
      rule: 'needs numbers of labelled rows (evaluation.shotCurve) under the protocol "few-shot".',
      got: metric ? 'none' : `the metric "${asked}"`,
      remedy: 'Set up the experiment again with, say, 1, 2, 5, 10, 20 rows.',
    })
  const runners = byMethod(runs).map(({ method, ...own }): Runner => ({ ...own, ...kindOf(method) }))
  return shotCurves(shotCurve, runners, metric)
}

/** A meta-learner learns tasks together and stands beside no other one. */
function kindOf(method: Method | undefined): Pick<Runner, 'baseline' | 'alone'> {
  const learner = method?.family === 'metalearning' && learnsTogether(method.id)
  const baseline = !learner || method.beside?.includes('metalearning') === true
  return { baseline, alone: baseline && method?.can.adapt === true && !method.can.newTask }
}
