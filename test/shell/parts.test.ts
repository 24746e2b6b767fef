import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventEmitter } from 'node:events'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { MenuCommand } from '../../core/hosts.ts'
import { filesIn, openFilters, saveFilters } from '../../electron/shell/files.ts'
import { LabHost } from '../../electron/shell/labHost.ts'
import { menuTemplate } from '../../electron/shell/menu.ts'
import { readState, visibleBounds, withRecent, writeState } from '../../electron/shell/state.ts'
import { words } from '../../electron/shell/words.ts'

const folder = mkdtempSync(join(tmpdir(), 'engram-parts-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, text = '') => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('what the shell remembers', () => {
  test('survives, and a damaged or foreign file is as good as none', () => {
    const path = join(folder, 'new', 'shell.json')
    const empty = { bounds: null, maximized: false, recent: [], workspace: null, language: null }
    expect(readState(path)).toEqual(empty)
    const state = {
      ...empty,
      maximized: true,
      bounds: { x: -5, y: 7, width: 900, height: 700 },
      language: 'zh' as const,
    }
    writeState(path, state)
    expect(readState(path)).toEqual(state)
    expect(readState(file('cut.json', '{"recent": ['))).toEqual(empty)
    expect(readState(file('odd.json', '{"recent": 7, "maximized": true, "bounds": {"x": 1}}'))).toEqual({
      ...empty,
      maximized: true,
    })
    expect(readState(file('list.json', '[1]'))).toEqual(empty)
  })

  test('recent files: newest first, each once, at most ten, only what exists', () => {
    let state = readState(join(folder, 'none.json'))
    const files = Array.from({ length: 12 }, (_, i) => file(`${i}.csv`))
    for (const path of [...files, files[5]]) state = withRecent(state, path)
    expect(state.recent.slice(0, 3)).toEqual([files[5], files[11], files[10]])
    expect(state.recent.length).toBe(10)
    rmSync(files[11])
    state = withRecent(state, file('w.engram'))
    expect(state.recent).not.toContain(files[11])
    // A file that was opened is not yet a workspace that could be: the lab says so.
    expect(state.workspace).toBe(null)
  })

  test('a window place is used only if its title bar can be reached', () => {
    const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }]
    const at = (x: number, y: number) => visibleBounds({ x, y, width: 1000, height: 700 }, screens)
    expect(at(100, 100)).toEqual({ x: 100, y: 100, width: 1000, height: 700 })
    expect(at(-800, 0)).not.toBe(null)
    for (const [x, y] of [[2500, 100], [-950, 100], [100, 1060], [100, -200]]) expect(at(x, y)).toBe(null) // prettier-ignore
  })
})

test('files on the command line: only what can be opened and is there', () => {
  const csv = file('数据.CSV')
  const workspace = file('a.engram')
  const args = ['--flag', '.', 'main.js', '数据.CSV', 'none.csv', workspace, 'setup.exe']
  expect(filesIn(args, folder)).toEqual([csv, workspace])
  const w = words('zh')
  expect(openFilters(w)[0].extensions).toContain('xlsx')
  expect(saveFilters(w, 'a.engram')).toEqual([{ name: 'Engram 工作区', extensions: ['engram'] }])
  expect(saveFilters(w, 'chart.svg')).toEqual([{ name: 'SVG', extensions: ['svg'] }])
})

