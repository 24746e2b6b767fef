import type { TaskSet } from '../../core/data/taskSet.ts'
import { enough } from '../../core/enough/enough.ts'
import type { Evaluation } from '../../core/experiment.ts'
import { describe } from '../../core/metafeatures/describe.ts'
import { nearestTasks } from '../../core/metafeatures/neighbours.ts'
import { taskSetOf } from './sets.ts'
import type { SharedData } from './shared.ts'

/** What can be asked of a data set before anything is trained. Takes a moment: on the thread that compares. */
const STUDIES = {
  describe: (set: TaskSet, _asked: null) => describe(set),
  nearest: (set: TaskSet, _asked: null) => nearestTasks(set),
  enough: (set: TaskSet, evaluation: Evaluation) => enough(set, evaluation),
}
type Studies = typeof STUDIES
export type What = keyof Studies
export type Asked<W extends What> = Parameters<Studies[W]>[1]
export type Found<W extends What> = ReturnType<Studies[W]>
export type Study<W extends What = What> = { what: W; data: SharedData; asked: Asked<W> }

export function study<W extends What>({ what, data, asked }: Study<W>): Found<W> {
  const answer = STUDIES[what] as (set: TaskSet, asked: Asked<W>) => Found<W>
  return answer(taskSetOf(data), asked)
}
