import { basename } from 'node:path'
import type { MenuItemConstructorOptions } from 'electron'
import type { MenuCommand } from '../../core/hosts.ts'
import type { Language } from './words.ts'
import { words } from './words.ts'

/** The menu as data. Its commands go to the page, which knows what they mean now. */
export type MenuContext = {
  language: Language
  platform: NodeJS.Platform
  recent: string[]
  send(command: MenuCommand): void
  /** The system's dialog; what was chosen goes to the page. */
  open(): void
  quit(): void
}

export function menuTemplate({
  language,
  platform,
  recent,
  send,
  open,
  quit,
}: MenuContext): MenuItemConstructorOptions[] {
  const w = words(language)
  const mac = platform === 'darwin'
  const command = (id: string, label: string, accelerator: string | undefined, what: MenuCommand) => ({
    id,
    label,
    accelerator,
    click: () => send(what),
  })
  const recentItems = recent.map((path, i) => ({
    id: `recent-${i}`,
    label: basename(path),
    toolTip: path,
    click: () => send({ command: 'open', paths: [path] }),
  }))
  return [
    ...(mac ? [{ role: 'appMenu' as const }] : []),
    {
      label: w('file'),
      submenu: [
        { id: 'open', label: w('open'), accelerator: 'CmdOrCtrl+O', click: open },
        { id: 'recent', label: w('openRecent'), enabled: recentItems.length > 0, submenu: recentItems },
        { type: 'separator' },
        command('save-copy', w('saveCopy'), 'CmdOrCtrl+Shift+S', { command: 'save-copy' }),
        ...(mac
          ? []
          : [
              { type: 'separator' as const },
              { id: 'quit', label: w('quit'), accelerator: 'CmdOrCtrl+Q', click: quit },
            ]),
      ],
    },
    {
      label: w('edit'),
      submenu: [
        // Inside a text field these two undo typing: the page decides.
        command('undo', w('undo'), 'CmdOrCtrl+Z', { command: 'undo' }),
        command('redo', w('redo'), mac ? 'Cmd+Shift+Z' : 'Ctrl+Y', { command: 'redo' }),
        { type: 'separator' },
        { label: w('cut'), role: 'cut' },
        { label: w('copy'), role: 'copy' },
        { label: w('paste'), role: 'paste' },
        { label: w('selectAll'), role: 'selectAll' },
      ],
    },
    {
      label: w('experiment'),
      submenu: [
        command('run', w('run'), 'CmdOrCtrl+Enter', { command: 'run' }),
        command('stop', w('stop'), 'CmdOrCtrl+.', { command: 'stop' }),
      ],
    },
    {
      label: w('view'),
      submenu: [
        command('data', w('data'), 'CmdOrCtrl+1', { command: 'view', view: 'data' }),
        command('experiment', w('setUp'), 'CmdOrCtrl+2', { command: 'view', view: 'experiment' }),
        command('brain', w('brain'), 'CmdOrCtrl+3', { command: 'view', view: 'brain' }),
        command('compare', w('compare'), 'CmdOrCtrl+4', { command: 'view', view: 'compare' }),
        command('learn', w('learn'), 'CmdOrCtrl+5', { command: 'view', view: 'learn' }),
        { type: 'separator' },
        command('palette', w('palette'), 'CmdOrCtrl+K', { command: 'palette' }),
        { type: 'separator' },
        { label: w('zoomIn'), role: 'zoomIn' },
        { label: w('zoomOut'), role: 'zoomOut' },
        { label: w('zoomReset'), role: 'resetZoom' },
        { label: w('fullScreen'), role: 'togglefullscreen' },
      ],
    },
    ...(mac ? [{ role: 'windowMenu' as const }] : []),
    { label: w('help'), role: 'help', submenu: [command('help', w('helpOpen'), 'F1', { command: 'help' })] },
  ]
}
