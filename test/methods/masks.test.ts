import { describe, expect, it } from 'vitest'
import * as e from '../../core/engine/index.ts'
import type { Expr, Tensor } from '../../core/engine/index.ts'
import { descend, losses, meanOfMeans, perTask, sumOfMeans } from '../../core/metalearning/taskNetworks.ts'
import { chooseByOwner } from '../../core/nn/choice.ts'
import { architectureOf } from '../../core/nn/architecture.ts'
import { sharedLoss } from '../../core/nn/losses.ts'
import { layerShapes } from '../../core/nn/plan.ts'
import type { Plan } from '../../core/nn/plan.ts'
import { rng } from '../../core/rng.ts'

/** Tasks with different numbers of rows in one batch, filled up and masked: gradients are those of runs of their own. */
const COUNTS = [5, 3, 1, 4]
const MOST = Math.max(...COUNTS)
const INPUTS = 3
const random = rng('masks')
const normals = (n: number) => Float64Array.from({ length: n }, () => random.normal())
const gradientsOf = async (gradients: Expr[], loss: Expr, feeds: Record<string, Tensor>) => {
  const outputs = Object.fromEntries([['loss', loss], ...gradients.map((g, k) => [`g${k}`, g])]) as Record<string, Expr>
  const out = await (await e.referenceRuntime().load(e.compile(outputs))).run(feeds)
  return [out.loss, ...gradients.map((_, k) => out[`g${k}`])].map(({ data }) => [...(data as Float64Array)])
}
const near = (got: number[][], wanted: number[][]) => {
  expect(got.map((g) => g.length)).toEqual(wanted.map((g) => g.length))
  got.forEach((g, k) => g.forEach((v, i) => expect(Math.abs(v - wanted[k][i])).toBeLessThan(1e-12)))
}
const meanOf = (all: number[][][]) =>
  all[0].map((part, k) => part.map((_, i) => all.reduce((sum, own) => sum + own[k][i], 0) / all.length))

const column = (kind: 'regression' | 'binary' | 'multiclass', width = 1, heads = 1) => ({
  target: kind,
  kind,
  width,
  classes: null,
  tasks: heads > 1 ? Array.from({ length: heads }, (_, k) => `${kind}${k}`) : null,
  mean: 0,
  sd: 1,
})
const planOf = (columns: Plan['columns'], more: Partial<Plan> = {}): Plan => ({
  inputs: ['a', 'b', 'c'],
  hidden: [4],
  activation: 'tanh',
  stacked: false,
  columns,
  ...more,
})

describe.each(['regression', 'binary', 'multiclass'] as const)('of %s', (kind) => {
  const width = kind === 'multiclass' ? 3 : 1
  const plan = planOf([column(kind, width)])
  const shapes = layerShapes(plan).map(({ shape }) => shape)
  const theta = normals(shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0))
  const truth = () => (kind === 'regression' ? random.normal() : random.int(kind === 'binary' ? 2 : 3))
  const rows = (counts: number[]) =>
    counts.map((n) => ({ n, x: normals(n * INPUTS), y: Float64Array.from({ length: n }, truth) }))
  const [support, query] = [rows(COUNTS), rows([...COUNTS].reverse())]

  /** The loss on the query after two steps on the support, and its gradient: through both steps. */
  function outer(uneven: boolean) {
    const pieces = e.unflatten(e.input('theta', [theta.length]), shapes)
    const cells = (set: string, count: string) => ({
      x: e.input(`${set}X`, ['tasks', count, INPUTS]),
      y: e.input(`${set}Y`, ['tasks', count, 1]),
      weight: uneven ? e.input(`${set}Weight`, ['tasks', count, 1]) : null,
      rows: count,
    })
    const [s, q] = [cells('support', 'shots'), cells('query', 'queries')]
    let fast = perTask(pieces)
    for (let k = 0; k < 2; k++)
      fast = descend(fast, e.grad(sumOfMeans(losses(plan, fast, s), s), fast), e.constant(0.3))
    const loss = meanOfMeans(losses(plan, fast, q), q)
    return { loss, gradients: e.grad(loss, pieces) }
  }

  it('learning to learn, through two inner steps, to second order', async () => {
    const padded = (set: typeof support, name: string, junk: number): Record<string, Tensor> => {
      const fill = (width: number, value: (task: number, row: number, i: number) => number): Tensor => ({
        shape: [set.length, MOST, width],
        data: Float64Array.from({ length: set.length * MOST * width }, (_, at) =>
          value(Math.floor(at / (MOST * width)), Math.floor(at / width) % MOST, at % width),
        ),
      })
      return {
        [`${name}X`]: fill(INPUTS, (t, r, i) => (r < set[t].n ? set[t].x[r * INPUTS + i] : junk)),
        [`${name}Y`]: fill(1, (t, r) => (r < set[t].n ? set[t].y[r] : 0)),
        [`${name}Weight`]: fill(1, (t, r) => (r < set[t].n ? 1 / set[t].n : 0)),
      }
    }
    const together = outer(true)
    const flat = { theta: { shape: [theta.length], data: theta } }
    const all = await gradientsOf(together.gradients, together.loss, {
      ...flat,
      ...padded(support, 'support', 7),
      ...padded(query, 'query', -7),
    })
    const alone = outer(false)
    const each: number[][][] = []
    for (let t = 0; t < COUNTS.length; t++) {
      const one = ({ n, x, y }: (typeof support)[number], name: string) => ({
        [`${name}X`]: { shape: [1, n, INPUTS], data: x },
        [`${name}Y`]: { shape: [1, n, 1], data: y },
      })
      const feeds = { ...flat, ...one(support[t], 'support'), ...one(query[t], 'query') }
      each.push(await gradientsOf(alone.gradients, alone.loss, feeds))
    }
    near(all, meanOf(each))
  })
})

