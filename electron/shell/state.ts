import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

/** What the shell remembers between two starts. Results are never kept here: they are in the workspace. */
const Bounds = z.object({ x: z.int(), y: z.int(), width: z.int().min(400), height: z.int().min(300) })
const ShellState = z.object({
  bounds: Bounds.nullable().catch(null),
  maximized: z.boolean().catch(false),
  recent: z.array(z.string()).catch([]),
  workspace: z.string().nullable().catch(null),
  language: z.enum(['en', 'zh']).nullable().catch(null),
})
export type Bounds = z.infer<typeof Bounds>
export type ShellState = z.infer<typeof ShellState>

const MAX_RECENT = 10

/** Unreadable or foreign content is as good as none: the shell starts with its defaults. */
export function readState(file: string): ShellState {
  let json: unknown = {}
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // The first start, or a damaged file.
  }
  return ShellState.catch(ShellState.parse({})).parse(json)
}

/** Written beside and renamed, so that a crash leaves the old or the new file. */
export function writeState(file: string, state: ShellState): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify(state))
  renameSync(`${file}.new`, file)
}

/** Newest first, each once, only what still exists. */
export function withRecent(state: ShellState, path: string): ShellState {
  const recent = [path, ...state.recent.filter((other) => other !== path)].filter((file) => existsSync(file))
  return { ...state, recent: recent.slice(0, MAX_RECENT) }
}

/** The remembered place, if at least a corner of the title bar is on a screen that is there now. */
export function visibleBounds(
  bounds: Bounds | null,
  screens: { x: number; y: number; width: number; height: number }[],
) {
  if (!bounds) return null
  const shown = screens.some(
    (screen) =>
      bounds.x + bounds.width > screen.x + 100 &&
      bounds.x < screen.x + screen.width - 100 &&
      bounds.y >= screen.y - 10 &&
      bounds.y < screen.y + screen.height - 50,
  )
  return shown ? bounds : null
}
