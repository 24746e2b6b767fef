import type { RoleName } from '../../../core/data/roles.ts'

/** What a key does in the table of columns. */
export type ColumnAction =
  | { type: 'move'; to: number | 'first' | 'last'; page: boolean }
  | { type: 'toggle' }
  | { type: 'all' }
  | { type: 'clear' }
  | { type: 'role'; role: RoleName }

const LETTERS: Record<string, RoleName> = {
  t: 'target',
  f: 'feature',
  k: 'task',
  g: 'group',
  s: 'split',
  w: 'weight',
  i: 'ignore',
}

export function columnKey(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): ColumnAction | null {
  if (event.altKey) return null
  const mod = event.ctrlKey || event.metaKey
  if (mod) return event.key.toLowerCase() === 'a' ? { type: 'all' } : null
  switch (event.key) {
    case 'ArrowDown':
      return { type: 'move', to: 1, page: false }
    case 'ArrowUp':
      return { type: 'move', to: -1, page: false }
    case 'PageDown':
      return { type: 'move', to: 1, page: true }
    case 'PageUp':
      return { type: 'move', to: -1, page: true }
    case 'Home':
      return { type: 'move', to: 'first', page: false }
    case 'End':
      return { type: 'move', to: 'last', page: false }
    case ' ':
      return { type: 'toggle' }
    case 'Escape':
      return { type: 'clear' }
  }
  const role = LETTERS[event.key.toLowerCase()]
  return role ? { type: 'role', role } : null
}
