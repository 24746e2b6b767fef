import type { OpenExperiment } from './store.svelte.ts'

/**
 * The tasks of an experiment in one order for all views, so that a task has one colour and one shape everywhere: target
 * by target as they were chosen, and within a target as its figures name them.
 */
export function taskOrder(experiment: OpenExperiment | null): string[] {
  if (!experiment) return []
  const ids = new Set<string>()
  for (const run of experiment.runs.values())
    for (const metric of Object.values(run.metrics)) for (const id of Object.keys(metric.perTask)) ids.add(id)
  const targets = experiment.spec.data.roles?.targets ?? []
  const place = (id: string) => targets.findIndex((target) => id === target || id.startsWith(`${target}@`))
  return [...ids].sort((a, b) => place(a) - place(b))
}
