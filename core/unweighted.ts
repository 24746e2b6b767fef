import { finding } from './data/checks/finding.ts'
import type { Finding } from './data/checks/finding.ts'
import type { ExperimentSpec, Trial } from './experiment.ts'
import { method } from './methods.ts'

/** A weight column is given, and these methods take no notice of it: said before anything is trained. */
export function unweighted({ data }: ExperimentSpec, trials: readonly Trial[]): Finding[] {
  const column = data.roles?.weight
  if (!column) return []
  const used = [...new Set(trials.map((trial) => trial.method.id))].map(method)
  return used
    .filter(({ ignoresWeights }) => ignoresWeights)
    .map(({ id, name }) => finding('note', 'unweighted', { method: name, methodId: id, column }, { columns: [column] }))
}
