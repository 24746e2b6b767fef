import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { classRowsOf } from '../../core/data/classParts.ts'
import type { EpisodeBatch } from '../../core/data/generator.ts'
import { Roles } from '../../core/data/roles.ts'
import type { Column, Table } from '../../core/data/table.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import { generatedViews } from '../../core/episodeViews.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { method, methods } from '../../core/methods.ts'
import { onNewClasses } from '../../core/newClasses.ts'
import { rng } from '../../core/rng.ts'
import { train } from '../../core/run.ts'
import { readModel } from '../../core/saved.ts'
import type { ModelAbout } from '../../core/saved.ts'
import { trialData } from '../../core/trialData.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'

/** Models of drawn classes on a table of new classes say what they say of an episode with the same rows. */
let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

const wave = (i: number) => Math.sin(i * 12.9898 + 4)
const [CLASSES, EACH, WAYS] = [10, 8, 3]

/** Rows of classes, each around a place of its own; of an odd scale, so that encoding them wrongly shows. */
function table(names: string[], each: number, from = 0): Table {
  const rows = names.length * each
  const valid = new Uint8Array(rows).fill(1)
  const at = (row: number) => from + Math.floor(row / each)
  const number = (name: string, k: number): Column => ({
    name,
    kind: 'number',
    valid,
    values: Float64Array.from({ length: rows }, (_, row) => 50 + 20 * wave(7 * at(row) + k) + 2 * wave(row * 3 + k)),
  })
  const soil = Int32Array.from({ length: rows }, (_, row) => at(row) % 2)
  const letter = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / each))
  return {
    hash: `letters ${names.join()}`,
    rows,
    columns: [
      number('a', 1),
      number('b', 2),
      { name: 'soil', kind: 'category', levels: ['clay', 'sand'], values: soil, valid },
      { name: 'letter', kind: 'category', levels: names, values: letter, valid },
    ],
  }
}

const roles = Roles.parse({ targets: ['letter'], ignore: [] })
const learned = buildTaskSet(
  table(
    Array.from({ length: CLASSES }, (_, c) => `L${c}`),
    EACH,
  ),
  roles,
)

const ADAPTING = methods.filter((m) => m.can.adapt && m.can.kinds.includes('multiclass'))
/** Learn as many classes as they were trained for, at most. */
const CLOSED = ['maml', 'maml-classes', 'ridge-head']
const ROADS = [...CLOSED, 'logistic', 'knn', 'class-means', 'prototypical']
const FEW: Record<string, unknown> = { iterations: 3, metaBatch: 2, epochs: 3 }
const fewOf = (id: string) => {
  const shape = (method(id).params as unknown as { shape: object }).shape
  return Object.fromEntries(Object.entries(FEW).filter(([name]) => name in shape))
}

async function trained(id: string, ways = WAYS) {
  const spec = ExperimentSpec.parse({
    name: 'letters',
    data: { hash: learned.table.hash },
    methods: [{ id, params: fewOf(id) }],
    evaluation: { protocol: 'few-shot', ways, shots: 2, queries: 2, episodes: 2 },
    twins: false,
  })
  const trial = expand(spec, learned).find((own) => own.fold === 'all' && own.method.id === id)!
  for await (const { event, bytes } of train(trial, learned, runtime)) {
    if (event.type === 'end' && event.error) throw new Error(`${event.error.rule} ${event.error.got}`)
    if (event.type === 'blob' && event.role === 'model') return { trial, ...readModel(bytes!, runtime) }
  }
  throw new Error('no model')
}

/** A table of new classes: of each, `shots` labelled rows and then others, whose label nobody knows. */
function asked(names: string[], shots: number): { set: TaskSet; all: Int32Array } {
  const own = table(names, 5, 40)
  const set = buildTaskSet(own, roles)
  const observed = Uint8Array.from({ length: own.rows }, (_, row) => Number(row % 5 < shots))
  return { set: { ...set, observed }, all: Int32Array.from({ length: own.rows }, (_, row) => row) }
}

