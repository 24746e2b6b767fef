import { expect, test } from 'vitest'
import { killAndCompare } from './killing.ts'
import { tempFolder } from './places.ts'

const folder = tempFolder()

test('killed three times, nothing saved is lost and the figures are those of a quiet run (wasm, native)', async () => {
  for (const runtime of ['wasm', 'native']) {
    const { hits, checked } = await killAndCompare(`${folder}/`, 3, runtime, 2, 900, 500)
    expect(hits).toBeGreaterThanOrEqual(1)
    expect(checked).toBeGreaterThan(0)
  }
}, 180_000)
