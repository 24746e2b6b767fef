import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chosen, spearman } from '../../core/metafeatures/selection.ts'
import type { Known, Selector } from '../../core/metafeatures/selection.ts'

/** ASlib's OPENML-WEKA-2017: 105 data sets, 30 learners, its own ten folds. */
export const shared = fileURLToPath(new URL('../../../shared/', import.meta.url))
const folder = `${shared}data/aslib-openml-weka-2017/`
export const has = existsSync(folder)
if (!has) console.log('skipped: ../shared/data/aslib-openml-weka-2017 is not here')

function read(name: string): string[][] {
  const lines = readFileSync(`${folder}${name}.arff`, 'utf8').split(/\r?\n/)
  const start = lines.findIndex((line) => /^@data/i.test(line))
  return lines
    .slice(start + 1)
    .filter((line) => line && !line.startsWith('%'))
    .map((line) => line.split(','))
}

export type Asked = { fold: number; features: number[]; truth: number[] }

/** [fold] what is known, and what is asked. */
export function scenario(): { known: Known; asked: Asked[] }[] {
  const fold = new Map(read('cv').map(([id, , number]) => [id, Number(number)]))
  const features = new Map(read('feature_values').map(([id, , ...values]) => [id, values.map(Number)]))
  const runs = read('algorithm_runs')
  const learners = [...new Set(runs.map(([, , learner]) => learner))].sort()
  const performance = new Map([...features.keys()].map((id) => [id, new Array<number>(learners.length).fill(NaN)]))
  for (const [id, , learner, accuracy] of runs) performance.get(id)![learners.indexOf(learner)] = Number(accuracy)
  return Array.from({ length: 10 }, (_, n) => {
    const known = [...features.keys()].filter((id) => fold.get(id) !== n + 1)
    const asked = [...features.keys()].filter((id) => fold.get(id) === n + 1)
    return {
      known: {
        features: known.map((id) => features.get(id)!),
        performance: known.map((id) => performance.get(id)!),
      },
      asked: asked.map((id) => ({ fold: n + 1, features: features.get(id)!, truth: performance.get(id)! })),
    }
  })
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Mean accuracy of the chosen learner, and mean rank agreement over all learners. */
export function judged(make: (known: Known, fold: number) => Selector): { accuracy: number; agreement: number } {
  const all = scenario().flatMap(({ known, asked }) => {
    const selector = make(known, asked[0].fold)
    return asked.map(({ features, truth }) => {
      const scores = selector(features)
      return { accuracy: truth[chosen(scores)], agreement: spearman(scores, truth) }
    })
  })
  return { accuracy: mean(all.map((one) => one.accuracy)), agreement: mean(all.map((one) => one.agreement)) }
}
