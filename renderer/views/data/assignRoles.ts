import type { RoleName, Roles } from '../../../core/data/roles.ts'

/** Roles that at most one column can have. */
export const SINGLE_ROLES = ['task', 'group', 'split', 'weight'] as const
export type SingleRole = (typeof SINGLE_ROLES)[number]
export const isSingle = (role: RoleName): role is SingleRole => (SINGLE_ROLES as readonly string[]).includes(role)

export const NO_ROLES: Roles = { targets: [], task: null, group: null, split: null, weight: null, ignore: [] }

/** The role of every column, in the order of the table. A column in no list is a feature, or ignored where features are listed. */
export function rolesOf(roles: Roles, columns: readonly string[]): Map<string, RoleName> {
  const named = new Map<string, RoleName>()
  for (const name of roles.ignore) named.set(name, 'ignore')
  for (const name of roles.features ?? []) named.set(name, 'feature')
  for (const role of SINGLE_ROLES) if (roles[role] !== null) named.set(roles[role], role)
  for (const name of roles.targets) named.set(name, 'target')
  const rest: RoleName = roles.features ? 'ignore' : 'feature'
  return new Map(columns.map((name) => [name, named.get(name) ?? rest]))
}

/**
 * New roles where the columns `names` have `role`. A single role goes to the first of them, and whoever had it becomes
 * a feature again. Features are left unlisted: they are the rest.
 */
export function assignRoles(roles: Roles, columns: readonly string[], names: readonly string[], role: RoleName): Roles {
  const map = rolesOf(roles, columns)
  const chosen = isSingle(role) ? names.slice(0, 1) : names
  if (isSingle(role)) for (const [name, had] of map) if (had === role) map.set(name, 'feature')
  for (const name of chosen) if (map.has(name)) map.set(name, role)
  const having = (wanted: RoleName) => columns.filter((name) => map.get(name) === wanted)
  const single = (wanted: SingleRole) => having(wanted)[0] ?? null
  return {
    targets: having('target'),
    task: single('task'),
    group: single('group'),
    split: single('split'),
    weight: single('weight'),
    ignore: having('ignore'),
    ...(roles.duplicates ? { duplicates: roles.duplicates } : {}),
    ...(roles.kinds ? { kinds: roles.kinds } : {}),
  }
}
