import { canonicalJson } from '../canonicalJson.ts'
import type { ExperimentSpec } from '../experiment.ts'

/** Runs may be ranked together only where data, roles and split are the same: the first field that differs, by name. */
export type Judged = { name: string; dataHash: string; spec: ExperimentSpec }

const FIELDS: [string, (e: Judged) => unknown][] = [
  ['data', (e) => e.dataHash],
  ['data.params', (e) => e.spec.data.params ?? {}],
  ['data.roles.targets', (e) => e.spec.data.roles?.targets],
  ['data.roles.task', (e) => e.spec.data.roles?.task],
  ['data.roles.group', (e) => e.spec.data.roles?.group],
  ['data.roles.duplicates', (e) => e.spec.data.roles?.duplicates],
  ['data.roles.weight', (e) => e.spec.data.roles?.weight],
  ['data.roles.split', (e) => e.spec.data.roles?.split],
  ['evaluation.protocol', (e) => e.spec.evaluation.protocol],
  ['evaluation.testFolds', (e) => e.spec.evaluation.testFolds],
  ['evaluation.folds', ofProtocol(['k-fold'], 'folds')],
  ['evaluation.repeats', (e) => e.spec.evaluation.repeats],
  ['evaluation.seed', (e) => e.spec.evaluation.seed],
  ['evaluation.testFraction', ofProtocol(['holdout', 'new-task', 'few-shot'], 'testFraction')],
  ['evaluation.shots', ofProtocol(['few-shot'], 'shots')],
  ['evaluation.ways', ofProtocol(['few-shot'], 'ways')],
  ['evaluation.queries', ofProtocol(['few-shot'], 'queries')],
  ['evaluation.episodes', ofProtocol(['few-shot'], 'episodes')],
]

/** A field that only some protocols read. */
function ofProtocol(protocols: string[], field: keyof ExperimentSpec['evaluation']) {
  return (e: Judged) => (protocols.includes(e.spec.evaluation.protocol) ? e.spec.evaluation[field] : undefined)
}

export function firstDifference(experiments: readonly Judged[]): { field: string; values: string[] } | null {
  for (const [field, of] of FIELDS) {
    const values = experiments.map((e) => canonicalJson(isNothing(of(e)) ? null : of(e)))
    if (new Set(values).size > 1) return { field, values: experiments.map((e) => `${e.name}: ${shown(of(e))}`) }
  }
  return null
}

/** A role that is left out, null or empty says the same. */
const isNothing = (value: unknown) => value === undefined || value === null || (Array.isArray(value) && !value.length)

function shown(value: unknown): string {
  if (isNothing(value)) return 'none'
  const text =
    typeof value === 'string' ? value : Array.isArray(value) ? value.map(String).join(', ') : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
