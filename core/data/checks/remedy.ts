import type { Roles } from '../roles.ts'
import type { Remedy } from './finding.ts'

/** Roles after a remedy that is about roles; null for one that is about the evaluation. */
export function mended(roles: Roles, remedy: Remedy): Roles | null {
  switch (remedy.kind) {
    case 'protocol':
      return null
    case 'duplicates':
      return { ...roles, duplicates: remedy.how }
    case 'ignore':
      return {
        ...without(roles, remedy.columns),
        ignore: [...without(roles, remedy.columns).ignore, ...remedy.columns],
      }
    case 'group':
      return { ...without(roles, [remedy.column]), group: remedy.column }
  }
}

/** The same where these columns have no role. */
function without(roles: Roles, columns: readonly string[]): Roles {
  const rest = (names: string[]) => names.filter((name) => !columns.includes(name))
  const single = (name: string | null) => (name !== null && columns.includes(name) ? null : name)
  return {
    ...roles,
    targets: rest(roles.targets),
    ...(roles.features ? { features: rest(roles.features) } : {}),
    task: single(roles.task),
    group: single(roles.group),
    split: single(roles.split),
    weight: single(roles.weight),
    ignore: rest(roles.ignore),
  }
}
