import { UserError } from '../../core/errors.ts'
import type { Model } from '../../core/method.ts'
import { readModel, type ModelAbout } from '../../core/saved.ts'
import type { Context } from './context.ts'
import { needExperiment, needRun } from './experiments.ts'
import type { ExperimentRow, RunRow } from './workspace/records.ts'

export type Trained = { run: RunRow; experiment: ExperimentRow; about: ModelAbout; model: Model }

/** The trained model of a run. Throws a UserError where the run is unknown or has none. */
export async function trainedModel(c: Context, id: string): Promise<Trained> {
  const run = needRun(c, id)
  const { experiment, bytes } = trainedBytes(c, run)
  const { about, model } = readModel(bytes, await c.runtime())
  return { run, experiment, about, model }
}

/** The same, not read yet. */
export function trainedBytes(c: Context, run: RunRow): { experiment: ExperimentRow; bytes: Uint8Array } {
  if (!run.blobs.model)
    throw new UserError({
      code: 'run.no-model',
      who: `Run ${run.methodKey}, fold ${run.fold}`,
      rule: 'must be done to be used.',
      got: `status "${run.status}"`,
      remedy: 'Wait until it is done, or take another run.',
    })
  return { experiment: needExperiment(c, run.experiment), bytes: c.workspace.blobs.need(run.blobs.model) }
}

export function cannotDo(run: RunRow, what: string, remedy: string): UserError {
  return new UserError({
    code: 'run.cannot',
    who: `Method ${run.methodKey}`,
    rule: `must be able to ${what}.`,
    got: 'a method that cannot',
    remedy,
  })
}
