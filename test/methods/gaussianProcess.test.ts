import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { minimise } from '../../core/lbfgs.ts'
import { method, paramsOf } from '../../core/methods.ts'
import { likelihood } from '../../core/multitask/coregional.ts'
import type { Cells } from '../../core/multitask/coregional.ts'
import { pack, unpack } from '../../core/pack.ts'
import { factorisePacked, inversePacked, packedLength } from '../../core/packedCholesky.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import { rng } from '../../core/rng.ts'
import { fitted, whole } from './fitted.ts'
import { tableOf } from './mulan.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/methods/gaussianProcess.json', import.meta.url), 'utf8'))
const [x, y, seen, asked] = [golden.x, golden.y, golden.seen, golden.asked] as number[][][]
const rows = x.length
const at = [0, 1, 2].flatMap((task) => x.flatMap((_, row) => (seen[row][task] ? [{ row, task }] : [])))
const cells: Cells = {
  x: Float64Array.from(x.flat()),
  width: 2,
  rows,
  row: Int32Array.from(at, ({ row }) => row),
  task: Int32Array.from(at, ({ task }) => task),
  y: Float64Array.from(at, ({ row, task }) => y[row][task]),
  weight: Float64Array.from(at, ({ row }) => golden.weight[row]),
}
const shape = { lengths: 2, tasks: 3, rank: golden.rank as number }
const theta = Float64Array.from(golden.theta as number[])

it('likelihood and slope are those of numpy, with holes and weights', () => {
  const slope = new Float64Array(theta.length)
  expect(likelihood(cells, theta, shape, slope)).toBeCloseTo(golden.nll, 8)
  ;(golden.slope as number[]).forEach((value, k) => expect(slope[k]).toBeCloseTo(value, 4))
})

it('the best likelihood is at least as good as that of scipy from the same start', () => {
  const best = minimise((z, g) => likelihood(cells, z, shape, g), theta, { tolerance: 1e-4, most: 500 })
  expect(likelihood(cells, best, shape, new Float64Array(theta.length))).toBeLessThan(golden.best + 1e-3)
})

it('predicts means and standard deviations of numpy at given hyperparameters', async () => {
  // The heading of a model on these inputs as they are, its cells and hyperparameters put in place.
  const table = tableOf(
    ['a', 'b', 'p', 'q', 'r'],
    [...x, ...asked].map((row, i) => [...row, ...(i < rows ? y[i] : [0, 0, 0])]),
  )
  const set = buildTaskSet(table, Roles.parse({ targets: ['p', 'q', 'r'] }))
  const m = method('multi-task-gp')
  const { header } = unpack((await fitted('multi-task-gp', { steps: 1 }, whole(set))).save())
  const plain = header as { outputs: { mean: number; sd: number }[]; encoder: { columns: object[] } }
  const outputs = plain.outputs.map((output) => ({ ...output, mean: 0, sd: 1 }))
  const encoder = { ...plain.encoder, columns: plain.encoder.columns.map((column) => ({ ...column, mean: 0, sd: 1 })) }
  const { x: inputs, row, task, y: values, weight } = cells
  const answer = answerOf()
  const bytes = pack({ outputs, encoder, shape }, { theta, answer, x: inputs, row, task, y: values, weight: weight! })
  const model = m.load(bytes, referenceRuntime())
  const view = { ...whole(set), rows: whole(set).rows.subarray(rows) }
  const said = await model.predict(view)
  const spread = await model.spread!(view)
  asked.forEach((_, i) =>
    [0, 1, 2].forEach((t) => {
      expect(said.targets[t].values[i]).toBeCloseTo(golden.mean[i][t], 6)
      expect(spread.targets[t].values[i]).toBeCloseTo(golden.sd[i][t], 6)
    }),
  )
})

