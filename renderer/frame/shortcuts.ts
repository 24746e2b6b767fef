import { COMMANDS } from './frame.svelte.ts'
import type { CommandId } from './frame.svelte.ts'

const mac = () => /Mac/.test(navigator.platform)

/** "Ctrl+Shift+Z", or "⌘⇧Z" on a Mac. */
export function shownKeys(keys: string): string {
  if (!mac()) return keys.replace('Mod', 'Ctrl')
  return keys.replace('Mod', '⌘').replace('Shift', '⇧').replaceAll('+', '')
}

/** The command that these keys stand for. */
export function commandOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
  onMac = mac(),
): CommandId | null {
  const mod = onMac ? event.metaKey : event.ctrlKey
  const parts = [
    ...(mod ? ['Mod'] : []),
    ...(event.shiftKey ? ['Shift'] : []),
    event.key.length === 1 ? event.key.toUpperCase() : event.key,
  ]
  if (event.altKey) return null
  const keys = parts.join('+')
  if (keys === 'Mod+Y') return 'redo'
  for (const id of Object.keys(COMMANDS) as CommandId[]) if (COMMANDS[id].keys === keys) return id
  return null
}

/** Text fields have their own undo: Ctrl+Z there is theirs. */
export function belongsToField(command: CommandId, target: EventTarget | null): boolean {
  if (command !== 'undo' && command !== 'redo') return false
  const node = target as HTMLElement | null
  return node instanceof HTMLTextAreaElement || (node instanceof HTMLInputElement && TEXTUAL.has(node.type))
}
const TEXTUAL = new Set(['text', 'search', 'number', 'email', 'url', 'password', 'tel'])
