import type { Evaluation } from '../experiment.ts'
import { rng } from '../rng.ts'
import { finding } from './checks/finding.ts'
import type { Finding } from './checks/finding.ts'
import { enough, turnsOf } from './classEpisodes.ts'
import { classesAreTasks, classParts, classRowsOf } from './classParts.ts'
import type { TaskSet } from './taskSet.ts'

/**
 * Whether episodes can be drawn at all: throws a UserError where a part has too few classes, or too few with rows
 * enough. Classes that are left out because they are short are worth knowing.
 */
export function shortClasses(set: TaskSet, evaluation: Evaluation): Finding[] {
  if (!classesAreTasks(set, evaluation)) return []
  const { ways, shots, queries } = evaluation
  const each = shots + queries
  const parts = classParts(set, evaluation, rng(`split/${evaluation.seed}`).split(0))
  const learned = classRowsOf(set, parts.train, parts.train)
  const tested = classRowsOf(set, parts.test, parts.train)
  enough(learned.rows, ways, turnsOf(learned, evaluation.rotations), shots, queries)
  enough(tested.rows, ways, 1, shots, queries)
  const all = [...learned.rows, ...tested.rows]
  const short = all.filter((rows) => rows.length < each).length
  return short ? [finding('note', 'short-classes', { short, of: all.length, rows: each })] : []
}
