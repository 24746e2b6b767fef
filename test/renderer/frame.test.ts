import { expect, test } from 'vitest'
import { isComposing } from '../../renderer/frame/composition.ts'
import { commandOf } from '../../renderer/frame/shortcuts.ts'
import { formatHash, parseHash } from '../../renderer/lab/place.svelte.ts'
import { shareOf, trialGrid } from '../../renderer/views/experiment/trialGrid.ts'
import type { RunSummary } from '../../core/contract.ts'

test('a key that belongs to an input method is no key of ours', () => {
  expect(isComposing({ isComposing: true, keyCode: 13 })).toBe(true)
  expect(isComposing({ isComposing: false, keyCode: 229 })).toBe(true)
  expect(isComposing({ isComposing: false, keyCode: 13 })).toBe(false)
})

test('shortcuts, with Ctrl and on a Mac with Command', () => {
  const press = (key: string, mods: Partial<KeyboardEvent> = {}, mac = false) =>
    commandOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...mods }, mac)
  expect(press('k', { ctrlKey: true })).toBe('palette')
  expect(press('k', { ctrlKey: true }, true)).toBeNull()
  expect(press('k', { metaKey: true }, true)).toBe('palette')
  expect(press('z', { ctrlKey: true })).toBe('undo')
  expect(press('Z', { ctrlKey: true, shiftKey: true })).toBe('redo')
  expect(press('y', { ctrlKey: true })).toBe('redo')
  expect(press('Enter', { ctrlKey: true })).toBe('run')
  expect(press('Enter')).toBeNull()
  expect(press('F1')).toBe('help')
  expect(press('z', { ctrlKey: true, altKey: true })).toBeNull()
})

test('what is on screen survives its address', () => {
  const spot = { view: 'compare' as const, id: 'a/b c', params: { metric: 'rmse', task: 'y@site=A&B' } }
  expect(parseHash(formatHash(spot))).toEqual(spot)
  expect(parseHash('')).toEqual({ view: 'data', id: null, params: {} })
  expect(parseHash('#/nowhere/x')).toEqual({ view: 'data', id: 'x', params: {} })
})

test('progress is laid out by method, seed, repeat and fold, all rows last', () => {
  const run = (methodKey: string, seed: number, fold: number | 'all', more: Partial<RunSummary> = {}) =>
    ({
      id: `${methodKey} ${seed} ${fold}`,
      methodKey,
      seed,
      repeat: 0,
      fold,
      status: 'queued',
      done: 0,
      of: 0,
      ...more,
    }) as RunSummary
  const grid = trialGrid([
    run('ridge', 1, 'all'),
    run('ridge', 2, 0),
    run('ridge', 1, 1),
    run('ridge', 1, 0),
    run('mean', 1, 0),
  ])
  expect(grid.methods).toEqual(['ridge', 'mean'])
  expect(grid.columns.map((column) => column.key)).toEqual(['1/0/0', '1/0/1', '2/0/0', 'all'])
  expect(grid.cells[1].map((cell) => cell?.id ?? null)).toEqual(['mean 1 0', null, null, null])
  expect(shareOf(run('a', 1, 0, { done: 5, of: 20 }))).toBe(0.25)
  expect(shareOf(run('a', 1, 0, { status: 'done' }))).toBe(1)
  expect(shareOf(run('a', 1, 0))).toBe(0)
})
