import type { Evaluation } from '../../core/experiment.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import type { TestPredictions } from '../../core/predictions.ts'
import { score } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'
import { compare, type CompareInput } from '../../core/stats/compare.ts'
import type { RunLike } from '../../core/stats/evidence.ts'
import { METRICS } from '../../core/stats/metrics.ts'

/**
 * Made-up runs whose truth is known: y is standard normal; each method's prediction is y + noise, where the noise has
 * a part per row that methods share, a part per row of its own, and a size per (method, task, fold) that stands for
 * the luck of one training set. `sd` [method][task] is the noise, so equal numbers mean no true effect.
 */
export type World = {
  seed: number
  rows: number
  tasks: number
  methods: { id: string; sd: number[] }[]
  evaluation?: Partial<Evaluation>
  luck?: number
  /** Block of each row, by index. */
  blocks?: (row: number) => number
  keepPredictions?: boolean
}

export function made(world: World): CompareInput {
  const random = rng(`world/${world.seed}`)
  const spec = ExperimentSpec.parse({
    name: 'made',
    data: { hash: 'h' },
    methods: world.methods.map(({ id }) => ({ id })),
    evaluation: world.evaluation ?? {},
  })
  const { folds, repeats, seeds } = spec.evaluation
  const truth = Array.from({ length: world.tasks }, (_, t) => draws(random.split(`truth/${t}`), world.rows))
  const kept = new Map<string, TestPredictions>()
  const runs: RunLike[] = []
  for (const { id, sd } of world.methods)
    for (let seed = 1; seed <= seeds; seed++)
      for (let repeat = 0; repeat < repeats; repeat++)
        for (let fold = 0; fold < folds; fold++) {
          const unit = world.blocks ?? ((row: number) => row)
          const rows = Int32Array.from({ length: world.rows }, (_, i) => i).filter((row) => unit(row) % folds === fold)
          const targets = truth.map((y, t) => {
            const shared = draws(random.split(`shared/${t}`), world.rows)
            const own = draws(random.split(`${id}/${t}/${seed}/${repeat}/${fold}`), world.rows + 1)
            const luck = Math.exp((world.luck ?? 0) * own[world.rows])
            return {
              width: 1,
              task: new Int32Array(rows.length).fill(t),
              truth: Float64Array.from(rows, (row) => y[row]),
              observed: new Uint8Array(rows.length).fill(1),
              values: Float64Array.from(rows, (row) => y[row] + sd[t] * luck * (0.8 * shared[row] + 0.6 * own[row])),
            }
          })
          const predictions: TestPredictions = {
            tasks: truth.map((_, t) => ({ id: `Y${t + 1}`, target: t, kind: 'regression', classes: null, plain: [0] })),
            rows,
            episode: new Int32Array(rows.length),
            weight: null,
            targets,
          }
          const run = `${id}/${seed}/${repeat}.${fold}`
          kept.set(run, predictions)
          const figures = score(predictions, METRICS.arrmse)
          const values = [...figures.values()] as number[]
          runs.push({
            id: run,
            experiment: 'e',
            methodKey: id,
            method: { id, params: {} },
            seed,
            repeat,
            fold,
            status: 'done',
            seconds: 0.5,
            parameters: 10,
            metrics: {
              arrmse: { value: values.reduce((a, b) => a + b) / values.length, perTask: Object.fromEntries(figures) },
            },
          })
        }
  return {
    experiments: [{ id: 'e', name: 'made', dataHash: 'h', spec, runs }],
    tasks: truth.map((_, t) => ({ id: `Y${t + 1}`, kind: 'regression', rows: world.rows })),
    predictions: (run) => (world.keepPredictions === false ? null : (kept.get(run.id) ?? null)),
    blocks: world.blocks
      ? Int32Array.from({ length: world.rows }, (_, row) => (world.blocks as (r: number) => number)(row))
      : null,
    metric: 'arrmse',
    looks: 1,
  }
}

function draws(random: ReturnType<typeof rng>, n: number): Float64Array {
  return Float64Array.from({ length: n }, () => random.normal())
}

export { compare }
