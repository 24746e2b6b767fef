import { InferenceSession, Tensor } from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import { makeFolds } from '../../core/data/splits.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { UserError } from '../../core/errors.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { readPredictions } from '../../core/predictions.ts'
import { rng } from '../../core/rng.ts'
import { train } from '../../core/run.ts'
import { readModel } from '../../core/saved.ts'
import { backward, boxCoxLambda, fitScale, forward, type Scale } from '../../core/transforms/scale.ts'
import { inOwnUnit } from '../../core/transforms/transformed.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { count, tableOf } from '../data/tables.ts'

const SKEWED = [0.3, 0.5, 0.9, 1.2, 1.3, 2.2, 3.1, 4.7, 9.4, 22.5]

describe('scales', () => {
  test('the power of Box and Cox, as scipy finds it', () => {
    // scipy.stats.boxcox(x)[1], and with x ** 3.
    expect(boxCoxLambda(Float64Array.from(SKEWED))).toBeCloseTo(-0.1349913858, 6)
    expect(boxCoxLambda(Float64Array.from(SKEWED, (v) => v ** 3))).toBeCloseTo(-0.1349913858 / 3, 6)
  })
  test('normal scores of mean ranks, as scipy gives them', () => {
    const values = [3, 1, 4, 1, 5]
    const fitted = fitScale('y', 'rank', Float64Array.from(values))
    // norm.ppf((rankdata(x) - .5) / 5)
    const wanted = [0, -0.8416212335729142, 0.5244005127080407, -0.8416212335729142, 1.2815515655446004]
    values.forEach((v, i) => expect(forward(fitted, v)).toBeCloseTo(wanted[i], 9))
  })
  for (const scale of ['log', 'box-cox', 'rank'] as const)
    test(`${scale}: there and back, and finite however far out`, () => {
      const fitted = fitScale('y', scale, Float64Array.from(SKEWED))
      for (const y of SKEWED) expect(backward(fitted, forward(fitted, y))).toBeCloseTo(y, 9)
      for (const z of [-1e6, -30, 30, 1e6]) expect(Number.isFinite(backward(fitted, z))).toBe(true)
      expect(backward(fitted, NaN)).toBeNaN()
    })
  test('a negative power stays finite too', () => {
    const fitted = fitScale(
      'y',
      'box-cox',
      Float64Array.from(SKEWED, (v) => 1 / (1 + v)),
    )
    for (const z of [-1e6, 1e6]) expect(Number.isFinite(backward(fitted, z))).toBe(true)
  })
})

const n = 80
const random = rng('transforms')
const x = count(n).map(() => random.normal())
const table = tableOf({
  x,
  c: count(n).map((i) => 'ab'[i % 2]),
  y: x.map((v, i) => (i % 9 ? Math.exp(2 + 0.8 * v + 0.1 * random.normal()) : null)),
  z: x.map((v) => v + 0.1 * random.normal()),
})
const roles = Roles.parse({ targets: ['y', 'z'] })
const set = buildTaskSet(table, roles)
const spec = (transforms: Record<string, Scale> | undefined, id = 'ridge', params = {}) =>
  ExperimentSpec.parse({
    data: { hash: table.hash, roles },
    methods: [{ id, params }],
    twins: false,
    metrics: ['mae', 'rmse'],
    evaluation: { folds: 4 },
    ...(transforms ? { transforms } : {}),
  })

async function ran(given: ExperimentSpec, fold: number | 'all', runtime: Runtime = referenceRuntime()) {
  const trial = expand(given, set).find((t) => t.fold === fold)!
  const figures: Record<string, number | null> = {}
  let model: Uint8Array | null = null
  let said: Uint8Array | null = null
  for await (const { event, bytes } of train(trial, set, runtime)) {
    if (event.type === 'end' && event.error) throw new UserError(event.error)
    if (event.type === 'metric' && event.split === 'test') figures[`${event.name} ${event.task}`] = event.value
    if (event.type === 'blob' && event.role === 'model') model = bytes!
    if (event.type === 'blob' && event.role === 'predictions') said = bytes!
  }
  return { figures, model: model!, said }
}

test('a straight line on the logarithm: figures in the own unit, the other target untouched', async () => {
  const [plain, log] = [await ran(spec(undefined), 0), await ran(spec({ y: 'log' }), 0)]
  expect(log.figures['mae y']!).toBeLessThan(0.5 * plain.figures['mae y']!)
  expect(log.figures['mae z']).toBe(plain.figures['mae z'])
  // The truth that is kept is that of the table, and so is the plain answer that RRMSE needs.
  const { targets, tasks } = readPredictions(log.said!)
  const before = readPredictions(plain.said!)
  expect(targets[0].truth).toEqual(before.targets[0].truth)
  expect(tasks).toEqual(before.tasks)
})

