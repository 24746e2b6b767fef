import { expect, test } from 'vitest'
import { killAndCompare } from './killing.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()

/** Fifty kills that hit a lab at work, spread over as many workspaces as that takes. */
test.each(['wasm', 'native'])('fifty kills at random moments lose nothing (%s)', async (runtime) => {
  let hits = 0
  let checked = 0
  for (let round = 0; hits < 50; round++) {
    const result = await killAndCompare(`${folder}/${round}-`, 50 - hits, runtime, 2, 1200, 1500)
    hits += result.hits
    checked += result.checked
  }
  expect(hits).toBe(50)
  expect(checked).toBeGreaterThan(1000)
})
