import type { RunSummary } from '../../core/contract.ts'
import type { OpenExperiment } from './store.svelte.ts'

/** The runs that fitted a method once: not the parts of a transfer matrix, which have no figures and no curves. */
export const fits = (experiment: OpenExperiment | null): RunSummary[] =>
  [...(experiment?.runs.values() ?? [])].filter((run) => run.relations === undefined)
