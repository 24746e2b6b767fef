import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { z } from 'zod'
import { dot } from '../dot.ts'
import type { InnerLoop } from '../method.ts'
import { average } from '../stats/intervals.ts'

/**
 * The inner loop of a meta-learner as a map. A task pulls the start theta to theta_t; the plane through theta that holds
 * most of these pulls d_t = theta_t - theta is spanned by the two first right singular vectors of the matrix of pulls
 * (not centred, so that the start is the origin), and what share of their squared length it holds is said. On it lie the
 * steps of every task, the directions in which the start itself would be moved, and the mean query loss of other starts.
 */
const Spot = z.tuple([z.number(), z.number()])
export const InnerMap = z.object({
  steps: z.int(),
  /** Of which tasks: held out from training, known from it, or drawn anew. */
  rows: z.enum(['test', 'training', 'drawn']),
  tasks: z.array(
    z.object({
      id: z.string(),
      /** Where it stands after 0, 1, ... steps; the start is [0, 0]. */
      path: z.array(Spot),
      /** Loss of its query rows after the same steps. */
      losses: z.array(z.number()),
      /** Length of its pull, and the share of its squared length that lies in the plane. */
      pull: z.number(),
      inPlane: z.number(),
    }),
  ),
  /** Tasks that ran away at the usual rate, and the share of it at which they are shown; 0: they stayed at the start. */
  slowed: z.array(z.object({ task: z.string(), factor: z.number() })),
  /** Share of all squared pulls along either axis. */
  variance: Spot,
  /** Squared length of the mean pull over the mean squared length: 1 where all tasks pull alike, about 1 / tasks at random. */
  agreement: z.number(),
  /** Where the start would move: down the exact meta-gradient, the first-order one, or along the mean pull (Reptile). */
  directions: z.array(
    z.object({
      kind: z.enum(['exact', 'first-order', 'mean-pull']),
      /** A unit vector as it lies in the plane: shorter where it leaves it. */
      at: Spot,
      length: z.number(),
    }),
  ),
  /** Cosine of each pair of directions, in all dimensions. */
  cosines: z.array(z.object({ a: z.string(), b: z.string(), cosine: z.number() })),
  /** Mean query loss of other starts [row of y, column of x], from low to high; after: of what is learned from there. */
  map: z.object({
    x: z.array(z.number()),
    y: z.array(z.number()),
    before: z.array(z.array(z.number().nullable())),
    after: z.array(z.array(z.number().nullable())).nullable(),
  }),
})
export type InnerMap = z.infer<typeof InnerMap>

/** Points of the map of losses. */
const GRID = { x: 30, y: 20 }