describe.each([
  ['heads of one trunk', undefined],
  ['experts of their own', { kind: 'ple', levels: 2, experts: 2, units: 3 }],
  ['adapters', { kind: 'adapters', rank: 2 }],
] as [string, Plan['design']][])('in a shared network with %s', (_, design) => {
  it('cells that were not measured pull at nothing', async () => {
    const N = 9
    const plan = planOf([column('regression'), column('binary'), column('multiclass', 3)], { design })
    const architecture = architectureOf(plan)
    const shapes = architecture.blocks.map(({ shape }) => shape)
    const theta = Float64Array.from(architecture.initialise(rng('first')), (v) => v + 0.1 * random.normal())
    const x = normals(N * INPUTS)
    const y = Float64Array.from({ length: N * 3 }, (__, i) => [random.normal(), random.int(2), random.int(3)][i % 3])
    // The first column has all rows, the second three of them, the third one.
    const measured = (row: number, c: number) => c === 0 || (c === 1 ? row % 3 === 0 : row === 4)
    const pieces = e.unflatten(e.input('theta', [theta.length]), shapes)
    const [truth, weight, owner] = ['y', 'weight', 'owner'].map((name) => e.input(name, ['rows', 3]))
    const z = architecture.forward(pieces, e.input('x', ['rows', INPUTS]), chooseByOwner(plan, owner))
    const loss = e.mul(sharedLoss(plan, z, truth, weight, e.size('rows')), e.size('rows'))
    const gradients = e.grad(loss, pieces)
    const feeds = (chosen: number[], c: number | null): Record<string, Tensor> => ({
      theta: { shape: [theta.length], data: theta },
      x: { shape: [chosen.length, INPUTS], data: chosen.flatMap((r) => [...x.subarray(r * 3, r * 3 + 3)]) as never },
      y: { shape: [chosen.length, 3], data: chosen.flatMap((r) => [...y.subarray(r * 3, r * 3 + 3)]) as never },
      weight: {
        shape: [chosen.length, 3],
        data: chosen.flatMap((r) => [0, 1, 2].map((k) => Number((c === null || c === k) && measured(r, k)))) as never,
      },
      owner: {
        shape: [chosen.length, 3],
        data: chosen.flatMap((r) => [0, 1, 2].map((k) => (measured(r, k) ? 0 : -1))) as never,
      },
    })
    const fed = (given: Record<string, Tensor>) =>
      Object.fromEntries(
        Object.entries(given).map(([name, { shape, data }]) => [
          name,
          { shape, data: Float64Array.from(data as never) },
        ]),
      )
    const rows = Array.from({ length: N }, (__, r) => r)
    const all = await gradientsOf(gradients, loss, fed(feeds(rows, null)))
    const each: number[][][] = []
    for (const c of [0, 1, 2])
      each.push(
        await gradientsOf(
          gradients,
          loss,
          fed(
            feeds(
              rows.filter((r) => measured(r, c)),
              c,
            ),
          ),
        ),
      )
    near(
      all,
      meanOf(each).map((part) => part.map((v) => 3 * v)),
    )
  })
})
