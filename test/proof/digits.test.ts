import { expect, test } from 'vitest'
import { digitsAsClasses } from './digitsAsClasses.ts'

test('digits that were never learned are told apart from one drawing', { timeout: 240_000 }, async () => {
  const found = await digitsAsClasses([
    { id: 'prototypical', params: { hidden: [64], iterations: 100 } },
    { id: 'class-means' },
  ])
  for (const id of ['prototypical', 'class-means']) {
    expect(found[id]).toMatchObject({ n: 100 })
    expect(found[id].ci95![0]).toBeGreaterThan(1 / 3)
  }
})
