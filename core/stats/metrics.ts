import type { TaskKind } from '../data/taskSet.ts'

/**
 * The one table of metrics. A metric scores the measured cells of ONE task; what a person reads over several tasks is
 * the mean of the tasks' figures (so aRRMSE is simply the mean of RRMSE). Undefined is null, never NaN: no cell, a
 * constant truth where variance is asked for, a class that is absent where it is needed, a prediction that is missing.
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

export type Metric = {
  id: string
  name: string
  better: 'lower' | 'higher'
  kinds: TaskKind[]
  /** 'target': in the unit of the target, so a mean over tasks mixes units. 'share': 0 to 1. 'ratio': no unit. */
  unit: 'target' | 'share' | 'ratio'
  /** The smallest difference that would matter where nobody said otherwise; a share of the baseline for 'target'. */
  smallest: number
  compute(cells: Cells): number | null
}

const NUMBER: TaskKind[] = ['regression']
const CLASS: TaskKind[] = ['binary', 'multiclass']
const row = (m: Metric): Metric => m

export const METRICS = {
  rmse: row({
    id: 'rmse',
    name: 'RMSE',
    better: 'lower',
    kinds: NUMBER,
    unit: 'target',
    smallest: 0.02,
    compute: rmse,
  }),
  mae: row({ id: 'mae', name: 'MAE', better: 'lower', kinds: NUMBER, unit: 'target', smallest: 0.02, compute: mae }),
  r2: row({ id: 'r2', name: 'R²', better: 'higher', kinds: NUMBER, unit: 'ratio', smallest: 0.02, compute: r2 }),
  'explained-variance': row({
    id: 'explained-variance',
    name: 'Explained variance',
    better: 'higher',
    kinds: NUMBER,
    unit: 'ratio',
    smallest: 0.02,
    compute: explainedVariance,
  }),
  rrmse: row({
    id: 'rrmse',
    name: 'RRMSE',
    better: 'lower',
    kinds: NUMBER,
    unit: 'ratio',
    smallest: 0.02,
    compute: rrmse,
  }),
  arrmse: row({
    id: 'arrmse',
    name: 'aRRMSE',
    better: 'lower',
    kinds: NUMBER,
    unit: 'ratio',
    smallest: 0.02,
    compute: rrmse,
  }),
  accuracy: row({
    id: 'accuracy',
    name: 'Accuracy',
    better: 'higher',
    kinds: CLASS,
    unit: 'share',
    smallest: 0.01,
    compute: accuracy,
  }),
  'balanced-accuracy': row({
    id: 'balanced-accuracy',
    name: 'Balanced accuracy',
    better: 'higher',
    kinds: CLASS,
    unit: 'share',
    smallest: 0.01,
    compute: balancedAccuracy,
  }),
  'log-loss': row({
    id: 'log-loss',
    name: 'Log loss',
    better: 'lower',
    kinds: CLASS,
    unit: 'ratio',
    smallest: 0.01,
    compute: logLoss,
  }),
  auc: row({ id: 'auc', name: 'AUC', better: 'higher', kinds: CLASS, unit: 'share', smallest: 0.01, compute: auc }),
  'f1-macro': row({
    id: 'f1-macro',
    name: 'F1 (macro)',
    better: 'higher',
    kinds: CLASS,
    unit: 'share',
    smallest: 0.01,
    compute: f1Macro,
  }),
  brier: row({
    id: 'brier',
    name: 'Brier score',
    better: 'lower',
    kinds: CLASS,
    unit: 'ratio',
    smallest: 0.01,
    compute: brier,
  }),
  skill: row({
    id: 'skill',
    name: 'Skill',
    better: 'higher',
    kinds: [...NUMBER, ...CLASS],
    unit: 'ratio',
    smallest: 0.02,
    compute: skill,
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

const finite = (value: number) => (Number.isFinite(value) ? value : null)
const weightOf = (c: Cells, i: number) => (c.weight ? c.weight[i] : 1)

/** Weighted mean of `value(cell)`, null without weight or where a value is not finite. */
function mean(c: Cells, value: (i: number) => number): number | null {
  let sum = 0
  let total = 0
  for (let i = 0; i < c.truth.length; i++) {
    const w = weightOf(c, i)
    sum += w * value(i)
    total += w
  }
  return total > 0 ? finite(sum / total) : null
}

function mse(c: Cells): number | null {
  return mean(c, (i) => (c.truth[i] - c.prediction[i]) ** 2)
}

function rmse(c: Cells): number | null {
  const value = mse(c)
  return value === null ? null : Math.sqrt(value)
}

function mae(c: Cells): number | null {
  return mean(c, (i) => Math.abs(c.truth[i] - c.prediction[i]))
}

function variance(c: Cells, value: (i: number) => number): number | null {
  const centre = mean(c, value)
  return centre === null ? null : mean(c, (i) => (value(i) - centre) ** 2)
}

/** 1 - a / b, null where it is undefined. */
function oneMinus(a: number | null, b: number | null): number | null {
  return a === null || b === null || b <= 0 ? null : finite(1 - a / b)
}

function r2(c: Cells): number | null {
  return oneMinus(
    mse(c),
    variance(c, (i) => c.truth[i]),
  )
}

function explainedVariance(c: Cells): number | null {
  return oneMinus(
    variance(c, (i) => c.truth[i] - c.prediction[i]),
    variance(c, (i) => c.truth[i]),
  )
}

/** sqrt(SSE) / sqrt(SSE of the training mean), per task (Spyromitros-Xioufis et al. 2016). */
function rrmse(c: Cells): number | null {
  const own = mse(c)
  const plain = mean(c, (i) => (c.truth[i] - c.plain[0]) ** 2)
  return own === null || plain === null || plain <= 0 ? null : finite(Math.sqrt(own / plain))
}

/** Probability of class k for cell i: a binary task holds that of class 1 alone. */
function probability(c: Cells, i: number, k: number): number {
  if (c.width > 1) return c.prediction[i * c.width + k]
  return k === 1 ? c.prediction[i] : 1 - c.prediction[i]
}

const classes = (c: Cells) => (c.width > 1 ? c.width : 2)

/** The likeliest class; the first of equals. -1 where a probability is missing. */
function decide(c: Cells, i: number): number {
  let best = 0
  for (let k = 0; k < classes(c); k++) {
    const p = probability(c, i, k)
    if (Number.isNaN(p)) return -1
    if (p > probability(c, i, best)) best = k
  }
  return best
}

function decisions(c: Cells): Int32Array | null {
  const decided = Int32Array.from(c.truth, (_, i) => decide(c, i))
  return decided.includes(-1) ? null : decided
}

function accuracy(c: Cells): number | null {
  const decided = decisions(c)
  return decided && mean(c, (i) => (decided[i] === c.truth[i] ? 1 : 0))
}

/** [truth, decided] sums of weights. */
function confusion(c: Cells): Float64Array | null {
  const decided = decisions(c)
  if (!decided) return null
  const k = classes(c)
  const table = new Float64Array(k * k)
  for (let i = 0; i < c.truth.length; i++) table[c.truth[i] * k + decided[i]] += weightOf(c, i)
  return table
}

/** Sums of the confusion table: weight of true class k, of decided class k, and of both. */
function classSums(table: Float64Array, n: number, k: number) {
  let truth = 0
  let decided = 0
  for (let j = 0; j < n; j++) {
    truth += table[k * n + j]
    decided += table[j * n + k]
  }
  return { truth, decided, both: table[k * n + k] }
}

/** Mean recall over the classes that occur; null where only one class does, since nothing was told apart. */
function balancedAccuracy(c: Cells): number | null {
  const table = confusion(c)
  if (!table) return null
  const n = classes(c)
  let sum = 0
  let present = 0
  for (let k = 0; k < n; k++) {
    const { truth, both } = classSums(table, n, k)
    if (truth <= 0) continue
    sum += both / truth
    present++
  }
  return present > 1 ? sum / present : null
}

/** Mean F1 over the classes that occur in the truth or the decisions. */
function f1Macro(c: Cells): number | null {
  const table = confusion(c)
  if (!table) return null
  const n = classes(c)
  let sum = 0
  let present = 0
  for (let k = 0; k < n; k++) {
    const { truth, decided, both } = classSums(table, n, k)
    if (truth + decided <= 0) continue
    sum += (2 * both) / (truth + decided)
    present++
  }
  return present ? sum / present : null
}

const TINY = Number.EPSILON

function logLoss(c: Cells): number | null {
  return mean(c, (i) => -Math.log(Math.min(1 - TINY, Math.max(TINY, probability(c, i, c.truth[i])))))
}

/** Squared distance of the probabilities from the truth: (p1 - y)^2 for binary, the sum over classes otherwise. */
function quadratic(c: Cells, i: number, p: (k: number) => number): number {
  if (c.width === 1) return (p(1) - c.truth[i]) ** 2
  let sum = 0
  for (let k = 0; k < c.width; k++) sum += (p(k) - (c.truth[i] === k ? 1 : 0)) ** 2
  return sum
}

function brier(c: Cells): number | null {
  return mean(c, (i) => quadratic(c, i, (k) => probability(c, i, k)))
}

function skill(c: Cells): number | null {
  if (c.kind === 'regression')
    return oneMinus(
      mse(c),
      mean(c, (i) => (c.truth[i] - c.plain[0]) ** 2),
    )
  return oneMinus(
    brier(c),
    mean(c, (i) => quadratic(c, i, (k) => c.plain[k])),
  )
}

/** Area under the ROC curve by ranks, ties shared; several classes: mean of one-against-rest. */
function auc(c: Cells): number | null {
  if (c.width === 1) return areaFor(c, 1)
  let sum = 0
  for (let k = 0; k < c.width; k++) {
    const area = areaFor(c, k)
    if (area === null) return null
    sum += area
  }
  return sum / c.width
}

function areaFor(c: Cells, k: number): number | null {
  const score = Float64Array.from(c.truth, (_, i) => probability(c, i, k))
  if (score.some(Number.isNaN)) return null
  const order = Array.from(score, (_, i) => i).sort((a, b) => score[a] - score[b])
  let below = 0
  let area = 0
  let positives = 0
  for (let from = 0; from < order.length;) {
    let to = from
    let up = 0
    let down = 0
    while (to < order.length && score[order[to]] === score[order[from]]) {
      if (c.truth[order[to]] === k) up += weightOf(c, order[to])
      else down += weightOf(c, order[to])
      to++
    }
    area += up * (below + down / 2)
    below += down
    positives += up
    from = to
  }
  return below > 0 && positives > 0 ? area / (below * positives) : null
}
