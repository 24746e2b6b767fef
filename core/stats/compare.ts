import type { ExperimentSpec } from '../experiment.ts'
import type { TaskKind } from '../data/taskSet.ts'
import { UserError } from '../errors.ts'
import { english } from '../words/say.ts'
import { firstDifference } from './comparable.ts'
import type { Call, Comparison, Difference, Estimate, MethodFigures, Pool } from './comparison.ts'
import { byTask, evidenceOf, lacking, type Evidence, type Predictions, type RunLike } from './evidence.ts'
import { interval, type Measured } from './intervals.ts'
import { measureBy, type Measure } from './measure.ts'
import { defaultMetric, metricOf, METRIC_IDS, metricsFor, type Metric } from './metrics.ts'
import { partialPooling } from './pooling.ts'
import { rankingOf } from './ranking.ts'
import { learnsTogether, poolOf, roleOf, twinOf } from './twins.ts'
import { warningsOf } from './warnings.ts'

export type CompareTask = { id: string; kind: TaskKind; rows: number }
export type CompareInput = {
  experiments: {
    id: string
    name: string
    dataHash: string
    spec: ExperimentSpec
    runs: RunLike[]
    /** Where experiments have different groups: this one's; default: `blocks` below. */
    blocks?: Int32Array | null
    /** Rows that are learned from or tested. */
    rows?: number
  }[]
  /** The tasks of the data set with their measured cells; those of a generator are drawn afresh and stay unlisted. */
  tasks: CompareTask[]
  /** Decoded predictions of a run: without them, rows cannot be resampled and only recorded metrics can be shown. */
  predictions?: Predictions
  /** [row] block (`TaskSet.blocks`): whole blocks are resampled. */
  blocks?: Int32Array | null
  metric?: string
  /** Key or id of the method that every other one is compared with; default: each method's own twin. */
  baseline?: string
  /** Smallest effect that matters, in the metric's unit; default: the metric's own. */
  smallest?: number
  /** How often this comparison was looked at while runs were still arriving. */
  looks: number
  /** Names of methods by id, where labels should be nicer than ids. */
  names?: Record<string, string>
}

/**
 * Runs to a comparison: figures with intervals, paired differences to each method's twin, partially pooled over tasks,
 * and a call per task. Runs that differ in data or split are listed but never ranked: `differs` names the field.
 */
export function compare(input: CompareInput): Comparison {
  const { experiments } = input
  if (!experiments.length) throw new Error('internal: nothing to compare')
  const spec = experiments[0].spec
  const metric = chooseMetric(input)
  const predictions = remembered(input.predictions ?? (() => null))
  const evidence = gather(input, metric, predictions)
  const differs = firstDifference(experiments)
  const measures = experiments.map((e) =>
    measureBy({
      evaluation: e.spec.evaluation,
      evidence: evidence.filter((own) => own.runs[0].experiment === e.id || !differs),
      metric,
      predictions,
      blocks: (e.blocks === undefined ? input.blocks : e.blocks) ?? null,
      rows: e.rows,
    }),
  )
  const measureOf = (e: Evidence) => measures[differs ? experiments.findIndex((x) => x.id === e.runs[0].experiment) : 0]
  const tested = new Set(evidence.flatMap((e) => [...byTask(e).keys()]))
  const tasks = input.tasks.filter((task) => metric.kinds.includes(task.kind) && (!tested.size || tested.has(task.id)))
  const chosen = experiments.flatMap((e) => e.spec.methods.map((choice) => choice.id))
  const methods = evidence.map((e) => figures(e, measureOf(e), tasks, chosen, input, evidence))
  const baseline = input.baseline ?? spec.baseline
  const against = pairs(evidence, baseline)
  const differences = differs
    ? []
    : against.flatMap(([a, b]) => contrast(a, b, measures[0], metric, tasks, input.smallest))
  const pools = differs || baseline !== undefined ? [] : poolsOf(evidence, measures[0], metric, tasks, input.smallest)
  const runs = evidence.flatMap((e) => e.runs).filter((run) => run.fold !== 'all')
  const result: Comparison = {
    differs,
    metric: metric.id,
    metrics: metricsShown(input),
    better: metric.better,
    tasks,
    interval: measures[0].rule,
    baseline: baseline === undefined ? null : (find(evidence, baseline)?.key ?? null),
    methods,
    differences,
    ...(pools.length ? { pools } : {}),
    looks: input.looks,
    complete: runs.every((run) => run.status === 'done' || run.status === 'failed'),
    warnings: [],
  }
  const ranking = differs ? null : rankingOf(evidence, against, tasks, metric)
  if (ranking) result.ranking = ranking
  const said = warningsOf({
    comparison: result,
    evidence,
    measure: measures[0],
    metric,
    against,
    evaluation: spec.evaluation,
    targets: spec.data.roles?.targets.length ?? null,
    budgets: new Set(experiments.map((e) => JSON.stringify(e.spec.tune ?? null))).size,
    others: experiments.slice(1).map(({ name }, k) => ({ name, interval: measures[k + 1].rule })),
  })
  result.warnings = said.map(({ code, params }) => ({ code, params, text: english(`warning.${code}`, params) }))
  return result
}

