import { UserError } from '../../core/errors.ts'
import type { ExperimentSpec, Trial } from '../../core/experiment.ts'
import type { Model } from '../../core/method.ts'
import { readModel, type ModelAbout } from '../../core/saved.ts'
import type { Context } from './context.ts'
import { needExperiment, needRun } from './experiments.ts'
import type { Done, Wanted, Work } from './modelWork.ts'
import type { SharedData } from './shared.ts'
import type { ExperimentRow, RunRow } from './workspace/records.ts'

export type Trained = { run: RunRow; experiment: ExperimentRow; about: ModelAbout; model: Model }

/** The trained model of a run. Throws a UserError where the run is unknown or has none. */
export async function trainedModel(c: Context, id: string): Promise<Trained> {
  const { run, experiment, hash } = trainedRun(c, id)
  const { about, model } = readModel(c.workspace.blobs.need(hash), await c.runtime())
  return { run, experiment, about, model }
}

/** The same, not read yet. */
export function trainedRun(c: Context, id: string): { run: RunRow; experiment: ExperimentRow; hash: string } {
  const run = needRun(c, id)
  if (!run.blobs.model)
    throw new UserError({
      code: 'run.no-model',
      who: `Run ${run.methodKey}, fold ${run.fold}`,
      rule: 'must be done to be used.',
      got: `status "${run.status}"`,
      remedy: 'Wait until it is done, or take another run.',
    })
  return { run, experiment: needExperiment(c, run.experiment), hash: run.blobs.model }
}

/** Made-up tasks stand in a table whose task column is called "task". */
const taskColumnOf = ({ data }: ExperimentSpec) => data.roles?.task ?? (data.generator ? 'task' : null)

/** The task column by which a run's model tells new rows apart, and whether it learned tasks drawn from classes. */
export function columnOfNewRows(c: Context, id: string): { taskColumn: string | null; drawn: boolean } {
  const { run, experiment } = trainedRun(c, id)
  const taskColumn = taskColumnOf(experiment.spec)
  return { taskColumn, drawn: taskColumn === null && run.trialSpec.evaluation.protocol === 'few-shot' }
}

/**
 * Has a thread do something with the trained model of a run (or with `adapted`, the hash of what it became), given the
 * rows of its trial.
 */
export async function askModel<W extends Work>(
  c: Context,
  id: string,
  work: W,
  wanted: (rows: { data: SharedData; trial: Trial }) => Wanted<W>,
  adapted?: string,
): Promise<Done<W>> {
  const { run, experiment, hash } = trainedRun(c, id)
  const rows = { data: c.store.describe(experiment.spec.data), trial: run.trialSpec }
  const { kind } = await c.runtime()
  const key = adapted ?? hash
  const order = { work, wanted: wanted(rows), key, methodKey: run.methodKey, runtime: kind }
  return c.pool.work(order, () => c.workspace.blobs.need(key))
}
