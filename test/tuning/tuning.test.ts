import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { balancers } from '../../core/balancers/balancers.ts'
import { innerFolds } from '../../core/data/innerSplits.ts'
import { makeFolds } from '../../core/data/splits.ts'
import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import type { Runtime } from '../../core/engine/runtime.ts'
import type { Emitted } from '../../core/events.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { methods } from '../../core/methods.ts'
import { rng } from '../../core/rng.ts'
import { fold, train } from '../../core/run.ts'
import { readModel } from '../../core/saved.ts'
import { searchable } from '../../core/search.ts'
import { configurationsOf, searchedNames } from '../../core/tuning/configurations.ts'
import { fitsOf, rungs } from '../../core/tuning/schedule.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { whole } from '../methods/fitted.ts'
import { mixedTargets, sites } from '../methods/toys.ts'

let runtime: Runtime
beforeAll(async () => {
  runtime = (await openRuntime('auto')).runtime
})
afterAll(() => runtime.close())

/** Of images and classes, which are never tuned, and one with two forms and no more. */
const NOTHING_TO_TUNE = ['class-means', 'prototypical', 'maml-classes', 'hierarchical-linear']

const specOf = (id: string, tune: object, more: object = {}) =>
  ExperimentSpec.parse({
    data: { hash: 'toy' },
    methods: [{ id }],
    evaluation: { folds: 4 },
    tune,
    twins: false,
    ...more,
  })

async function eventsOf(trial: ReturnType<typeof expand>[number], set: TaskSet, resume: Uint8Array | null = null) {
  const emitted: Emitted[] = []
  for await (const event of train(trial, set, runtime, resume)) emitted.push(event)
  return emitted
}

describe('the space', () => {
  it('lies inside what each schema allows, and the first configuration is the given one', () => {
    const searched = methods.filter((m) => searchable(m.params).searched.length > 0)
    expect(searched.length).toBeGreaterThan(10)
    for (const m of searched) {
      const names = searchable(m.params).searched.map(({ name }) => name)
      const given = m.params.parse({}) as Record<string, unknown>
      const tried = configurationsOf(m, given, names, 30, rng('space'))
      expect(tried[0]).toEqual(given)
      expect(tried.length, m.id).toBeGreaterThan(1)
      for (const params of tried) expect(m.params.safeParse(params).success, m.id).toBe(true)
      expect(new Set(tried.map((params) => JSON.stringify(params))).size).toBe(tried.length)
    }
  })

  it('gives a method and its twin the same values of the parameters they share', () => {
    const of = (id: string) => {
      const m = methods.find((other) => other.id === id)!
      const names = searchable(m.params).searched.map(({ name }) => name)
      return configurationsOf(m, m.params.parse({}) as Record<string, unknown>, names, 8, rng('pair'))
    }
    const [shared, alone] = [of('mean-regularised'), of('ridge')]
    expect(shared.map(({ alpha }) => alpha)).toEqual(alone.map(({ alpha }) => alpha))
  })

  it('gives every method that learns tasks together as many configurations as its twins', () => {
    const tried = (m: (typeof methods)[number]) =>
      configurationsOf(m, m.params.parse({}) as Record<string, unknown>, searchedNames(m, {}), 10, rng('equal')).length
    for (const m of methods)
      if (['multitask', 'metalearning'].includes(m.family) && !NOTHING_TO_TUNE.includes(m.id))
        for (const own of [m, ...methods.filter(({ id }) => m.twins?.includes(id))])
          expect(tried(own), `${own.id} beside ${m.id}`).toBe(10)
  })

  it('holds the parameters of a balancer just where it is the chosen one', () => {
    const m = methods.find(({ id }) => id === 'hard-sharing')!
    const own = (set: Record<string, unknown>) => {
      const names = searchedNames(m, set)
      return names.filter((name) => !searchedNames(m, {}).includes(name))
    }
    expect(own({ balancer: 'equal' })).toEqual([])
    expect(own({ balancer: 'cagrad' })).toEqual(['conflictAversion'])
    expect(own({ balancer: 'famo' }).sort()).toEqual(['weightPull', 'weightRate'])
    expect(own({ balancer: 'famo', weightRate: 0.1 })).toEqual(['weightPull'])
    const quiet = balancers.filter(({ id }) => own({ balancer: id }).length === 0)
    expect(quiet.flatMap(({ params }) => Object.keys(params))).toEqual([])
  })

  it('leaves what a person set, and the twin gets it too', () => {
    const spec = ExperimentSpec.parse({
      data: { hash: 'toy' },
      methods: [{ id: 'mean-regularised', params: { alpha: 7 } }],
      tune: {},
    })
    const trials = expand(spec, sites())
    const of = (id: string) => trials.find(({ method }) => method.id === id)!
    expect(of('mean-regularised').tune?.parameters).toEqual(['deviation'])
    expect(of('ridge')).toMatchObject({ method: { params: { alpha: 7 } } })
    expect(of('ridge').tune).toBeUndefined()
    expect(of('mean').tune).toBeUndefined()
  })
})

