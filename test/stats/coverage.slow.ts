import { describe, expect, it } from 'vitest'
import { coverage, lineOf, WORLDS } from './coverage.ts'

/** The table of docs/decisions/0010: real methods on fresh draws of the data, five shares of rows to learn from. */
describe('intervals over random splits hold the truth', () => {
  for (const name of Object.keys(WORLDS))
    for (const share of [0.05, 0.1, 0.5, 0.75, 0.9])
      it(`${name}, ${100 * share} % learned`, async () => {
        const found = await coverage(name, share, 200)
        process.stdout.write(`${lineOf(name, share, found)}\n`)
        expect(found.ours.covers).toBeGreaterThan(0.82)
        expect(found.ours.width).toBeLessThan(3)
      })
})