/** K^-1 y by conjugate gradients, not by the factor that is tested. */
function answerOf(): Float64Array {
  const n = cells.y.length
  const lengths = theta.subarray(0, 2).map(Math.exp)
  const mix = (t: number, s: number) =>
    [0, 1].reduce((sum, r) => sum + theta[2 + 2 * t + r] * theta[2 + 2 * s + r], t === s ? Math.exp(theta[8 + t]) : 0)
  const entry = (i: number, j: number) => {
    const [a, b] = [x[at[i].row], x[at[j].row]]
    const d = a.reduce((sum, v, f) => sum + ((v - b[f]) / lengths[f]) ** 2, 0)
    const noise = i === j ? Math.exp(theta[11 + at[i].task]) / golden.weight[at[i].row] + 1e-8 : 0
    return mix(at[i].task, at[j].task) * Math.exp(-d / 2) + noise
  }
  const k = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (__, j) => entry(i, j)))
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0)
  const out = new Float64Array(n)
  let left = cells.y.slice()
  let along = left.slice()
  for (let step = 0; step < 2000 && dot(left, left) > 1e-24; step++) {
    const moved = Float64Array.from(k, (row) => dot(row, along))
    const size = dot(left, left) / dot(along, moved)
    for (let i = 0; i < n; i++) out[i] += size * along[i]
    const next = left.map((v, i) => v - size * moved[i])
    const turn = dot(next, next) / dot(left, left)
    along = next.map((v, i) => v + turn * along[i])
    left = next
  }
  return out
}

it('the packed factor and inverse: of sizes around a block of four', () => {
  for (const n of [1, 3, 4, 5, 9, 16]) {
    const random = rng(`packed/${n}`)
    const root = Array.from({ length: n }, () => Array.from({ length: n }, () => random.normal()))
    const full = root.map((a, i) => root.map((b, j) => a.reduce((s, v, k) => s + v * b[k], i === j ? 1 : 0)))
    const packed = Float64Array.from(full.flatMap((row, i) => row.slice(0, i + 1)))
    expect(factorisePacked(packed, n).next()).toEqual({ done: true, value: true })
    const inverse = inversePacked(packed, n)
    const of = (i: number, j: number) => inverse[packedLength(Math.max(i, j)) + Math.min(i, j)]
    full.forEach((row, i) =>
      row.forEach((_, j) => {
        const product = full[i].reduce((sum, v, k) => sum + v * of(k, j), 0)
        expect(product).toBeCloseTo(i === j ? 1 : 0, 8)
      }),
    )
  }
  expect(factorisePacked(Float64Array.of(1, 2, 1), 2).next().value).toBe(false)
})

it('a target measured in few rows gains from one that goes with it, and its intervals hold what they promise', async () => {
  const random = rng('few')
  const made = Array.from({ length: 240 }, (_, i) => {
    const [a, b] = [random.normal(), random.normal()]
    const p = Math.sin(2 * a) + b
    return [a, b, p + 0.1 * random.normal(), i % 2 && i % 16 !== 1 ? NaN : 3 - 2 * p + 0.1 * random.normal()]
  })
  const set = buildTaskSet(tableOf(['a', 'b', 'p', 'q'], made), Roles.parse({ targets: ['p', 'q'] }))
  const all = whole(set)
  const [test, train] = [0, 1].map((part) => ({ ...all, rows: all.rows.filter((row) => row % 2 === part) }))
  const look = async (patterns: number) => {
    const model = await fitted('multi-task-gp', { patterns, learnFrom: 120, steps: 30 }, train)
    const { values } = (await model.predict(test)).targets[1]
    const sd = (await model.spread!(test)).targets[1].values
    const off = values.map((value, i) => value - made[test.rows[i]][3])
    const inside = off.filter((value, i) => Math.abs(value) < 1.96 * sd[i]).length / off.length
    return { error: off.reduce((sum, v) => sum + v * v, 0), inside }
  }
  const [alone, together] = [await look(0), await look(1)]
  expect(together.error).toBeLessThan(0.5 * alone.error)
  expect(together.inside).toBeGreaterThan(0.85)
})

it('refuses more cells than it can do, and says what to use instead', async () => {
  const cells = Array.from({ length: 2600 }, (_, i) => [i, i % 7, i % 5])
  const set = buildTaskSet(tableOf(['x', 'p', 'q'], cells), Roles.parse({ targets: ['p', 'q'] }))
  const m = method('multi-task-gp')
  expect(paramsOf(m, {})).toMatchObject({ patterns: 2 })
  await expect(fitted('multi-task-gp', {}, whole(set))).rejects.toMatchObject({
    json: { code: 'too-many-cells', got: '5200 cells in training', remedy: expect.stringContaining('random-forest') },
  })
})
