import { expect, test } from 'vitest'
import { Undo } from '../../renderer/lab/undo.svelte.ts'

function counter() {
  const undo = new Undo()
  let value = 0
  const set = (to: number, merge?: string, now?: number) => {
    const before = value
    return undo.do(
      { what: () => `${before}`, undo: () => void (value = before), redo: () => void (value = to), merge },
      now,
    )
  }
  return { undo, set, value: () => value }
}

test('steps go back and forth, and say what', async () => {
  const { undo, set, value } = counter()
  await set(1)
  await set(2)
  await undo.undo()
  expect(value()).toBe(1)
  expect([undo.said?.kind, undo.said?.what()]).toEqual(['undone', '1'])
  await undo.redo()
  expect([value(), undo.said?.kind]).toEqual([2, 'redone'])
  await undo.undo()
  await undo.undo()
  await undo.undo()
  expect([value(), undo.canUndo, undo.canRedo]).toEqual([0, false, true])
})

test('a new step forgets what was undone', async () => {
  const { undo, set, value } = counter()
  await set(1)
  await undo.undo()
  await set(5)
  await undo.redo()
  expect(value()).toBe(5)
})

test('typing is one step, until a pause', async () => {
  const { undo, set, value } = counter()
  await set(1, 'name', 0)
  await set(2, 'name', 500)
  await set(3, 'name', 900)
  await set(4, 'name', 5000)
  await undo.undo()
  expect(value()).toBe(3)
  await undo.undo()
  expect(value()).toBe(0)
})
