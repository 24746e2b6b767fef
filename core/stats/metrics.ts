import type { TaskKind } from '../data/taskSet.ts'
import {
  area,
  confused,
  decide,
  hit,
  labels,
  meanOverClasses,
  placements,
  probability,
  quadratic,
  TINY,
} from './classes.ts'

/**
 * The one table of metrics. A metric scores the measured cells of ONE task; what a person reads over several tasks is
 * the mean of the tasks' figures (so aRRMSE is simply the mean of RRMSE). Undefined is null, never NaN: no cell, a
 * constant truth where variance is asked for, a class that is absent where it is needed, a prediction that is missing.
 *
 * Every metric is a smooth `figure` of weighted sums of `terms` per cell. So a bootstrap sums the terms of a block
 * once and each replicate only re-weights sums. The area under the ROC curve is no such function; its terms are the
 * placement values of DeLong et al. (1988), exact for the weights at hand and of first order for others.
 *
 * `skill` has a meaning over tasks of mixed kinds: 1 - Q / Q(plain), where Q is the mean squared error for numbers
 * and the Brier score for classes, and plain is the training mean or the training shares of the classes. It is 0 for
 * the plain baseline, 1 for a perfect prediction, negative for worse than plain (Murphy 1988, "Skill scores based on
 * the mean square error"). For numbers it equals 1 - RRMSE^2.
 */

/** The measured cells of one task, as a metric sees them. */
export type Cells = {
  kind: TaskKind
  /** [cell] the number, or the index of the class. */
  truth: Float64Array
  /** [cell, width] the number, the probability of class 1 (binary), or one probability per class (multiclass). */
  prediction: Float64Array
  width: number
  /** [cell], or null for equal weights. */
  weight: Float64Array | null
  /** What the training rows alone say: [mean] of a number, [class] shares of the classes. */
  plain: Float64Array
}

type Definition = {
  id: string
  name: string
  better: 'lower' | 'higher'
  kinds: TaskKind[]
  /** 'target': in the unit of the target, so a mean over tasks mixes units. 'share': 0 to 1. 'ratio': no unit. */
  unit: 'target' | 'share' | 'ratio'
  /** The smallest difference that matters where nobody said otherwise; for 'target' a share of the baseline. */
  smallest: number
  /** How many terms a cell has. */
  size(cells: Cells): number
  /** [cell, term] written to `out`, which is zero. A missing prediction gives NaN. */
  terms(cells: Cells, out: Float64Array): void
  /** From the weighted sums [term] and the sum of weights; NaN where undefined. */
  figure(sums: Float64Array, total: number): number
}
export type Metric = Definition & { compute(cells: Cells): number | null }

/** The figure of all cells under their own weights. */
function compute(metric: Definition, cells: Cells): number | null {
  const size = metric.size(cells)
  const n = cells.truth.length
  const terms = new Float64Array(n * size)
  metric.terms(cells, terms)
  const sums = new Float64Array(size)
  let total = 0
  for (let i = 0; i < n; i++) {
    const w = weightOf(cells, i)
    total += w
    for (let j = 0; j < size; j++) sums[j] += w * terms[i * size + j]
  }
  const value = total > 0 ? metric.figure(sums, total) : NaN
  return Number.isFinite(value) ? value : null
}

const row = (definition: Definition): Metric => ({ ...definition, compute: (cells) => compute(definition, cells) })
const weightOf = (c: Cells, i: number) => (c.weight ? c.weight[i] : 1)

const NUMBER: TaskKind[] = ['regression']
const CLASS: TaskKind[] = ['binary', 'multiclass']
const number = { kinds: NUMBER, smallest: 0.02 }
const share = { kinds: CLASS, unit: 'share', better: 'higher', smallest: 0.01 } as const

const error = (c: Cells, i: number) => c.truth[i] - c.prediction[i]
/** Distance from what the training rows alone say; also a harmless origin for variances. */
const plainError = (c: Cells, i: number) => c.truth[i] - c.plain[0]
const origin = (c: Cells) => (Number.isFinite(c.plain[0]) ? c.plain[0] : 0)

/** Terms that are a fixed list of functions of a cell. */
function listed(...terms: ((c: Cells, i: number) => number)[]): Pick<Definition, 'size' | 'terms'> {
  return {
    size: () => terms.length,
    terms(c, out) {
      for (let i = 0, at = 0; i < c.truth.length; i++) for (const term of terms) out[at++] = term(c, i)
    },
  }
}

/** 1 - a / b, NaN where b is no positive number. */
const oneMinus = (a: number, b: number) => (b > 0 ? 1 - a / b : NaN)
/** sqrt(SSE) / sqrt(SSE of the training mean), per task (Spyromitros-Xioufis et al. 2016). */
const relative: Pick<Definition, 'size' | 'terms' | 'figure'> = {
  ...listed(
    (c, i) => error(c, i) ** 2,
    (c, i) => plainError(c, i) ** 2,
  ),
  figure: (s) => (s[1] > 0 ? Math.sqrt(s[0] / s[1]) : NaN),
}
/** A constant truth leaves rounding in the sum of squares: that is no variance. */
const varianceOf = (squares: number, sum: number, total: number) => {
  const value = squares - sum ** 2 / total
  return value > 1e-12 * squares ? value : 0
}