test('the menu: every command is one the page knows, shortcuts differ, both languages are whole', () => {
  type Item = {
    id?: string
    label?: string
    role?: string
    accelerator?: string
    click?: () => void
    submenu?: Item[]
    type?: string
  }
  for (const platform of ['linux', 'win32', 'darwin'] as const) {
    const labels = (['en', 'zh'] as const).map((language) => {
      const sent: unknown[] = []
      const recent = ['/x/a.csv']
      const send = (command: MenuCommand) => void sent.push(MenuCommand.parse(command))
      const template = menuTemplate({ language, platform, recent, send, open: () => {}, quit: () => {} }) as Item[]
      const all = (items: Item[]): Item[] => items.flatMap((item) => [item, ...all(item.submenu ?? [])])
      const items = all(template)
      for (const item of items) item.click?.()
      expect(sent).toEqual(
        expect.arrayContaining(
          ['save-copy', 'run', 'stop', 'undo', 'redo', 'palette', 'help'].map((command) => ({ command })),
        ),
      )
      expect(sent).toContainEqual({ command: 'open', paths: ['/x/a.csv'] })
      const keys = items.flatMap((item) => item.accelerator ?? [])
      expect(new Set(keys).size).toBe(keys.length)
      return items.filter((item) => !['separator'].includes(item.type ?? '')).map((item) => item.label ?? item.role)
    })
    expect(labels[0].length).toBe(labels[1].length)
    expect(labels[0].every(Boolean)).toBe(true)
    expect(labels[1].join()).toMatch(/运行.*停止/)
  }
})

describe('the keeper of the lab process', () => {
  class FakeProcess extends EventEmitter {
    sent: unknown[] = []
    killed = false
    args: string[]
    constructor(args: string[]) {
      super()
      this.args = args
    }
    postMessage = (message: unknown) => void this.sent.push(message)
    kill = () => void (this.killed = true)
  }
  function keeper() {
    const processes: FakeProcess[] = []
    const heard: string[] = []
    const host = new LabHost({
      workspace: '/w.engram',
      spawn: (args) => {
        processes.push(new FakeProcess(args))
        return processes.at(-1) as never
      },
      onReady: (workspace) => heard.push(`ready ${workspace}`),
      onRefused: (error) => heard.push(`refused ${error.code}`),
      onRestart: (crashes) => heard.push(`restart ${crashes}`),
      onGiveUp: (crashes) => heard.push(`give up ${crashes}`),
    })
    return { host, processes, heard }
  }

  test('starts it again after a crash, tells it how often, and gives up after five', () => {
    const { processes, heard } = keeper()
    for (let i = 0; i < 5; i++) processes[i].emit('exit', 134)
    expect(heard).toEqual(['restart 1', 'restart 2', 'restart 3', 'restart 4', 'give up 5'])
    expect(processes.length).toBe(5)
    expect(processes[2].args).toEqual(['--workspace', '/w.engram', '--crashes', '2'])
  })

  test('forgives crashes of long ago', () => {
    vi.useFakeTimers()
    try {
      const { processes, heard } = keeper()
      for (let i = 0; i < 8; i++) {
        processes[i].emit('exit', 1)
        vi.advanceTimersByTime(11 * 60_000)
      }
      expect(heard).toEqual(Array(8).fill('restart 1'))
    } finally {
      vi.useRealTimers()
    }
  })

  test('does not start again what refused its workspace, but opens another; a restart keeps the open workspace', () => {
    const { host, processes, heard } = keeper()
    const error = { code: 'damaged', who: 'w', rule: 'r', got: 'g', remedy: 'm' }
    processes[0].emit('message', { type: 'refused', error })
    processes[0].emit('exit', 2)
    expect(heard).toEqual(['refused damaged'])
    host.openInstead('/other.engram')
    processes[1].emit('message', { type: 'ready', workspace: '/other.engram' })
    processes[1].emit('message', { type: 'nonsense' })
    processes[1].emit('exit', 1)
    expect(heard.slice(1)).toEqual(['ready /other.engram', 'restart 1'])
    expect(processes[2].args[1]).toBe('/other.engram')
  })

  test('asks it to end and waits; one that does not end is ended', async () => {
    const { host, processes, heard } = keeper()
    const closing = host.close()
    expect(processes[0].sent).toEqual([{ type: 'close' }])
    processes[0].emit('exit', 0)
    await closing
    expect(heard).toEqual([])
    vi.useFakeTimers()
    try {
      const slow = keeper()
      void slow.host.close()
      vi.advanceTimersByTime(31_000)
      expect(slow.processes[0].killed).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })
})
