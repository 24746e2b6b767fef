import { describe, expect, it } from 'vitest'
import { callOf } from '../../core/stats/compare.ts'
import { Comparison } from '../../core/stats/comparison.ts'
import { Roles } from '../../core/data/roles.ts'
import { METRICS } from '../../core/stats/metrics.ts'
import { verdict, verdictText } from '../../core/stats/verdict.ts'
import { made, compare, type World } from './made.ts'

const TWINS = (sd: number[], other = sd) => [
  { id: 'mean', sd: sd.map(() => 1.2) },
  { id: 'single-task-mlp', sd },
  { id: 'hard-sharing', sd: other },
]
const world = (own: Partial<World> = {}): World => ({
  seed: 1,
  rows: 200,
  tasks: 2,
  methods: TWINS([0.5, 0.5], [0.35, 0.5]),
  ...own,
})
const main = (c: Comparison) => c.differences.filter((d) => d.method === 'hard-sharing')

describe('compare', () => {
  it('gives a valid comparison, each method against its own twin, positive where better', () => {
    const c = compare(made(world()))
    expect(Comparison.parse(JSON.parse(JSON.stringify(c)))).toEqual(c)
    expect(c.differences.map((d) => [d.method, d.against, d.task])).toEqual([
      ['single-task-mlp', 'mean', null],
      ['single-task-mlp', 'mean', 'Y1'],
      ['single-task-mlp', 'mean', 'Y2'],
      ['hard-sharing', 'single-task-mlp', null],
      ['hard-sharing', 'single-task-mlp', 'Y1'],
      ['hard-sharing', 'single-task-mlp', 'Y2'],
    ])
    const [, y1, y2] = main(c)
    expect(y1.raw).toBeGreaterThan(0.1)
    expect(y1.raw).toBeLessThan(0.2)
    expect(y1.call).toBe('helps')
    expect(y2.call).not.toBe('helps')
    expect(c.methods.map((m) => m.role)).toEqual(['baseline', 'chosen', 'chosen'])
    expect(c.complete).toBe(true)
  })

  it('shows the mean over folds of what the runs recorded', () => {
    const input = made(world())
    const c = compare(input)
    const runs = input.experiments[0].runs.filter((run) => run.methodKey === 'hard-sharing')
    const mean = runs.reduce((sum, run) => sum + (run.metrics.arrmse.value as number), 0) / runs.length
    expect(c.methods[2].overall.mean).toBeCloseTo(mean, 12)
    expect(c.methods[2].overall.n).toBe(200)
  })

  it('agrees with the pooled standard error of paired losses where that is known', () => {
    // The mean absolute error is a mean over rows, so the bootstrap is the standard error of the mean.
    const input = made(world({ tasks: 1, methods: TWINS([0.5], [0.4]), rows: 300 }))
    const c = compare({ ...input, metric: 'mae' })
    const losses = (key: string) =>
      input.experiments[0].runs
        .filter((run) => run.methodKey === key)
        .flatMap((run) => {
          const [{ truth, values }] = input.predictions?.(run)?.targets ?? []
          return Array.from(truth, (y, i) => Math.abs(y - values[i]))
        })
    const other = losses('hard-sharing')
    const d = losses('single-task-mlp').map((loss, i) => loss - other[i])
    const mean = d.reduce((a, b) => a + b) / d.length
    const se = Math.sqrt(d.reduce((a, b) => a + (b - mean) ** 2, 0) / (d.length - 1) / d.length)
    const [overall] = main(c)
    const half = ((overall.ci95?.[1] ?? 0) - (overall.ci95?.[0] ?? 0)) / 2
    expect(overall.effect).toBeCloseTo(mean, 10)
    expect(half / (1.968 * se)).toBeGreaterThan(0.93)
    expect(half / (1.968 * se)).toBeLessThan(1.25) // never narrower, wider where folds differ by luck
  })

  it('counts rows, not the bags that many rows are drawn in', () => {
    const c = compare(made(world({ rows: 5000, tasks: 1, methods: TWINS([0.5]) })))
    expect(c.interval.n).toBe(5000)
    expect(c.methods[1].overall.n).toBe(5000)
  })

  it('waits for tested runs only', () => {
    const input = made(world())
    const [e] = input.experiments
    const all = { ...e.runs[0], id: 'all', fold: 'all' as const, status: 'running' as const, metrics: {} }
    const c = compare({ ...input, experiments: [{ ...e, runs: [...e.runs, all] }] })
    expect(c.complete).toBe(true)
    expect(c.methods[0].runs.pending).toBe(0)
    expect(c.methods[0].allRun).toBe(null)
  })

  it('names the rule and unit that belong to the protocol', () => {
    const rule = (own: Partial<World>) => compare(made(world(own))).interval
    expect(rule({})).toEqual({ rule: 'bootstrap-rows', unit: 'rows', n: 200, approximate: false })
    expect(rule({ blocks: (row) => Math.floor(row / 10) })).toMatchObject({ rule: 'bootstrap-blocks', n: 20 })
    expect(rule({ evaluation: { folds: 4, repeats: 3 } })).toMatchObject({
      rule: 'nadeau-bengio',
      unit: 'folds',
      n: 12,
    })
    expect(rule({ keepPredictions: false })).toMatchObject({ rule: 'nadeau-bengio', n: 5 })
    const groups = {
      blocks: (row: number) => row % 8,
      evaluation: { protocol: 'leave-one-group-out', folds: 8 } as const,
    }
    expect(rule(groups)).toMatchObject({ rule: 'paired-groups', unit: 'groups', n: 8 })
    const tasks = { tasks: 12, methods: TWINS(Array(12).fill(0.5)), evaluation: { protocol: 'few-shot' } as const }
    expect(rule(tasks)).toMatchObject({ rule: 'bootstrap-tasks', unit: 'tasks', n: 12 })
  })

  it('lists but never ranks what differs, and names the field', () => {
    const [a, b] = [made(world()), made(world({ seed: 2 }))].map((input) => input.experiments[0])
    const other = { ...b, id: 'f', name: 'other', runs: b.runs.map((run) => ({ ...run, experiment: 'f' })) }
    const input = { ...made(world()), experiments: [a, { ...other, dataHash: 'elsewhere' }] }
    const c = compare(input)
    expect(c.differs).toEqual({ field: 'data', values: ['made: h', 'other: elsewhere'] })
    expect(c.differences).toEqual([])
    expect(c.methods.length).toBe(6)
    expect(c.methods[0].overall.mean).not.toBe(null)
    expect(verdictText(verdict(c), 'en')[0]).toMatch(/must not be ranked together: data differs/)
    const grouped = {
      ...other.spec,
      data: {
        ...other.spec.data,
        roles: { targets: [], task: null, group: 'subject', split: null, weight: null, ignore: [] },
      },
    }
    const leak = compare({ ...input, experiments: [a, { ...other, spec: grouped }] })
    expect(leak.differs?.field).toBe('data.roles.group')
    expect(leak.warnings.map((w) => w.code)).toContain('group-leak')
    const seeds = { ...other.spec, evaluation: { ...other.spec.evaluation, seed: 7 } }
    expect(compare({ ...input, experiments: [a, { ...other, spec: seeds }] }).differs?.field).toBe('evaluation.seed')
    expect(compare({ ...input, experiments: [a, other] }).differs).toBe(null)
  })

  it('labels partial results and counts looks', () => {
    const input = made(world())
    const [e] = input.experiments
    const runs = e.runs.map((run, i) => (i % 5 === 4 ? { ...run, status: 'queued' as const, metrics: {} } : run))
    const c = compare({ ...input, experiments: [{ ...e, runs }], looks: 3 })
    expect(c.complete).toBe(false)
    expect(c.methods[0].runs).toEqual({ done: 4, failed: 0, stopped: 0, pending: 1 })
    expect(c.warnings.map((w) => w.code)).toEqual(expect.arrayContaining(['partial', 'looks']))
    expect(verdictText(verdict(c), 'en').join(' ')).toMatch(/partial results: 12 of 15 runs/)
  })

  it('compares on the folds that both have', () => {
    const input = made(world({ methods: TWINS([0.5, 0.5], [0.5, 0.5]) }))
    const [e] = input.experiments
    const runs = e.runs.filter((run) => run.methodKey !== 'hard-sharing' || run.fold !== 0)
    const [overall] = main(compare({ ...input, experiments: [{ ...e, runs }] }))
    const value = (key: string, fold: number) =>
      runs.find((run) => run.methodKey === key && run.fold === fold)?.metrics.arrmse.value as number
    const expected = [1, 2, 3, 4].map((fold) => value('single-task-mlp', fold) - value('hard-sharing', fold))
    expect(overall.raw).toBeCloseTo(expected.reduce((a, b) => a + b) / 4, 12)
  })

  it('says nothing is settled where there is one figure only', () => {
    const input = made(world({ keepPredictions: false, evaluation: { protocol: 'holdout', folds: 2 } }))
    const [e] = input.experiments
    const c = compare({ ...input, experiments: [{ ...e, runs: e.runs.filter((run) => run.fold === 0) }] })
    expect(c.interval.rule).toBe('none')
    expect(c.differences.every((d) => d.call === 'not-settled' && d.ci95 === null)).toBe(true)
    expect(c.warnings.map((w) => w.code)).toContain('no-interval')
  })

  it('works before anything is done, after failures, and refuses unknown names', () => {
    const input = made(world())
    const [e] = input.experiments
    const of = (status: 'queued' | 'failed') => [{ ...e, runs: e.runs.map((run) => ({ ...run, status, metrics: {} })) }]
    const c = compare({ ...input, experiments: of('queued') })
    expect(c.methods.every((m) => m.overall.mean === null)).toBe(true)
    expect(verdict(c).headline.key).toBe('verdict.nothing')
    const failed = compare({ ...input, experiments: of('failed') })
    expect(failed.complete).toBe(true)
    expect(failed.warnings.filter((w) => w.code === 'failed').length).toBe(3)
    // Where an inner loop ran away, the figures come with a word on it.
    const slowed = { n: 2, of: 40, kept: 1 }
    const runs = e.runs.map((run) => (run.methodKey === 'mean' ? { ...run, found: { slowed } } : run))
    const { warnings } = compare({ ...input, experiments: [{ ...e, runs }] })
    const folds = runs.filter((run) => run.found && run.fold !== 'all').length
    expect(warnings.find((w) => w.code === 'slowed-kept')?.params).toMatchObject({ n: 2 * folds, of: 40 * folds, kept: folds }) // prettier-ignore
    expect(() => compare({ ...input, metric: 'rmsee' })).toThrow(/rmsee/)
    expect(() => compare({ ...input, baseline: 'nobody' })).toThrow(/nobody/)
    expect(compare({ ...input, baseline: 'mean' }).baseline).toBe('mean')
  })

  it('shows training seeds apart and averages them in the figures', () => {
    const c = compare(made(world({ evaluation: { folds: 3, seeds: 2 } })))
    const [, , sharing] = c.methods
    expect(sharing.seeds?.map((s) => s.seed)).toEqual([1, 2])
    const [a, b] = (sharing.seeds ?? []).map((s) => s.mean as number)
    expect((a + b) / 2).toBeCloseTo(sharing.overall.mean as number, 12)
  })

  it('ranks methods over many tasks', () => {
    const n = 10
    const c = compare(made(world({ tasks: n, rows: 100, methods: TWINS(Array(n).fill(0.5), Array(n).fill(0.3)) })))
    expect(c.ranking?.tasks).toBe(n)
    expect(c.ranking?.friedman?.ranks.map((r) => r.method)).toEqual(['mean', 'single-task-mlp', 'hard-sharing'])
    expect(c.ranking?.friedman?.ranks[2].rank).toBeLessThan(1.5)
    const p = c.ranking?.pairs.find((pair) => pair.method === 'hard-sharing')?.adjusted
    expect(p).toBeLessThan(0.01)
    expect(compare(made(world())).ranking).toBe(undefined)
  })

  it('pools effects of targets in different units as shares', () => {
    const input = made(world({ methods: TWINS([0.5, 500], [0.35, 350]) }))
    const c = compare({ ...input, metric: 'rmse' })
    const [, y1, y2] = main(c)
    expect((y2.effect as number) / 500).toBeCloseTo((y1.effect as number) / 0.5, 1)
    expect(y1.smallest).toBeCloseTo(METRICS.rmse.smallest * (c.methods[1].perTask.Y1.mean as number), 12)
    expect(c.warnings.map((w) => w.code)).toContain('mixed-units')
    const { spec } = input.experiments[0]
    const one = { ...spec, data: { ...spec.data, roles: Roles.parse({ targets: ['Y'], task: 'site' }) } }
    const same = compare({ ...input, experiments: [{ ...input.experiments[0], spec: one }], metric: 'rmse' })
    expect(same.warnings.map((w) => w.code)).not.toContain('mixed-units')
  })

  it('calls by where the whole interval lies', () => {
    expect(callOf([0.1, 0.3], 0.02)).toBe('helps')
    expect(callOf([-0.3, -0.1], 0.02)).toBe('hurts')
    expect(callOf([-0.01, 0.015], 0.02)).toBe('no-useful-difference')
    expect(callOf([0.005, 0.015], 0.02)).toBe('no-useful-difference')
    expect(callOf([-0.1, 0.3], 0.02)).toBe('not-settled')
    expect(callOf([-0.01, 0.025], 0.02)).toBe('not-settled')
    expect(callOf(null, 10)).toBe('not-settled')
  })
})

