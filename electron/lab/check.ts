import { checkData, type Checked } from '../../core/data/checks/index.ts'
import type { Roles } from '../../core/data/roles.ts'
import { taskSetOf } from './sets.ts'
import type { SharedData } from './shared.ts'

/** Runs on the thread that compares: a million rows take seconds, in which the lab must go on answering. */
export const check = ({ data, roles }: { data: SharedData; roles: Roles }): Checked => checkData(taskSetOf(data), roles)
