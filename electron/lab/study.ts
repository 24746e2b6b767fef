import type { TaskSet } from '../../core/data/taskSet.ts'
import { UserError, type UserErrorJson } from '../../core/errors.ts'
import { describe } from '../../core/metafeatures/describe.ts'
import { taskSetOf } from './sets.ts'
import type { SharedData } from './shared.ts'

/** What can be asked of a data set before anything is trained. Takes a moment: on the thread that compares. */
const STUDIES = {
  describe: (set: TaskSet, _asked: null) => describe(set),
}
type Studies = typeof STUDIES
export type What = keyof Studies
export type Asked<W extends What> = Parameters<Studies[W]>[1]
export type Found<W extends What> = ReturnType<Studies[W]>
export type Study<W extends What = What> = { what: W; data: SharedData; asked: Asked<W> }
export type Studied<W extends What = What> = { found: Found<W> } | { error: UserErrorJson }

export function study<W extends What>({ what, data, asked }: Study<W>): Studied<W> {
  try {
    return { found: STUDIES[what](taskSetOf(data), asked) as Found<W> }
  } catch (error) {
    // Errors lose their class between threads.
    if (error instanceof UserError) return { error: error.json }
    throw error
  }
}
