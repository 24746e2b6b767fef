import { expect, test } from 'vitest'
import { memoryOf } from './memoryOf.ts'

test('memory does not grow with calls or sessions, and comes back when sessions rest', async () => {
  const { begun, called, loaded, rested, made, awake } = await memoryOf(1000, 60)
  expect(made).toBeGreaterThanOrEqual(60)
  expect(awake).toBe(0)
  expect(called - begun).toBeLessThan(20)
  // The sessions that are kept at hand for the next who asks: at most 32.
  expect(loaded - begun).toBeLessThan(150)
  expect(rested - begun).toBeLessThan(50)
}, 120_000)
