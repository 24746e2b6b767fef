import type { ExperimentSpec, RelationsSpec } from '../experiment.ts'

/**
 * The same experiment with relations measured beside it; methods that can be watched (`watchable`: they have the
 * parameter) are, so that what the estimate is worth can be seen.
 */
export function relationsSpec(
  spec: ExperimentSpec,
  relations: RelationsSpec,
  watchable: (id: string) => boolean,
): ExperimentSpec {
  const watched = spec.methods.map((choice) =>
    watchable(choice.id) ? { ...choice, params: { ...choice.params, watchConflict: true } } : choice,
  )
  return { ...spec, methods: watched, relations }
}
