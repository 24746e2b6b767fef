import { expect, test } from 'vitest'
import { NO_ROLES, assignRoles, rolesOf } from '../../renderer/views/data/assignRoles.ts'
import { columnKey } from '../../renderer/views/data/columnKeys.ts'

const columns = ['site', 'a', 'b', 'c', 'y']

test('what has no role is a feature, or ignored where features are listed', () => {
  expect([...rolesOf({ ...NO_ROLES, targets: ['y'], task: 'site' }, columns).values()]).toEqual([
    'task',
    'feature',
    'feature',
    'feature',
    'target',
  ])
  expect(rolesOf({ ...NO_ROLES, targets: ['y'], features: ['a'] }, columns).get('b')).toBe('ignore')
})

test('many columns get a role at once, in the order of the table', () => {
  const roles = assignRoles(NO_ROLES, columns, ['y', 'a'], 'target')
  expect(roles).toEqual({ ...NO_ROLES, targets: ['a', 'y'] })
  expect(assignRoles(roles, columns, ['b', 'c'], 'ignore').ignore).toEqual(['b', 'c'])
})

test('a role that only one column can have leaves the one before', () => {
  const first = assignRoles(NO_ROLES, columns, ['site'], 'group')
  const second = assignRoles(first, columns, ['a', 'b'], 'group')
  expect(second.group).toBe('a')
  expect(rolesOf(second, columns).get('site')).toBe('feature')
  expect(rolesOf(second, columns).get('b')).toBe('feature')
})

test('a column has one role: the new one takes it out of the old', () => {
  const roles = assignRoles({ ...NO_ROLES, targets: ['y'], ignore: ['a'] }, columns, ['y', 'a'], 'feature')
  expect(roles).toEqual(NO_ROLES)
})

test('listed features become the rest, and overridden kinds stay', () => {
  const roles = assignRoles({ ...NO_ROLES, features: ['a'], kinds: { a: 'category' } }, columns, ['y'], 'target')
  expect(roles).toEqual({ ...NO_ROLES, targets: ['y'], ignore: ['site', 'b', 'c'], kinds: { a: 'category' } })
})

test('keys of the table of columns', () => {
  const key = (name: string, mod = false) => columnKey({ key: name, ctrlKey: mod, metaKey: false, altKey: false })
  expect(key('T')).toEqual({ type: 'role', role: 'target' })
  expect(['f', 'k', 'g', 's', 'w', 'i'].map((name) => key(name))).toEqual(
    ['feature', 'task', 'group', 'split', 'weight', 'ignore'].map((role) => ({ type: 'role', role })),
  )
  expect(key('PageDown')).toEqual({ type: 'move', to: 1, page: true })
  expect(key('a', true)).toEqual({ type: 'all' })
  // Ctrl+S, Ctrl+T and the like are not ours.
  expect(key('s', true)).toBeNull()
  expect(key('x')).toBeNull()
})