test('fitted on the training rows alone', async () => {
  const values = Float64Array.from(table.columns[2].values)
  const fold = makeFolds(set, spec(undefined).evaluation)[0]
  // What stands in the test rows changes nothing of the model.
  for (const row of fold.test) values[row] *= 50
  const columns = table.columns.map((c, i) => (i === 2 ? { ...c, values } : c))
  const other = buildTaskSet({ ...table, columns }, roles)
  const trial = expand(spec({ y: 'box-cox' }), set).find((t) => t.fold === 0)!
  const model = async (of: typeof set) => {
    for await (const { event, bytes } of train(trial, of, referenceRuntime()))
      if (event.type === 'blob' && event.role === 'model') return bytes
    return null
  }
  expect(await model(other)).toEqual(await model(set))
})

for (const scale of ['log', 'box-cox', 'rank'] as const)
  test(`${scale}: saved with the model, and a part of what is exported`, async () => {
    const runtime = (await openRuntime('auto')).runtime
    const { model } = await ran(spec({ y: scale }), 'all')
    const read = readModel(model, runtime)
    expect(read.about.scales?.map((own) => [own.target, own.scale])).toEqual([['y', scale]])
    const rows = Int32Array.from(count(n))
    const said = await read.model.predict({ set, rows, tasks: Int32Array.from([0, 1]) })
    const session = await InferenceSession.create(read.model.onnx!())
    const raw = Float32Array.from(count(n).flatMap((i) => [x[i], 1 - (i % 2), i % 2]))
    const { predictions } = await session.run({ x: new Tensor('float32', raw, [n, 3]) })
    const out = [...(predictions.data as Float32Array)]
    out.forEach((value, i) =>
      expect(Math.abs(value - said.targets[i % 2].values[i >> 1])).toBeLessThan(1e-3 * Math.abs(value) + 1e-3),
    )
    await runtime.close()
  })

test('standard deviations come back to the own unit too: half the width of what z - sd to z + sd becomes', async () => {
  const view = { set, rows: Int32Array.of(0, 1, 2), tasks: Int32Array.of(0, 1) }
  const say = (values: number[]) => async () => ({
    rows: view.rows,
    targets: [0, 1].map((target) => ({ target, width: 1, values: Float64Array.from(values) })),
  })
  const z = [0.5, 2, 3]
  const inside = { parameters: 0, save: () => new Uint8Array(), predict: say(z), spread: say([0.01, 0.5, NaN]) }
  const fitted = [{ target: 'y', scale: 'log' as const, low: -9, high: 9 }]
  const [y, other] = (await inOwnUnit(inside, fitted).spread!(view)).targets.map(({ values }) => [...values])
  expect(other).toEqual([0.01, 0.5, NaN])
  // Small ones as the delta method says, |dy/dz| sd; NaN stays NaN.
  expect(y[0] / (0.01 * Math.exp(0.5))).toBeCloseTo(1, 4)
  expect(y[1]).toBeCloseTo((Math.exp(2.5) - Math.exp(1.5)) / 2, 9)
  expect(y[2]).toBeNaN()
  expect(inOwnUnit({ ...inside, spread: undefined }, fitted).spread).toBeUndefined()
})

test('a Gaussian process on the logarithm: its standard deviations, in the own unit, hold two errors of three', async () => {
  const { model } = await ran(spec({ y: 'log' }, 'multi-task-gp'), 'all')
  const read = readModel(model, referenceRuntime()).model
  const random = rng('new rows')
  const fresh = count(300).map(() => random.normal())
  const truth = fresh.map((v) => Math.exp(2 + 0.8 * v + 0.1 * random.normal()))
  const other = buildTaskSet(tableOf({ x: fresh, c: fresh.map((_, i) => 'ab'[i % 2]), y: truth, z: fresh }), roles)
  const view = { set: other, rows: Int32Array.from(fresh.keys()), tasks: Int32Array.of(0, 1) }
  const [said, sd] = [await read.predict(view), await read.spread!(view)].map(({ targets }) => targets[0].values)
  const share = truth.filter((y, i) => Math.abs(y - said[i]) < sd[i]).length / truth.length
  expect(Math.abs(share - 0.683)).toBeLessThan(0.1)
})

test('refused in words: values that have no logarithm, classes, unknown names', () => {
  const refused = (transforms: Record<string, Scale>, of = set) => {
    try {
      expand(spec(transforms), of)
    } catch (error) {
      return (error as UserError).json
    }
    return null
  }
  expect(refused({ z: 'log' })).toMatchObject({
    code: 'transform.not-positive',
    who: 'transform "log" of target "z"',
    remedy: 'Choose the transform "rank", which takes any number, or add a constant to the column in the file.',
  })
  expect(refused({ z: 'rank' })).toBeNull()
  expect(refused({ w: 'log' })).toMatchObject({ code: 'transform.target', got: '"w"' })
  const classes = buildTaskSet(table, Roles.parse({ targets: ['c'] }))
  expect(refused({ c: 'rank' }, classes)).toMatchObject({ code: 'transform.target' })
})

test('a network on ranks: tuned and early stopped on the same rows, finite however odd the target', async () => {
  const given = spec({ y: 'rank' }, 'single-task-mlp', { hidden: [4], epochs: 5 })
  const { runtime } = await openRuntime('auto')
  const { figures } = await ran(given, 0, runtime)
  await runtime.close()
  expect(Object.values(figures).every(Number.isFinite)).toBe(true)
})