export const METRICS = {
  rmse: row({
    id: 'rmse',
    name: 'RMSE',
    better: 'lower',
    unit: 'target',
    ...number,
    ...listed((c, i) => error(c, i) ** 2),
    figure: (s, total) => Math.sqrt(s[0] / total),
  }),
  mae: row({
    id: 'mae',
    name: 'MAE',
    better: 'lower',
    unit: 'target',
    ...number,
    ...listed((c, i) => Math.abs(error(c, i))),
    figure: (s, total) => s[0] / total,
  }),
  r2: row({
    id: 'r2',
    name: 'R²',
    better: 'higher',
    unit: 'ratio',
    ...number,
    ...listed(
      (c, i) => error(c, i) ** 2,
      (c, i) => c.truth[i] - origin(c),
      (c, i) => (c.truth[i] - origin(c)) ** 2,
    ),
    figure: (s, total) => oneMinus(s[0], varianceOf(s[2], s[1], total)),
  }),
  'explained-variance': row({
    id: 'explained-variance',
    name: 'Explained variance',
    better: 'higher',
    unit: 'ratio',
    ...number,
    ...listed(
      error,
      (c, i) => error(c, i) ** 2,
      (c, i) => c.truth[i] - origin(c),
      (c, i) => (c.truth[i] - origin(c)) ** 2,
    ),
    figure: (s, total) => oneMinus(s[1] - s[0] ** 2 / total, varianceOf(s[3], s[2], total)),
  }),
  rrmse: row({ id: 'rrmse', name: 'RRMSE', better: 'lower', unit: 'ratio', ...number, ...relative }),
  arrmse: row({ id: 'arrmse', name: 'aRRMSE', better: 'lower', unit: 'ratio', ...number, ...relative }),
  accuracy: row({
    id: 'accuracy',
    name: 'Accuracy',
    ...share,
    ...listed((c, i) => hit(decide(c, i), c.truth[i])),
    figure: (s, total) => s[0] / total,
  }),
  /** Mean recall over the classes that occur; undefined where only one class does, since nothing was told apart. */
  'balanced-accuracy': row({
    id: 'balanced-accuracy',
    name: 'Balanced accuracy',
    ...share,
    ...confused,
    figure: (s) => meanOverClasses(s, ({ truth, both }) => (truth > 0 ? both / truth : null), 2),
  }),
  'log-loss': row({
    id: 'log-loss',
    name: 'Log loss',
    better: 'lower',
    unit: 'ratio',
    kinds: CLASS,
    smallest: 0.01,
    ...listed((c, i) => -Math.log(Math.min(1 - TINY, Math.max(TINY, probability(c, i, c.truth[i]))))),
    figure: (s, total) => s[0] / total,
  }),
  auc: row({ id: 'auc', name: 'AUC', ...share, size: (c) => 5 * labels(c).length, terms: placements, figure: area }),
  /** Mean F1 over the classes that occur in the truth or in the decisions. */
  'f1-macro': row({
    id: 'f1-macro',
    name: 'F1 (macro)',
    ...share,
    ...confused,
    figure: (s) =>
      meanOverClasses(
        s,
        ({ truth, decided, both }) => (truth + decided > 0 ? (2 * both) / (truth + decided) : null),
        1,
      ),
  }),
  brier: row({
    id: 'brier',
    name: 'Brier score',
    better: 'lower',
    unit: 'ratio',
    kinds: CLASS,
    smallest: 0.01,
    ...listed((c, i) => quadratic(c, i, (k) => probability(c, i, k))),
    figure: (s, total) => s[0] / total,
  }),
  skill: row({
    id: 'skill',
    name: 'Skill',
    better: 'higher',
    unit: 'ratio',
    kinds: [...NUMBER, ...CLASS],
    smallest: 0.02,
    ...listed(
      (c, i) => (c.kind === 'regression' ? error(c, i) ** 2 : quadratic(c, i, (k) => probability(c, i, k))),
      (c, i) => (c.kind === 'regression' ? plainError(c, i) ** 2 : quadratic(c, i, (k) => c.plain[k])),
    ),
    figure: (s) => oneMinus(s[0], s[1]),
  }),
} as const satisfies Record<string, Metric>

export const METRIC_IDS = Object.keys(METRICS)

export function metricOf(id: string): Metric | null {
  return Object.hasOwn(METRICS, id) ? METRICS[id as keyof typeof METRICS] : null
}

/** What a comparison shows first: one number, several numbers in different units, classes, or a mixture. */
export function defaultMetric(kinds: TaskKind[]): string {
  const numbers = kinds.filter((kind) => kind === 'regression').length
  if (numbers === kinds.length) return kinds.length > 1 ? 'arrmse' : 'rmse'
  return numbers ? 'skill' : 'balanced-accuracy'
}

/** The metrics that say something about tasks of these kinds, the default one first. */
export function metricsFor(kinds: TaskKind[]): string[] {
  const first = defaultMetric(kinds)
  const wanted = [
    'arrmse',
    'rmse',
    'mae',
    'r2',
    'balanced-accuracy',
    'accuracy',
    'log-loss',
    'auc',
    'f1-macro',
    'skill',
  ]
  const useful = wanted.filter((id) => kinds.some((kind) => (metricOf(id) as Metric).kinds.includes(kind)))
  return [first, ...useful.filter((id) => id !== first)]
}
