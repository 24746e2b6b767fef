import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { chosen, nearestSelector, singleBest, spearman } from '../../core/metafeatures/selection.ts'
import type { Selector } from '../../core/metafeatures/selection.ts'

/**
 * Algorithm selection on ASlib's OPENML-WEKA-2017, its own ten folds: mean accuracy of the chosen learner over 105 data
 * sets, beside figures that scikit-learn gave, which must agree exactly.
 */
const shared = fileURLToPath(new URL('../../../shared/', import.meta.url))
const folder = `${shared}data/aslib-openml-weka-2017/`
const has = existsSync(folder)
if (!has) console.log('skipped: ../shared/data/aslib-openml-weka-2017 is not here')

function read(name: string): string[][] {
  const lines = readFileSync(`${folder}${name}.arff`, 'utf8').split(/\r?\n/)
  const start = lines.findIndex((line) => /^@data/i.test(line))
  return lines
    .slice(start + 1)
    .filter((line) => line && !line.startsWith('%'))
    .map((line) => line.split(','))
}

type Figures = { mean_accuracy: Record<string, number> }

test.skipIf(!has)(
  'the single best learner, the oracle and nearest neighbours are exactly where scikit-learn has them',
  () => {
    const published = JSON.parse(readFileSync(`${shared}reference/aslib-selection.json`, 'utf8')) as Figures
    const fold = new Map(read('cv').map(([id, , number]) => [id, Number(number)]))
    const features = new Map(read('feature_values').map(([id, , ...values]) => [id, values.map(Number)]))
    const runs = read('algorithm_runs')
    const learners = [...new Set(runs.map(([, , learner]) => learner))].sort()
    const performance = new Map([...features.keys()].map((id) => [id, new Array<number>(learners.length).fill(NaN)]))
    for (const [id, , learner, accuracy] of runs) performance.get(id)![learners.indexOf(learner)] = Number(accuracy)
    expect([features.size, learners.length]).toEqual([105, 30])

    const accuracy: Record<string, number[]> = {}
    const agreement: Record<string, number[]> = { single: [] }
    for (let number = 1; number <= 10; number++) {
      const known = [...features.keys()].filter((id) => fold.get(id) !== number)
      const asked = [...features.keys()].filter((id) => fold.get(id) === number)
      const from = {
        features: known.map((id) => features.get(id)!),
        performance: known.map((id) => performance.get(id)!),
      }
      const selectors: Record<string, Selector> = {
        single: singleBest(from),
        '1-NN': nearestSelector(from, 1),
        '5-NN': nearestSelector(from, 5),
      }
      for (const id of asked) {
        const truth = performance.get(id)!
        for (const [name, selector] of Object.entries(selectors)) {
          const scores = selector(features.get(id)!)
          ;(accuracy[name] ??= []).push(truth[chosen(scores)])
          agreement[name]?.push(spearman(scores, truth))
        }
        ;(accuracy.oracle ??= []).push(Math.max(...truth))
      }
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const found = Object.fromEntries(Object.entries(accuracy).map(([name, values]) => [name, mean(values)]))
    expect(found.single).toBeCloseTo(published.mean_accuracy['single best'], 10)
    expect(found.oracle).toBeCloseTo(published.mean_accuracy.oracle, 10)
    expect(found['1-NN']).toBeCloseTo(published.mean_accuracy['1-NN'], 10)
    expect(found['5-NN']).toBeCloseTo(published.mean_accuracy['5-NN mean accuracy'], 10)
    expect(mean(agreement.single)).toBeCloseTo(0.524, 2)
  },
)
