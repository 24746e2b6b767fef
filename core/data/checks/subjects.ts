import type { Evaluation } from '../../experiment.ts'
import { levelsOf } from '../buildTaskSet.ts'
import { KEY_NAME, SUBJECT_NAME } from '../columnNames.ts'
import { distinct } from '../kinds.ts'
import type { Roles } from '../roles.ts'
import type { TaskSet } from '../taskSet.ts'
import { finding } from './finding.ts'
import type { Finding } from './finding.ts'
import { foldsOrNone } from './tasks.ts'

/**
 * The same subject on both sides of a fold: counted on the folds as they would be dealt. Columns called after a subject,
 * or a key whose values stand in several rows; a task column is left aside, since its levels are what is asked about.
 */
export function checkSubjects(set: TaskSet, roles: Roles, evaluation: Evaluation): Finding[] {
  const { rows, columns } = set.table
  if (set.generator || roles.group !== null) return []
  const candidates = columns.filter(
    ({ name }, i) =>
      (SUBJECT_NAME.test(name) || KEY_NAME.test(name.trim())) && !set.targets.includes(i) && name !== roles.task,
  )
  if (!candidates.length) return []
  const folds = foldsOrNone(set, evaluation).slice(0, 5)
  return candidates.flatMap((column) => {
    const subjects = distinct(column, rows, Math.floor(rows / 2) + 1)
    if (subjects < 2 || subjects > rows / 2) return []
    const { codes } = levelsOf(column, rows)
    const both = new Set<number>()
    for (const { train, test } of folds) {
      const learned = new Uint8Array(subjects)
      for (const row of train) if (codes[row] >= 0) learned[codes[row]] = 1
      for (const row of test) if (codes[row] >= 0 && learned[codes[row]]) both.add(codes[row])
    }
    if (!both.size) return []
    const params = { column: column.name, subjects, rows: Math.round(rows / subjects), both: both.size }
    return [
      finding('leak', 'subjects-split', params, {
        columns: [column.name],
        remedies: [{ kind: 'group', column: column.name }],
      }),
    ]
  })
}
