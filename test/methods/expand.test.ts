import { describe, expect, it } from 'vitest'
import { UserError } from '../../core/errors.ts'
import { expand } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { referenceRuntime } from '../../core/engine/reference.ts'
import type { RunEvent } from '../../core/events.ts'
import { fold, readPredictions, train } from '../../core/run.ts'
import { score } from '../../core/predictions.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import { mixedTargets, sites } from './toys.ts'

const spec = (methods: unknown[], more: Record<string, unknown> = {}) =>
  ExperimentSpec.parse({ data: { hash: 'toy' }, methods, ...more })
const keys = (trials: ReturnType<typeof expand>) => [...new Set(trials.map((trial) => trial.methodKey))]

describe('expand', () => {
  it('puts baselines first, then twins, then what was chosen, and one trial on all rows each at the end', () => {
    const set = sites()
    const trials = expand(spec([{ id: 'hard-sharing' }], { evaluation: { folds: 3, repeats: 2, seeds: 2 } }), set)
    expect(keys(trials)).toEqual([
      'mean',
      'ridge',
      'pooled-ridge',
      'pooled-ridge-intercepts',
      'single-task-mlp',
      'pooled-mlp',
      'pooled-mlp-intercepts',
      'hard-sharing',
    ])
    expect(trials).toHaveLength(8 * (3 * 2 * 2 + 1))
    expect(new Set(trials.map((trial) => trial.id)).size).toBe(trials.length)
    expect(trials.slice(-8).every((trial) => trial.fold === 'all')).toBe(true)
    expect(trials.slice(0, -8).every((trial) => trial.fold !== 'all')).toBe(true)
  })

  it('leaves out twins that cannot do the data, and none where they are not wanted', () => {
    expect(keys(expand(spec([{ id: 'hard-sharing' }]), mixedTargets(['number'])))).toEqual([
      'mean',
      'ridge',
      'single-task-mlp',
      'hard-sharing',
    ])
    expect(keys(expand(spec([{ id: 'hard-sharing' }]), mixedTargets(['two'])))).toContain('logistic')
    expect(keys(expand(spec([{ id: 'hard-sharing' }], { twins: false }), sites()))).toEqual(['hard-sharing'])
  })

  it('stands the plain rivals beside every meta-learner', () => {
    const few = { evaluation: { protocol: 'few-shot' } }
    const beside = (id: string, kind: 'number' | 'two') =>
      keys(expand(spec([{ id }], few), sites(kind))).filter((key) => key !== id)
    const rivals = ['knn', 'pooled-mlp', 'from-scratch', 'pretrain-finetune', 'pretrain-head']
    for (const id of ['maml', 'reptile', 'cavia', 'ridge-head', 'learned-optimizer']) {
      const lines = ['ridge', 'pooled-ridge', 'hierarchical-linear']
      expect(beside(id, 'number')).toEqual(expect.arrayContaining(['mean', ...lines, ...rivals]))
      expect(beside(id, 'two')).toEqual(expect.arrayContaining(['mean', 'logistic', ...rivals]))
    }
  })

  it('gives twins the budget of what they are compared with', () => {
    const trials = expand(spec([{ id: 'hard-sharing', params: { epochs: 7, hidden: [5] } }]), sites())
    const twin = trials.find((trial) => trial.methodKey === 'single-task-mlp')!
    expect(twin.method.params).toMatchObject({ epochs: 7, hidden: [5], batchSize: 32 })
  })

  it('tells two choices of one method apart, and refuses the same twice', () => {
    const two = [
      { id: 'knn', params: { k: 3 } },
      { id: 'knn', params: { k: 7 } },
      { id: 'knn', label: 'nine', params: { k: 9 } },
    ]
    expect(keys(expand(spec(two, { twins: false }), sites()))).toEqual(['knn', 'knn#2', 'knn#nine'])
    expect(() => expand(spec([{ id: 'knn' }, { id: 'knn' }]), sites())).toThrow(/must stand once, or differ/)
  })

  it('refuses in words what cannot be done', () => {
    const refused = (methods: unknown[], set = sites(), more = {}) => {
      try {
        expand(spec(methods, more), set)
      } catch (error) {
        if (error instanceof UserError) return error.json
        throw error
      }
      throw new Error('nothing was refused')
    }
    expect(refused([{ id: 'ridge' }], mixedTargets(['two']))).toMatchObject({
      code: 'method-cannot',
      who: 'Ridge (ridge)',
      rule: 'answers regression targets only.',
      got: 'only binary targets',
    })
    expect(refused([{ id: 'maml' }], mixedTargets(['number'])).rule).toBe('needs a task column.')
    expect(refused([{ id: 'ridge' }], sites(), { evaluation: { protocol: 'new-task' } }).rule).toMatch(/never saw/)
    expect(refused([{ id: 'single-task-mlp' }], sites(), { evaluation: { protocol: 'few-shot' } }).got).toMatch(
      /few-shot/,
    )
    expect(refused([{ id: 'hard-sharing', params: { epochs: 0 } }])).toMatchObject({
      code: 'invalid-parameter',
      who: 'epochs of hard-sharing',
      rule: 'must be a whole number in [1, 100000].',
      got: '0',
      remedy: 'Try 300.',
    })
    expect(refused([{ id: 'nonsense' }]).code).toBe('unknown-method')
    expect(refused([{ id: 'ridge' }], sites(), { metrics: ['r3'] })).toMatchObject({
      code: 'unknown-metric',
      got: '"r3"',
    })
  })
})

describe('train', () => {
  const set = mixedTargets(['number', 'two'])
  const [trial] = expand(spec([{ id: 'knn' }], { twins: false, metrics: ['rmse', 'accuracy', 'skill'] }), set)

  async function emitted() {
    const out = []
    for await (const e of train(trial, set, referenceRuntime())) out.push(e)
    return out
  }

  it('tells its figures from the predictions it keeps', async () => {
    const all = await emitted()
    const events = all.map((e) => e.event)
    expect(events.map((event) => event.type).filter((type, i, list) => type !== list[i - 1])).toEqual([
      'start',
      'blob',
      'metric',
      'blob',
      'end',
    ])
    const run = fold(events)
    expect(Object.keys(run.metrics.rmse.perTask)).toEqual(['Y1', 'Y2'])
    expect(Object.keys(run.metrics.accuracy.perTask)).toEqual(['sick'])
    const { Y1, Y2 } = run.metrics.rmse.perTask
    expect(run.metrics.rmse.value).toBeCloseTo((Y1! + Y2!) / 2, 12)
    const said = readPredictions(all.find((e) => e.event.type === 'blob' && e.event.role === 'predictions')!.bytes!)
    expect(Object.fromEntries(score(said, METRICS.rmse))).toEqual(run.metrics.rmse.perTask)
    expect(said.targets[0].observed.includes(0)).toBe(true)
  })

  it('makes of a fault an end that says why', async () => {
    const broken = { ...trial, method: { ...trial.method, params: { k: 0 } } }
    const events: RunEvent[] = []
    for await (const { event } of train(broken, set, referenceRuntime())) events.push(event)
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'failed', error: { who: 'k of knn', got: '0' } })
  })
})
