import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod } from '../classical/linearMethod.ts'
import { RidgeParams } from '../classical/ridge.ts'
import type { Frame } from '../frame.ts'
import type { Rng } from '../rng.ts'
import { search } from '../search.ts'
import { cluster } from './clusters.ts'
import { deviateFrom, deviating, deviationOf } from './deviations.ts'
import { familiesOf } from './families.ts'

/**
 * Clustered multi-task learning (Jacob, Bach and Vert 2008; Zhou, Chen and Ye 2011): tasks fall into a few clusters,
 * and each has the common line w_c of its cluster and a deviation v_t of its own. Over lines and clusters, in every
 * family of tasks (families.ts), it minimises
 *   sum_t |y_t - X_t (w_c(t) + v_t)|^2  +  alpha sum_c |w_c|^2  +  deviation sum_t |v_t|^2,     levels free of alpha,
 * which with one cluster is mean regularisation. Unlike these papers, which relax the assignment, it keeps it and takes
 * alternating steps from several starts (clusters.ts): every step is exact, but the best of all assignments is not
 * certain. A task never seen gets the mean of its target's lines; `adapt` lets it deviate from that cluster whose line
 * fits it best.
 */
const Params = RidgeParams.extend({
  clusters: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('How many clusters of tasks there are at most.')
    .meta(search({ log: [1, 10] })),
  deviation: z
    .number()
    .gt(0)
    .max(1e9)
    .default(30)
    .describe('Strength of the pull of every task towards the line of its cluster; the larger, the more tasks share.')
    .meta(search({ log: [0.1, 10000] })),
  starts: z.int().min(1).max(1000).default(10).describe('Number of random starts, the best of which is kept.'),
})
type Params = z.infer<typeof Params>

/** Per target the lines of its clusters, or its own line where it is a task itself. */
const Centres = z.array(z.object({ target: z.string(), lines: z.array(z.array(z.number())) }))
type Centres = z.infer<typeof Centres>

export const clustered = linearMethod<Params>({
  id: 'clustered',
  family: 'multitask',
  twins: ['ridge'],
  name: 'Clusters of tasks',
  about: 'Finds groups of tasks that are alike; each group has a common line, from which its tasks deviate.',
  cite: 'Jacob, Bach and Vert 2008, Clustered multi-task learning; Zhou, Chen and Ye 2011',
  params: Params,
  can: { newTask: true },
  work: (s, { clusters, starts }) =>
    s.features ** 2 * (s.rows * s.targets + 4 * s.tasks * s.features + 20 * starts * clusters * s.tasks) +
    20 * starts * clusters * s.features ** 3 +
    1,
  fit: (frame, params, { rng }) => fitClusters(frame, params, rng),
  adapt: (linear, support, { deviation }) =>
    deviateFrom(
      new Map(
        (linear.kept as Centres).map(({ target, lines }) => [target, lines.map((line) => Float64Array.from(line))]),
      ),
      linear,
      support,
      deviation,
    ),
  keeps(kept, { encoder }) {
    const centres = Centres.safeParse(kept)
    if (!centres.success) return false
    const size = encoder.names.length + 1
    return centres.data.every(({ lines }) => lines.length > 0 && lines.every((line) => line.length === size))
  },
})

function fitClusters(frame: Frame, { clusters, deviation, starts, alpha }: Params, rng: Rng): Linear {
  const { encoder, outputs } = frame
  const coefficients: Float64Array[] = []
  const fresh = new Map<string, Float64Array>()
  const kept: Centres = []
  let centresInAll = 0
  familiesOf(frame).forEach((family, f) => {
    const { tasks, levels, raw } = family
    const parts = tasks.map((task) => deviating(task, deviation))
    const { of, centres } = cluster(parts, { most: clusters, starts, alpha, levels }, rng.split(f))
    centresInAll += centres.length
    family.outputs.forEach((k, t) => {
      const centre = centres[of[t]]
      const own = deviationOf(parts[t], centre)
      const line = raw(
        own.map((value, j) => value + centre[j]),
        t,
      )
      coefficients[k] = line
      if (levels) return
      fresh.set(outputs[k].target, line)
      kept.push({ target: outputs[k].target, lines: [[...line]] })
    })
    if (!levels) return
    const { target } = outputs[family.outputs[0]]
    const mean = centres[0].map((_, j) => of.reduce((sum, c) => sum + centres[c][j] / of.length, 0))
    fresh.set(target, raw(mean, 0))
    kept.push({ target, lines: centres.map((centre) => [...raw(centre, 0)]) })
  })
  const parameters = (centresInAll + outputs.length) * (encoder.names.length + 1)
  return { encoder, outputs, coefficients, fresh, parameters, kept }
}