/** Asked once per run: the lab decodes a blob each time. */
function remembered(predictions: Predictions): Predictions {
  const known = new Map<string, ReturnType<Predictions>>()
  return (run) => {
    if (!known.has(run.id)) known.set(run.id, predictions(run))
    return known.get(run.id) ?? null
  }
}

function kindsOf(input: CompareInput): TaskKind[] {
  return input.tasks.length ? input.tasks.map((task) => task.kind) : ['regression']
}

function metricsShown(input: CompareInput): string[] {
  const asked = input.experiments[0].spec.metrics.filter((id) => metricOf(id))
  return [...new Set([...asked, ...metricsFor(kindsOf(input))])]
}

function chooseMetric(input: CompareInput): Metric {
  const asked = input.experiments[0].spec.metrics.filter((id) => metricOf(id))
  const usual = defaultMetric(kindsOf(input))
  const id = input.metric ?? (!asked.length || asked.includes(usual) ? usual : asked[0])
  const metric = metricOf(id)
  if (metric) return metric
  throw new UserError({
    code: 'unknown-metric',
    who: 'Metric',
    rule: `must be one of ${METRIC_IDS.join(', ')}.`,
    got: `"${id}"`,
    remedy: 'Correct its name, or leave it out.',
  })
}

/** Methods in the order they run; where several experiments have a method of one key, the name of each is added. */
function gather(input: CompareInput, metric: Metric, predictions: Predictions): Evidence[] {
  const { experiments } = input
  const taken = new Set<string>()
  return experiments.flatMap((experiment) => {
    const keys = [...new Set(experiment.runs.map((run) => run.methodKey))]
    return keys.map((key) => {
      const shared = experiments.filter((other) => other.runs.some((run) => run.methodKey === key)).length > 1
      let own = shared ? `${key} · ${experiment.name}` : key
      for (let n = 2; taken.has(own); n++) own = `${key} · ${experiment.name} ${n}`
      taken.add(own)
      const runs = experiment.runs.filter((run) => run.methodKey === key)
      return evidenceOf(own, runs, metric, predictions)
    })
  })
}

const find = (evidence: readonly Evidence[], name: string) =>
  evidence.find((e) => e.key === name) ?? evidence.find((e) => e.method.id === name) ?? null

/** Who is compared with whom. Throws a UserError where the baseline is none of the methods. */
function pairs(evidence: readonly Evidence[], baseline: string | undefined): [Evidence, Evidence][] {
  if (baseline !== undefined) {
    const base = find(evidence, baseline)
    if (!base)
      throw new UserError({
        code: 'unknown-baseline',
        who: 'Baseline',
        rule: `must be one of the methods: ${evidence.map((e) => e.key).join(', ')}.`,
        got: `"${baseline}"`,
        remedy: 'Correct its name, or leave it out: each method is then compared with its own twin.',
      })
    return evidence.filter((e) => e !== base).map((e) => [e, base])
  }
  const named = evidence.map((e) => ({ key: e.key, id: e.method.id }))
  return evidence.flatMap((e, i): [Evidence, Evidence][] => {
    const twin = twinOf(named[i], named)
    return twin === null ? [] : [[e, find(evidence, twin) as Evidence]]
  })
}

function estimate(measured: Measured | null): Estimate {
  return measured ? { mean: measured.mean, ci95: interval(measured), n: measured.n } : { mean: null, ci95: null, n: 0 }
}

