import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { makeFolds } from '../../core/data/splits.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { Evaluation } from '../../core/experiment.ts'
import { score, type TestPredictions } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'
import { byFold, evidenceOf, paired, type Evidence, type RunLike } from '../../core/stats/evidence.ts'
import { average, independent, interval, nadeauBengio, variance, type Measured } from '../../core/stats/intervals.ts'
import { measureBy, testOverTrain } from '../../core/stats/measure.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import { testOf } from '../../core/testing.ts'
import { fitted } from '../methods/fitted.ts'
import { tableOf } from '../methods/mulan.ts'

/**
 * How often 95 % intervals of the difference of two methods over 20 random splits hold the truth, over many fresh draws
 * of the data: ours, Nadeau and Bengio's, and the one that takes splits for independent. The truth is the mean over all
 * draws. `npm run test:slow -- test/stats/coverage.slow.ts`, or, one world at one share:
 *
 *   node test/stats/coverage.ts WORLD SHARE DRAWS
 */
type World = { methods: [string, string]; metric: keyof typeof METRICS; draw(seed: number): TaskSet }

/** Lines of eight tasks about a common one; the tasks stay, their rows are drawn, noise grows with the first input. */
function lines(seed: number): TaskSet {
  const random = rng(`lines/${seed}`)
  const fixed = rng('lines')
  const slopes = Array.from({ length: 8 }, () => [1, -0.5, 0.5, 0.3, 0].map((b) => b + 0.3 * fixed.normal()))
  const cells = slopes.flatMap((own, task) =>
    Array.from({ length: 50 }, () => {
      const x = own.map(() => random.normal())
      const noise = random.normal() * (1 + 0.5 * Math.abs(x[0]))
      return [...x, task, x.reduce((sum, v, j) => sum + v * own[j], noise)]
    }),
  )
  return buildTaskSet(tableOf(['a', 'b', 'c', 'd', 'e', 't', 'y'], cells), Roles.parse({ targets: ['y'], task: 't' }))
}

/** Two curved targets of three inputs. */
function curves(seed: number): TaskSet {
  const random = rng(`curves/${seed}`)
  const cells = Array.from({ length: 200 }, () => {
    const [a, b, c] = [random.normal(), random.normal(), random.normal()]
    const f = Math.sin(1.5 * a) + 0.5 * a * b + 0.3 * c
    return [a, b, c, f + 0.5 * random.normal(), f - b + 0.5 * random.normal()]
  })
  return buildTaskSet(tableOf(['a', 'b', 'c', 'y1', 'y2'], cells), Roles.parse({ targets: ['y1', 'y2'] }))
}

export const WORLDS: Record<string, World> = {
  'deviations, pooled': { methods: ['mean-regularised', 'pooled-ridge'], metric: 'rmse', draw: lines },
  'deviations, alone': { methods: ['mean-regularised', 'ridge'], metric: 'arrmse', draw: lines },
  'neighbours, line': { methods: ['knn', 'ridge'], metric: 'arrmse', draw: curves },
}

/** What one draw of the data says: by rule. */
type Said = { ours: Measured; nadeauBengio: Measured; independent: Measured }

async function evidenceFrom({ methods, metric }: World, set: TaskSet, evaluation: Evaluation) {
  const said = new Map<string, TestPredictions>()
  const tasks = Int32Array.from(set.tasks, (_, k) => k)
  const evidence: Evidence[] = []
  for (const id of methods) {
    const runs: RunLike[] = []
    for (const { fold, repeat, train, test } of makeFolds(set, evaluation)) {
      const view = { set, rows: train, tasks }
      const query = { set, rows: test, tasks }
      const predictions = await testOf(await fitted(id, {}, view), view, null, [{ support: null, query }])
      const run = `${id}/${repeat}.${fold}`
      said.set(run, predictions)
      const perTask = Object.fromEntries(score(predictions, METRICS[metric]))
      runs.push(runOf(run, id, repeat, fold, { [metric]: { value: null, perTask } }))
    }
    evidence.push(evidenceOf(id, runs, METRICS[metric], () => null))
  }
  return { evidence, predictions: (run: RunLike) => said.get(run.id) ?? null }
}

export function runOf(id: string, method: string, repeat: number, fold: number, metrics: RunLike['metrics']): RunLike {
  const about = { experiment: 'e', methodKey: method, method: { id: method, params: {} }, seed: 1, status: 'done' }
  return { id, ...about, repeat, fold, seconds: 0, parameters: 0, metrics } as RunLike
}

async function drawn(world: World, evaluation: Evaluation, seed: number): Promise<Said> {
  const { evidence, predictions } = await evidenceFrom(world, world.draw(seed), evaluation)
  return judged(evidence, predictions, evaluation, METRICS[world.metric])
}

/** All rules on the same evidence of two methods. */
export function judged(
  evidence: Evidence[],
  predictions: (run: RunLike) => TestPredictions | null,
  evaluation: Evaluation,
  metric: (typeof METRICS)[keyof typeof METRICS],
): Said {
  const [a, b] = evidence
  const values = [...paired(a, b, (e, shared) => byFold(e, null, shared)).values()]
  const measure = measureBy({ evaluation, evidence, metric, predictions, blocks: null })
  return {
    ours: measure.of(a, b, null)!,
    nadeauBengio: nadeauBengio(values, testOverTrain(evaluation))!,
    independent: independent(values)!,
  }
}

export type Coverage = Record<keyof Said, { covers: number; width: number }>

/** Share of intervals that hold the truth, and their mean width over that of the right one (1.96 sd). */
export function coverageOf(draws: Said[]): Coverage {
  const means = draws.map(({ ours }) => ours.mean)
  const truth = average(means)
  const half = 1.96 * Math.sqrt(variance(means))
  const of = (rule: keyof Said) => {
    const ends = draws.map((said) => interval(said[rule])!)
    return {
      covers: ends.filter(([low, high]) => low <= truth && truth <= high).length / draws.length,
      width: average(ends.map(([low, high]) => (high - low) / 2)) / half,
    }
  }
  return { ours: of('ours'), nadeauBengio: of('nadeauBengio'), independent: of('independent') }
}

export async function coverage(name: string, share: number, draws: number): Promise<Coverage> {
  const evaluation = Evaluation.parse({ protocol: 'holdout', testFraction: 1 - share, repeats: 20 })
  const said: Said[] = []
  for (let seed = 0; seed < draws; seed++) said.push(await drawn(WORLDS[name], evaluation, seed))
  return coverageOf(said)
}

export function lineOf(name: string, share: number, found: Coverage): string {
  const text = ({ covers, width }: Coverage['ours']) => `${(100 * covers).toFixed(1)} % (${width.toFixed(2)})`
  const { ours, nadeauBengio: nb, independent: free } = found
  return `| ${name} | ${100 * share} % | ${text(ours)} | ${text(nb)} | ${text(free)} |`
}

if (process.argv[1] === import.meta.filename) {
  const [name, share, draws] = process.argv.slice(2)
  console.log(lineOf(name, Number(share), await coverage(name, Number(share), Number(draws))))
}