export async function innerMap(loop: InnerLoop, steps: number, rows: InnerMap['rows']): Promise<InnerMap> {
  const { networks } = await loop.after(steps)
  const pulls = networks.map((network) => minus(network, loop.start))
  const { axes, variance } = planeOf(pulls)
  const tasks = loop.tasks.map((id, task) => {
    const pull = Math.sqrt(dot(pulls[task], pulls[task]))
    const [x, y] = axes.map((axis) => dot(axis, pulls[task]))
    return {
      id,
      path: [] as [number, number][],
      losses: [] as number[],
      pull,
      inPlane: ratio(x * x + y * y, pull ** 2),
    }
  })
  for (let step = 0; step <= steps; step++) {
    const after = await loop.after(step)
    after.networks.forEach((network, task) => {
      const moved = minus(network, loop.start)
      tasks[task].path.push([dot(axes[0], moved), dot(axes[1], moved)])
      tasks[task].losses.push(after.losses[task])
    })
  }
  const mean = meanOf(pulls)
  const slopes = await loop.metaGradients(steps)
  const all: [InnerMap['directions'][number]['kind'], Float32Array][] = [
    ...(slopes
      ? ([
          ['exact', slopes.exact.map((v) => -v)],
          ['first-order', slopes.firstOrder.map((v) => -v)],
        ] as [InnerMap['directions'][number]['kind'], Float32Array][])
      : []),
    ['mean-pull', mean],
  ]
  const lengths = all.map(([, vector]) => Math.sqrt(dot(vector, vector)))
  const x = spread(tasks.flatMap(({ path }) => path))
  const grid = x.y.flatMap((y) => x.x.map((own): [number, number] => [own, y]))
  const around = await loop.lossesAround(axes, grid, steps)
  const rowsOf = (values: number[]) => x.y.map((_, r) => x.x.map((__, c) => finite(values[r * GRID.x + c])))
  return {
    steps,
    rows,
    tasks,
    slowed: [...loop.slowed],
    variance,
    agreement: ratio(dot(mean, mean), average(tasks.map(({ pull }) => pull ** 2))),
    directions: all.map(([kind, vector], k) => ({
      kind,
      at: [ratio(dot(axes[0], vector), lengths[k]), ratio(dot(axes[1], vector), lengths[k])],
      length: lengths[k],
    })),
    cosines: all.flatMap(([a, u], i) =>
      all.slice(i + 1).map(([b, v], j) => ({ a, b, cosine: ratio(dot(u, v), lengths[i] * lengths[i + 1 + j]) })),
    ),
    map: { ...x, before: rowsOf(around.before), after: around.after && rowsOf(around.after) },
  }
}

/** The two directions that hold most of the vectors' squared length, and the share that each holds. */
export function planeOf(vectors: readonly Float32Array[]): {
  axes: [Float32Array, Float32Array]
  variance: [number, number]
} {
  const n = vectors.length
  const gram = Matrix.zeros(n, n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const product = dot(vectors[i], vectors[j])
      gram.set(i, j, product)
      gram.set(j, i, product)
    }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true })
  const order = realEigenvalues.map((_, k) => k).sort((a, b) => realEigenvalues[b] - realEigenvalues[a])
  const total = realEigenvalues.reduce((sum, value) => sum + Math.max(0, value), 0)
  const axis = (rank: number): Float32Array => {
    const out = new Float32Array(vectors[0].length)
    const value = rank < n ? realEigenvalues[order[rank]] : 0
    // A single task, or tasks that all pull along one line, have no second direction.
    if (!(value > total * 1e-10)) return out
    const weights = eigenvectorMatrix.getColumn(order[rank])
    // The sign is free: the vectors' sum points to the right and up.
    const sign = weights.reduce((sum, w) => sum + w, 0) < 0 ? -1 : 1
    vectors.forEach((vector, k) => {
      const w = (sign * weights[k]) / Math.sqrt(value)
      for (let i = 0; i < out.length; i++) out[i] += w * vector[i]
    })
    return out
  }
  const share = (rank: number) => (rank < n ? ratio(Math.max(0, realEigenvalues[order[rank]]), total) : 0)
  return { axes: [axis(0), axis(1)], variance: [share(0), share(1)] }
}

/** Evenly spaced places around all points, three by two and with equal units, the start among them. */
function spread(points: readonly (readonly [number, number])[]): { x: number[]; y: number[] } {
  const ends = [0, 1].map((k) => {
    const values = [0, ...points.map((point) => point[k])]
    return [Math.min(...values), Math.max(...values)]
  })
  const centre = ends.map(([low, high]) => (low + high) / 2)
  const half = Math.max((ends[0][1] - ends[0][0]) / 3, (ends[1][1] - ends[1][0]) / 2, 1e-6) * 0.65
  const line = (middle: number, reach: number, count: number) =>
    Array.from({ length: count }, (_, k) => middle + reach * ((2 * k) / (count - 1) - 1))
  return { x: line(centre[0], 3 * half, GRID.x), y: line(centre[1], 2 * half, GRID.y) }
}

const minus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value - b[i])
function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0].length)
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i] += vector[i] / vectors.length
  return mean
}
const ratio = (a: number, b: number): number => (b > 0 ? a / b : 0)
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