describe('the verdict', () => {
  it('says in two languages what the calls say', () => {
    const c = compare(made(world()))
    const v = verdict(c)
    expect(v.about).toEqual({ method: 'hard-sharing', against: 'single-task-mlp' })
    expect(verdictText(v, 'en')[0]).toBe('Learning together helps: hard-sharing beats single-task-mlp on 1 of 2 tasks.')
    expect(verdictText(verdict(c, 'zh'), 'zh')[0]).toBe(
      '一起学习有益：2 个任务中有 1 个，hard-sharing 优于 single-task-mlp。',
    )
    expect(v.tasks.map((t) => t.task)).toEqual(['Y1', 'Y2'])
    expect(verdictText(v, 'en').join(' ')).not.toMatch(/[{}]/)
  })
  it('says where pooling turned the sign of what was measured', () => {
    // Forty tasks with one common effect and few rows each: some are measured on the wrong side of zero.
    const sd = (value: number) => new Array<number>(40).fill(value)
    const c = compare(made(world({ rows: 40, tasks: 40, methods: TWINS(sd(0.5), sd(0.4)) })))
    const turned = main(c).filter((d) => d.task !== null && d.call === 'helps' && (d.raw as number) < 0)
    expect(turned.length).toBeGreaterThan(0)
    expect(verdict(c).details).toContainEqual({ key: 'verdict.pooled', params: { n: turned.length } })
    expect(verdict(compare(made(world()))).details.map((s) => s.key)).not.toContain('verdict.pooled')
  })
  it('says that nothing was compared where no method has its twin or the plain baseline', () => {
    const methods = ['ridge', 'knn'].map((id) => ({ id, sd: [0.5, 0.5] }))
    const of = (n: number) => verdict(compare(made(world({ tasks: 2, methods: methods.slice(0, n) })))).headline
    expect(of(2)).toEqual({ key: 'verdict.unpaired', params: { n: 2 } })
    expect(of(1).key).toBe('verdict.alone')
  })
  it('doubts a method that does not beat the plain baseline', () => {
    const methods = [
      { id: 'mean', sd: [0.5] },
      { id: 'single-task-mlp', sd: [0.9] },
      { id: 'hard-sharing', sd: [0.6] },
    ]
    const v = verdict(compare(made(world({ tasks: 1, methods }))))
    expect(v.headline.key).toBe('verdict.together.helps.one')
    expect(v.details.map((s) => s.key)).toContain('verdict.plain.no')
  })
  describe('on one model for all tasks', () => {
    const said = (pooled: number[], smallest = 0.02) => {
      const methods = [...TWINS([0.6, 0.6], [0.4, 0.4]), { id: 'pooled-mlp', sd: pooled }]
      return verdict(compare({ ...made(world({ methods })), smallest }))
    }
    it('says pool where it is better, and what together gave after that', () => {
      const { headline, details, about } = said([0.3, 0.3])
      expect(headline.key).toBe('verdict.pool.better')
      expect(details[0].key).toBe('verdict.together.helps')
      expect(about).toEqual({ method: 'hard-sharing', against: 'single-task-mlp' })
      expect(verdictText({ headline, details: [], tasks: [], about }, 'en')[0]).toMatch(
        /^Pool: one model for all tasks, pooled-mlp, beats hard-sharing \(aRRMSE better by 0\.\d+, /,
      )
    })
    it('says pool where it does as well, for it is simpler', () => {
      expect(said([0.4, 0.4], 0.1).headline.key).toBe('verdict.pool.same')
    })
    it('says what it lacks where it is worse, over all or on some task', () => {
      const worse = said([0.7, 0.7])
      expect(worse.headline.key).toBe('verdict.together.helps')
      expect(worse.details.map(({ key }) => key)).toContain('verdict.pool.hurts')
      const some = said([0.15, 0.5])
      expect(some.headline.key).toBe('verdict.together.helps')
      expect(some.details.map(({ key }) => key)).toContain('verdict.pool.some')
    })
    it('is silent where it was not tested', () => {
      expect(compare(made(world())).pools).toBe(undefined)
    })
  })
})
