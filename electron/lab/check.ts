import { checkData, type Checked } from '../../core/data/checks/index.ts'
import type { Roles } from '../../core/data/roles.ts'
import { UserError, type UserErrorJson } from '../../core/errors.ts'
import { taskSetOf } from './sets.ts'
import type { SharedData } from './shared.ts'

export type CheckAnswer = { checked: Checked } | { error: UserErrorJson }

/** Runs on the thread that compares: a million rows take seconds, in which the lab must go on answering. */
export function check({ data, roles }: { data: SharedData; roles: Roles }): CheckAnswer {
  try {
    return { checked: checkData(taskSetOf(data), roles) }
  } catch (error) {
    // Errors lose their class between threads.
    if (error instanceof UserError) return { error: error.json }
    throw error
  }
}
