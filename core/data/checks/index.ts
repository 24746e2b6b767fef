import type { Evaluation } from '../../experiment.ts'
import { rng } from '../../rng.ts'
import type { Roles } from '../roles.ts'
import type { TaskSet } from '../taskSet.ts'
import { checkColumns } from './columns.ts'
import { checkConfounding } from './confounding.ts'
import { checkCopies } from './copies.ts'
import { checkDrift } from './drift.ts'
import { checkDuplicates } from './duplicates.ts'
import { checkFarValues } from './farValues.ts'
import { finding } from './finding.ts'
import { checkIdenticalTasks } from './identicalTasks.ts'
import type { Finding } from './finding.ts'
import { placesOf } from './places.ts'
import { sampleRows } from './sample.ts'
import { checkSubjects } from './subjects.ts'
import { checkFolds, checkTasks } from './tasks.ts'

/**
 * What makes a figure look better than it is, or a table hard to learn from, looked for before anything is trained.
 * Findings only: a person decides. Copies of targets, confounding and drift are looked for in a sample of large tables;
 * equal rows, keys and constant columns in every row.
 */
export type Checked = { findings: Finding[]; looked: number; rows: number }

const COPY_ROWS = 100_000
const PLACE_ROWS = 20_000
/** Cells that the comparison of places sorts. */
const PLACE_CELLS = 4_000_000

export function checkData(set: TaskSet, roles: Roles): Checked {
  const { rows } = set.table
  const random = rng('check')
  const wide = set.features.length > rows ? [tooWide(set)] : []
  if (set.generator) return { findings: wide, looked: rows, rows }
  const sample = sampleRows(rows, COPY_ROWS, random.split('copies'))
  const fewer = Math.max(1000, Math.min(PLACE_ROWS, Math.floor(PLACE_CELLS / (set.features.length + 1))))
  const places = placesOf(set, roles, sampleRows(rows, fewer, random.split('places')))
  const findings = [
    ...checkCopies(set, sample),
    ...checkDuplicates(set, roles, sampleRows(rows, PLACE_ROWS, random.split('chance'))),
    ...checkIdenticalTasks(set),
    ...checkConfounding(set, roles, places),
    ...checkColumns(set),
    ...checkFarValues(set),
    ...checkDrift(set, roles, places),
    ...checkTasks(set),
    ...wide,
  ]
  return { findings: leaksFirst(findings), looked: sample.at.length, rows }
}

/** What only shows once it is said how rows are dealt to folds. */
export function checkEvaluation(set: TaskSet, roles: Roles, evaluation: Evaluation): Finding[] {
  return [...checkSubjects(set, roles, evaluation), ...checkFolds(set, evaluation)]
}

/**
 * A finding beside an evaluation that already does what it asks for: where whole places are tested, that a place tells
 * the target flatters nothing, and that inputs differ between places stays worth knowing, without a remedy.
 */
export function answered(found: Finding, roles: Roles | undefined, { protocol }: Evaluation): Finding[] {
  const whole = protocol === 'leave-one-group-out' ? (roles?.group ?? roles?.task) : isNewTask(protocol) && roles?.task
  const place = found.params.place ?? found.params.column
  if (!whole || place !== whole || !/^(place-tells|drift)-/.test(found.code)) return [found]
  return found.weight === 'leak' ? [] : [{ ...found, remedies: [] }]
}
const isNewTask = (protocol: Evaluation['protocol']) => protocol === 'new-task' || protocol === 'few-shot'

export const leaksFirst = (findings: Finding[]): Finding[] => [
  ...findings.filter(({ weight }) => weight === 'leak'),
  ...findings.filter(({ weight }) => weight === 'note'),
]

function tooWide({ features, table: { rows } }: TaskSet): Finding {
  return finding('note', 'more-features-than-rows', { features: features.length, rows })
}
