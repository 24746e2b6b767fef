import { expect, test } from 'vitest'
import { memoryOf } from './memoryOf.ts'

test('20,000 calls and 500 sessions do not grow memory; at rest it is back within 50 MiB', async () => {
  const { begun, called, loaded, rested, made, awake } = await memoryOf(20_000, 500)
  const mib = (value: number) => value.toFixed(0)
  console.log(`resident MiB: ${mib(begun)} after 500 calls, ${mib(called)} after 20,000 more, ${mib(loaded)} after 500 sessions, ${mib(rested)} at rest`) // prettier-ignore
  expect(made).toBeGreaterThanOrEqual(500)
  expect(awake).toBe(0)
  expect(called - begun).toBeLessThan(20)
  expect(loaded - begun).toBeLessThan(150)
  expect(rested - begun).toBeLessThan(50)
})
