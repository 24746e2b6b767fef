import { expect, test } from 'vitest'
import { digitsAsClasses } from './digitsAsClasses.ts'

/** The digits of docs/reproductions.md: filters learn from seven digits what pixels do not say. */
test('blocks of filters tell new digits apart better than pixels do', { timeout: 1_800_000 }, async () => {
  const found = await digitsAsClasses([
    { id: 'prototypical', params: { network: 'conv', hidden: [16, 16, 16], iterations: 300 } },
    { id: 'class-means' },
  ])
  console.log(found)
  expect(found.prototypical.ci95![0]).toBeGreaterThan(found['class-means'].ci95![1])
})