/** The same rows as one drawn task. */
function episode({ set }: { set: TaskSet }, about: ModelAbout, shots: number): { support: View; query: View } {
  const { from, ways } = about.drawn!
  const everything = new Set(Array.from({ length: CLASSES }, (_, c) => c))
  const { names } = classRowsOf(learned, everything, everything)
  const encode = trialEncoder(set)
  const k = set.tasks[0].classes!.length
  const batch = (pick: (i: number) => boolean) => {
    const rows = Array.from({ length: set.table.rows }, (_, row) => row).filter((row) => pick(row % 5))
    return {
      x: Float32Array.from(rows.flatMap((row) => encode(row))),
      y: Float32Array.from(rows, (row) => Math.floor(row / 5)),
    }
  }
  const [support, query] = [batch((i) => i < shots), batch((i) => i >= shots)]
  const drawn: EpisodeBatch = {
    tasks: 1,
    shots: k * shots,
    queries: k * (5 - shots),
    features: names.length,
    supportX: support.x,
    supportY: support.y,
    queryX: query.x,
    queryY: query.y,
  }
  expect('encoder' in from).toBe(true)
  const classes = Array.from({ length: ways }, (_, way) => String(way + 1))
  const generator = { id: 'classes', params: {}, features: names, target: 'letter', classes, sample: () => drawn }
  return generatedViews(generator, rng(1), 1, shots, 5 - shots, 1)
}

/** (x - mean) / sd over all rows learned from, and 0/1 columns: written out once more. */
function trialEncoder(set: TaskSet): (row: number) => number[] {
  const figures = [0, 1].map((c) => {
    const values = Array.from(learned.table.columns[c].values)
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length
    const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length
    return { mean, sd: Math.sqrt(square) }
  })
  return (row) => [
    ...figures.map(({ mean, sd }, c) => (set.table.columns[c].values[row] - mean) / sd),
    ...[0, 1].map((level) => Number(set.table.columns[2].values[row] === level)),
  ]
}

it.each(ROADS)('%s says of new classes what it says of an episode', { timeout: 60_000 }, async (id) => {
  const { about, model, trial } = await trained(id)
  expect(about.drawn).toMatchObject({ ways: WAYS })
  expect(trialData(trial, learned).train.set.generator?.classes).toHaveLength(WAYS)
  const given = asked(['x', 'y', 'z'], 2)
  const rest = given.all.filter((row) => !given.set.observed[row])
  const view = (rows: Int32Array): View => ({ set: given.set, rows, tasks: Int32Array.of(0) })
  const own = await onNewClasses(model, about).adapt!(view(given.all))
  const said = (await own.predict(view(rest))).targets[0]
  expect(said.width).toBe(3)
  const { support, query } = episode(given, about, 2)
  const wanted = (await (await model.adapt!(support)).predict(query)).targets[0]
  expect(wanted.values).toHaveLength(said.values.length)
  said.values.forEach((chance, i) => expect(chance).toBeCloseTo(wanted.values[i], 5))
  const again = await onNewClasses(readModelOf(about, own.save()), about).predict(view(rest))
  expect([...again.targets[0].values]).toEqual([...said.values])

  // Fewer classes: the chances of the places that are taken, of their sum.
  const two = asked(['x', 'y'], 2)
  const twoView = { ...view(two.all), set: two.set }
  const chances = (await (await onNewClasses(model, about).adapt!(twoView)).predict(twoView)).targets[0]
  expect(chances.width).toBe(1)
  expect(chances.values.every((chance) => chance >= 0 && chance <= 1)).toBe(true)
})

const readModelOf = (about: ModelAbout, bytes: Uint8Array) => method(about.method.id).load(bytes, runtime)

it('methods that say so learn any number of classes, and others do not', { timeout: 60_000 }, async () => {
  for (const m of ADAPTING.filter(({ id, anyWays }) => anyWays || CLOSED.includes(id))) {
    const { about, model } = await trained(m.id, 2)
    const { set, all } = asked(['p', 'q', 'r', 's', 't'], 3)
    const view = { set, rows: all, tasks: Int32Array.of(0) }
    const heading = { ...about, method: { id: 'class-means', params: {} } }
    const able = async () => {
      const own = await onNewClasses(model, heading).adapt!(view)
      const { width, values } = (await own.predict(view)).targets[0]
      return width === 5 && values.every(Number.isFinite)
    }
    expect(await able().catch(() => false), m.id).toBe(m.anyWays === true)
  }
})
