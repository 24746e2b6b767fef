import type { Dataset, Lab } from '../../core/contract.ts'
import type { Remedy } from '../../core/data/checks/finding.ts'
import { propose } from '../../core/propose.ts'
import type { Output } from './output.ts'
import { readRoles } from './spec.ts'

/** `engram check FILE`: what the checks find under these roles (given, known, or proposed), and what each remedy writes. */
export async function check(lab: Lab, dataset: Dataset, file: string | undefined, output: Output): Promise<void> {
  const { hash, summary } = dataset
  const given = file ? await readRoles(file, 'engram check --roles') : dataset.roles
  const proposal = propose(summary)
  const roles = given ?? proposal.roles
  const { findings, looked, rows } = await lab.call('data.check', { hash, roles, evaluation: proposal.evaluation })
  const lines = [
    `${dataset.name}: ${rows} rows, predicting ${roles.targets.join(', ')}${given ? '' : ' (proposed; --roles says otherwise)'}`,
    '',
    ...findings.flatMap(({ weight, text, rows: shown, remedies }) => [
      `${weight === 'leak' ? 'Leak' : 'Note'}: ${text}`,
      ...(shown.length ? [`  Rows: ${shown.map((row) => row + 1).join(', ')}`] : []),
      ...remedies.map((remedy) => `  Remedy: ${written(remedy)}`),
    ]),
    ...(findings.length ? [] : ['Nothing was found.']),
    ...(looked < rows ? ['', `Copies of targets and places were looked for in ${looked} of ${rows} rows.`] : []),
  ]
  output.result({ hash, roles, findings, looked, rows }, lines.join('\n'))
}

/** As it would be written into a spec. */
function written(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'ignore':
      return `"roles": { "ignore": ${JSON.stringify(remedy.columns)} }`
    case 'group':
      return `"roles": { "group": ${JSON.stringify(remedy.column)} }`
    case 'duplicates':
      return `"roles": { "duplicates": "${remedy.how}" }`
    case 'protocol':
      return `"evaluation": { "protocol": "${remedy.protocol}" }`
  }
}
