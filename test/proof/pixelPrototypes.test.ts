import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { classEpisodes } from '../../core/data/classEpisodes.ts'
import { nearestMeans } from '../../core/metalearning/classes/classMeans.ts'
import { rng } from '../../core/rng.ts'
import { classesOf, OMNIGLOT, readOmniglot } from './omniglot.ts'

/**
 * Omniglot's evaluation set, nearest class mean of pixels. Published figures (recomputed elsewhere with NumPy) must lie
 * within sampling error: four standard errors of our episodes, and half a unit of their last digit.
 */
const FIGURES = [
  { ways: 5, shots: 1, squared: 42.6, cosine: 47.4 },
  { ways: 5, shots: 5, squared: 68.9, cosine: 67.1 },
  { ways: 20, shots: 1, squared: 23.2, cosine: 28.5 },
  { ways: 20, shots: 5, squared: 48.4, cosine: 46.1 },
]
const EPISODES = 120
const has = existsSync(OMNIGLOT)
if (!has) console.log('skipped: ../shared/data/omniglot is not here')

test.skipIf(!has)('pixel prototypes on Omniglot are where they were found elsewhere', () => {
  const all = readOmniglot(OMNIGLOT)
  const evaluation = new Set<number>()
  all.character.forEach((c, row) => all.evaluation[row] && evaluation.add(c))
  expect(evaluation.size).toBe(659)
  const classes = classesOf(all, (c) => evaluation.has(c))
  const found: Record<string, number[]> = {}
  for (const { ways, shots, ...published } of FIGURES) {
    const source = classEpisodes(classes, ways)
    const scores = { squared: [] as number[], cosine: [] as number[] }
    for (let e = 0; e < EPISODES; e += 20) {
      const batch = source.sample(rng(`${ways}/${shots}/${e}`), 20, shots, 5)
      for (const distance of ['squared', 'cosine'] as const) {
        const said = nearestMeans({ ...batch, ways }, distance)
        for (let task = 0; task < 20; task++) scores[distance].push(accuracy(said, batch.queryY, task, ways))
      }
    }
    for (const distance of ['squared', 'cosine'] as const) {
      const mean = average(scores[distance])
      const error = Math.sqrt(average(scores[distance].map((s) => (s - mean) ** 2)) / EPISODES)
      found[`${distance} ${ways}w${shots}s`] = [mean, error]
      expect(Math.abs(100 * mean - published[distance]), `${distance} ${ways}w${shots}s: ${mean}`).toBeLessThan(
        100 * 4 * error + 0.05,
      )
    }
  }
  console.log(found)
})

const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function accuracy(said: Float64Array, truth: Float32Array, task: number, ways: number): number {
  const queries = ways * 5
  let right = 0
  for (let q = task * queries; q < (task + 1) * queries; q++) {
    const own = said.subarray(q * ways, (q + 1) * ways)
    right += Number(own.indexOf(Math.max(...own)) === truth[q])
  }
  return right / queries
}