describe('rounds', () => {
  it('halving gives the best third three times as much, up to the whole', () => {
    expect(rungs('halving', 27).map(({ configurations }) => configurations)).toEqual([27, 9, 3])
    expect(rungs('halving', 27).map(({ share }) => share)).toEqual([1 / 9, 1 / 3, 1])
    expect(rungs('halving', 2)).toEqual([{ configurations: 2, share: 1 }])
    expect(rungs('random', 27)).toEqual([{ configurations: 27, share: 1 }])
  })
  it('costs what it says', () => {
    expect(fitsOf({ strategy: 'random', configurations: 10, innerFolds: 3 }, true)).toBe(30)
    expect(fitsOf({ strategy: 'halving', configurations: 27, innerFolds: 3 }, false)).toBeCloseTo(27, 9)
    // Folds that were paid for are not paid for again: 27 x 1, then 9 x 0 more, then 3 x 2 more.
    expect(fitsOf({ strategy: 'halving', configurations: 27, innerFolds: 3 }, true)).toBe(33)
  })
})

describe('inner folds', () => {
  const view = (set: TaskSet, rows: Int32Array): View => ({ ...whole(set), rows })

  it('never hold a test row, and test every training row once', () => {
    const set = mixedTargets(['number'])
    for (const { train: rows, test } of makeFolds(set, specOf('ridge', {}).evaluation)) {
      const inner = innerFolds(view(set, rows), 'k-fold', 3, rng('inner'))
      const tested = inner.flatMap((f) => [...f.test.rows])
      expect(tested.sort((a, b) => a - b)).toEqual([...rows])
      for (const f of inner) {
        const seen = new Set([...f.train.rows, ...f.test.rows])
        expect([...test].some((row) => seen.has(row))).toBe(false)
        expect([...f.test.rows].some((row) => f.train.rows.includes(row))).toBe(false)
      }
    }
  })

  it('keep blocks whole, and hold whole tasks out where the question is a new task', () => {
    const set = sites()
    const blocked: TaskSet = { ...set, blocks: Int32Array.from({ length: set.table.rows }, (_, row) => row % 40) }
    for (const f of innerFolds(whole(blocked), 'k-fold', 3, rng('inner'))) {
      const learned = new Set(Array.from(f.train.rows, (row) => blocked.blocks![row]))
      expect([...f.test.rows].some((row) => learned.has(blocked.blocks![row]))).toBe(false)
    }
    const folds = innerFolds(whole(set), 'new-task', 3, rng('inner'))
    expect(folds.flatMap((f) => [...f.test.tasks]).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    for (const f of folds) expect([...f.train.tasks].some((task) => f.test.tasks.includes(task))).toBe(false)
  })
})

describe('a tuned trial', () => {
  const noisy = () => {
    // Forty inputs, two of which matter, in sixty rows: least squares fits noise, and a strong pull pays.
    const random = rng('noisy')
    const rows = 60
    const x = Array.from({ length: 40 }, () => Float64Array.from({ length: rows }, () => random.normal()))
    const y = Float64Array.from({ length: rows }, (_, i) => x[0][i] + 0.5 * x[1][i] + 2 * random.normal())
    const valid = new Uint8Array(rows).fill(1)
    const columns = [...x, y].map((values, j) => ({ name: `c${j}`, kind: 'number' as const, values, valid }))
    return buildTaskSet({ hash: 'noisy', rows, columns }, Roles.parse({ targets: ['c40'] }))
  }

  it('finds a better strength than a wrong default, says what it tried, and keeps what it chose', async () => {
    const set = noisy()
    const spec = specOf('ridge', { configurations: 12 })
    const trials = expand(spec, set).filter(({ fold: f }) => f !== 'all')
    let better = 0
    for (const trial of trials) {
      const emitted = await eventsOf(trial, set)
      const run = fold(emitted.map(({ event }) => event))
      expect(run.status).toBe('done')
      expect(run.tried).toHaveLength(12)
      expect(run.tuned).toMatchObject({ configurations: 12, innerFolds: 3, fits: 36 })
      const best = Math.max(...run.tried.map(({ score }) => score!))
      expect(run.tuned!.score).toBe(best)
      expect(run.tuned!.params.alpha).toBeGreaterThan(5)
      const model = emitted.findLast(({ event }) => event.type === 'blob' && event.role === 'model')!
      expect(readModel(model.bytes!, runtime).about.method.params.alpha).toBe(run.tuned!.params.alpha)
      const plain = fold((await eventsOf({ ...trial, tune: undefined }, set)).map(({ event }) => event))
      better += Number(run.metrics.rmse.value! < plain.metrics.rmse.value!)
    }
    expect(better).toBeGreaterThanOrEqual(3)
  })

  it('looks for the parameters of the chosen balancer', async () => {
    const params = { balancer: 'dwa', hidden: [4], epochs: 3, learningRate: 0.01, weightDecay: 0, headHidden: [] }
    const spec = specOf(
      'hard-sharing',
      { configurations: 3, innerFolds: 2 },
      { methods: [{ id: 'hard-sharing', params }] },
    )
    const run = fold((await eventsOf(expand(spec, sites())[0], sites())).map(({ event }) => event))
    const temperatures = run.tried.map((tried) => tried.params.temperature)
    expect(run.tuned!.configurations).toBe(3)
    expect(new Set(temperatures).size).toBe(3)
    expect(temperatures[0]).toBe(2)
  })

  it('does not look at the test rows: other values there change nothing that is chosen', async () => {
    const set = noisy()
    const trial = expand(specOf('ridge', { configurations: 6 }), set)[0]
    const [{ test }] = makeFolds(set, trial.evaluation)
    const target = set.table.columns[40]
    const values = Float64Array.from(target.values)
    for (const row of test) values[row] = 1e6
    const columns = set.table.columns.with(40, { ...target, values } as typeof target)
    const other = { ...set, table: { ...set.table, columns } }
    const tuned = async (of: TaskSet) => fold((await eventsOf(trial, of)).map(({ event }) => event)).tuned
    expect(await tuned(other)).toEqual(await tuned(set))
  })

  it.each([
    ['hard-sharing', { epochs: 12, hidden: [8] }, 'halving', 9],
    ['mean-regularised', {}, 'halving', 9],
    ['ridge', {}, 'random', 5],
  ] as const)('%s says the same from every checkpoint on', async (id, params, strategy, configurations) => {
    const set = sites()
    const spec = specOf(id, { strategy, configurations, innerFolds: 2 }, { methods: [{ id, params }] })
    const trial = expand(spec, set)[0]
    const all = await eventsOf(trial, set)
    expect(fold(all.map(({ event }) => event)).status).toBe('done')
    all.forEach(({ event }, seq) => expect(event.seq).toBe(seq))
    const checkpoints = all.filter(({ event }) => event.type === 'blob' && event.role === 'checkpoint')
    expect(checkpoints.length).toBeGreaterThan(1)
    for (const { event, bytes } of [
      checkpoints[0],
      checkpoints[Math.floor(checkpoints.length / 2)],
      checkpoints.at(-1)!,
    ]) {
      const rest = await eventsOf(trial, set, bytes!)
      expect(rest.map((e) => e.event)).toEqual(all.slice(event.seq + 1).map((e) => e.event))
    }
    let before = 0
    for (const { event } of all) {
      if (event.type !== 'progress') continue
      expect(event.done / event.of).toBeGreaterThanOrEqual(before)
      before = event.done / event.of
    }
  })

  it('goes on where a configuration cannot be fitted, and falls back on the given one where none has a figure', async () => {
    const set = noisy()
    const trial = expand(specOf('ridge', { configurations: 3 }), set)[0]
    const one = { ...set, observed: set.observed.map((_, row) => Number(row < 2)) }
    const run = fold((await eventsOf({ ...trial, fold: 'all' }, one)).map(({ event }) => event))
    expect(run.status).toBe('done')
    expect(run.tuned!.params.alpha).toBe(1)
  })

  it('tunes new tasks and few rows of a new task by tasks held out', async () => {
    const set = sites()
    for (const protocol of ['new-task', 'few-shot'] as const) {
      const spec = specOf('mean-regularised', { configurations: 4 }, { evaluation: { protocol, testFraction: 0.25 } })
      const run = fold((await eventsOf(expand(spec, set)[0], set)).map(({ event }) => event))
      expect(run.status).toBe('done')
      expect(run.tuned).toMatchObject({ configurations: 4, fits: 12 })
      expect(run.tuned!.score).not.toBeNull()
    }
  })
})
