import { createContext, untrack } from 'svelte'
import type { Snippet } from 'svelte'
import type { Key } from '../i18n/index.ts'

/** Everything that has a shortcut, a menu entry or a place in the palette. `Mod` is Ctrl, or Command on a Mac. */
export const COMMANDS = {
  open: { keys: 'Mod+O', label: 'command.open' },
  run: { keys: 'Mod+Enter', label: 'command.run' },
  stop: { keys: 'Mod+.', label: 'command.stop' },
  undo: { keys: 'Mod+Z', label: 'command.undo' },
  redo: { keys: 'Mod+Shift+Z', label: 'command.redo' },
  palette: { keys: 'Mod+K', label: 'command.palette' },
  search: { keys: 'Mod+F', label: 'command.search' },
  help: { keys: 'F1', label: 'command.help' },
  settings: { keys: 'Mod+,', label: 'command.settings' },
  theme: { keys: null, label: 'command.theme' },
  language: { keys: null, label: 'command.language' },
} as const satisfies Record<string, { keys: string | null; label: Key }>
export type CommandId = keyof typeof COMMANDS

/** The frame around the views: what stands in the inspector, which panel is open, who answers a command. */
export class Frame {
  inspector = $state.raw<{ title: string; content: Snippet; onclose?: () => void } | null>(null)
  panel = $state<'help' | 'settings' | null>(null)
  palette = $state(false)
  queue = $state(false)
  private handlers = $state.raw<Partial<Record<CommandId, () => void>>>({})

  /** A view answers a command while it is on screen; returns a function that ends it. */
  answer(command: CommandId, handler: () => void): () => void {
    // Called inside effects, which must not depend on what others answer.
    const before = untrack(() => this.handlers[command])
    this.handlers = { ...untrack(() => this.handlers), [command]: handler }
    return () => {
      if (this.handlers[command] === handler) this.handlers = { ...this.handlers, [command]: before }
    }
  }

  can(command: CommandId): boolean {
    return this.handlers[command] !== undefined
  }

  do(command: CommandId): boolean {
    const handler = this.handlers[command]
    handler?.()
    return handler !== undefined
  }
}

export const [useFrame, provideFrame] = createContext<Frame>()
