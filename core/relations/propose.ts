import type { ExperimentSpec, RelationsSpec } from '../experiment.ts'
import { methods } from '../methods.ts'

/**
 * The same experiment with relations measured beside it; methods that can are watched as well, so that what the
 * estimate is worth can be seen.
 */
export function relationsSpec(spec: ExperimentSpec, relations: RelationsSpec): ExperimentSpec {
  const watchable = (id: string) => {
    const defaults = methods.find((m) => m.id === id)?.params.parse({})
    return typeof defaults === 'object' && defaults !== null && 'watchConflict' in defaults
  }
  const watched = spec.methods.map((choice) =>
    watchable(choice.id) ? { ...choice, params: { ...choice.params, watchConflict: true } } : choice,
  )
  return { ...spec, methods: watched, relations }
}