function figures(
  e: Evidence,
  measure: Measure,
  tasks: CompareTask[],
  chosen: string[],
  input: CompareInput,
  evidence: readonly Evidence[],
): MethodFigures {
  // Runs that are tested; the one on all rows has no figure to wait for.
  const onFolds = e.runs.filter((run) => run.fold !== 'all')
  const count = (...status: string[]) => onFolds.filter((run) => status.includes(run.status)).length
  const seconds = onFolds.flatMap((run) => (run.seconds === null ? [] : [run.seconds]))
  const name = input.names?.[e.method.id] ?? e.method.id
  const suffix = e.key.startsWith(e.method.id) ? e.key.slice(e.method.id.length).replace(/^#/, ' · ') : ` · ${e.key}`
  return {
    key: e.key,
    id: e.method.id,
    label: e.method.label ?? name + suffix,
    params: e.method.params,
    role: roleOf(e.method.id, chosen),
    together: learnsTogether(e.method.id),
    // Without one of the tasks, the mean over the others would flatter.
    overall: estimate(lacking(e, evidence).length ? null : measure.of(e, null, null)),
    perTask: Object.fromEntries(tasks.map((task) => [task.id, estimate(measure.of(e, null, task.id))])),
    runs: {
      done: count('done'),
      failed: count('failed'),
      stopped: count('stopped'),
      pending: count('queued', 'running', 'paused'),
    },
    seconds: seconds.length ? seconds.reduce((sum, value) => sum + value, 0) : null,
    parameters: e.runs.find((run) => run.parameters !== null)?.parameters ?? null,
    tuning: tuningOf(e),
    allRun: e.runs.find((run) => run.fold === 'all' && run.status === 'done')?.id ?? null,
    ...(e.seeds.size > 1 ? { seeds: [...e.seeds].map(([seed, mean]) => ({ seed, mean })) } : {}),
  }
}

function tuningOf({ runs }: Evidence): MethodFigures['tuning'] {
  const tuned = runs.flatMap((run) => (run.found?.tuned ? [{ run, ...run.found.tuned }] : []))
  if (!tuned.length) return null
  return {
    configurations: Math.max(...tuned.map(({ configurations }) => configurations)),
    innerFolds: Math.max(...tuned.map(({ innerFolds }) => innerFolds)),
    fits: tuned.reduce((sum, { fits }) => sum + fits, 0),
    chosen: tuned.map(({ run: { fold, repeat, seed }, params, score }) => ({ fold, repeat, seed, params, score })),
  }
}

/** Differences of a to b, positive where a is better: over all tasks, then each task after partial pooling. */
function contrast(
  a: Evidence,
  b: Evidence,
  measure: Measure,
  metric: Metric,
  tasks: CompareTask[],
  given: number | undefined,
): Difference[] {
  const sign = metric.better === 'higher' ? 1 : -1
  const signed = (task: string | null): Measured | null => {
    const measured = measure.of(a, b, task)
    return measured && { ...measured, mean: sign * measured.mean }
  }
  const smallestFor = (task: string | null) => {
    if (given !== undefined) return given
    return metric.unit === 'target' ? metric.smallest * Math.abs(measure.of(b, null, task)?.mean ?? 0) : metric.smallest
  }
  const overall = signed(null)
  const own = tasks.map((task) => ({ task: task.id, measured: signed(task.id), smallest: smallestFor(task.id) }))
  // Tasks in different units are pooled as shares of what the baseline scores.
  const scaleOf = (task: string) => (metric.unit === 'target' ? Math.abs(measure.of(b, null, task)?.mean ?? 0) || 1 : 1)
  const usable = own.filter((o) => o.measured && o.measured.df > 0)
  const scaled = usable.map((o) => rescale(o.measured as Measured, 1 / scaleOf(o.task)))
  const mixedUnits = metric.unit === 'target'
  const pooled = partialPooling(scaled, overall && overall.df > 0 && !mixedUnits ? overall.se : null)
  const pooledOf = new Map(usable.map((o, i) => [o.task, rescale(pooled[i], scaleOf(o.task))]))
  const line = (task: string | null, raw: Measured | null, effect: Measured | null, smallest: number): Difference => {
    const ci95 = effect && interval(effect)
    return {
      method: a.key,
      against: b.key,
      task,
      raw: raw?.mean ?? null,
      effect: effect?.mean ?? null,
      ci95,
      smallest,
      call: callOf(ci95, smallest),
    }
  }
  return [
    line(null, overall, overall, smallestFor(null)),
    ...own.map((o) => line(o.task, o.measured, pooledOf.get(o.task) ?? o.measured, o.smallest)),
  ]
}

/** Whether each method that learns tasks together was worth it over one model for all of them. */
function poolsOf(
  evidence: readonly Evidence[],
  measure: Measure,
  metric: Metric,
  tasks: CompareTask[],
  given: number | undefined,
): Pool[] {
  const named = evidence.map((e) => ({ key: e.key, id: e.method.id }))
  return evidence.flatMap((e, i) => {
    const pool = poolOf(named[i], named)
    if (pool === null) return []
    const [overall, ...own] = contrast(find(evidence, pool) as Evidence, e, measure, metric, tasks, given)
    return [{ ...overall, worse: own.filter(({ call }) => call === 'hurts').length }]
  })
}

const rescale = (m: Measured, by: number): Measured => ({ ...m, mean: m.mean * by, se: m.se * by })

/**
 * The call on an interval of the effect: no useful difference where all of it is smaller than what matters, helps or
 * hurts where all of it lies on one side of zero, otherwise not settled. Lack of data is never "no difference".
 */
export function callOf(ci95: [number, number] | null, smallest: number): Call {
  if (!ci95) return 'not-settled'
  if (ci95[0] > -smallest && ci95[1] < smallest) return 'no-useful-difference'
  if (ci95[0] > 0) return 'helps'
  return ci95[1] < 0 ? 'hurts' : 'not-settled'
}
